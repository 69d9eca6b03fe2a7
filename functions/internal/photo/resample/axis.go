package resample

import "math"

// weightBits is the precision of the weights: 1<<weightBits is a weight of one.
const weightBits = 7

// axis is one dimension of a reduction: the source samples that make each sample of
// the result, and their weights.
type axis struct {
	// taps is how many source samples make one of the result.
	taps int
	// first has for each sample of the result its first source sample.
	first []int
	// weights has taps weights for each sample of the result. A negative weight is in
	// two's complement, which multiplies right in words of 64 bits.
	weights []uint64
}

// of returns the weights of sample i of the result.
func (a axis) of(i int) []uint64 {
	return a.weights[i*a.taps : (i+1)*a.taps]
}

// span says which part of a line of source samples a line of the result shows.
//
// Start and length are in pixels of the source, of which each source sample is for
// sourceStep. Each sample of the result is for resultStep of the result's pixels, of
// which there are as many as result says. For the chroma of 4:2:0 the steps are two.
type span struct {
	start, length, sourceStep int
	result, resultStep        int
}

// newAxis returns the reduction of a span.
func newAxis(s span) axis {
	low := s.start / s.sourceStep
	high := (s.start + s.length + s.sourceStep - 1) / s.sourceStep
	count := (s.result + s.resultStep - 1) / s.resultStep
	// Centres are whole numbers of units, and a source sample is two units long: a weight
	// to the left of a centre and the same to its right are exactly equal.
	unit := s.result * s.sourceStep
	// The filter is never narrower than one source sample.
	width := max(float64(s.length*s.resultStep)/float64(unit), 1)

	taps := min(int(math.Ceil(4*width)), high-low)
	a := axis{taps: taps, first: make([]int, count), weights: make([]uint64, count*taps)}
	weights := make([]float64, taps)
	for i := range count {
		centre := 2*s.result*s.start + (2*i+1)*s.resultStep*s.length
		reach := float64(centre)/float64(2*unit) - 2*width
		first := max(min(int(math.Ceil(reach-0.5)), high-taps), low)
		for tap := range weights {
			distance := unit*(2*(first+tap)+1) - centre
			weights[tap] = catmullRom(float64(distance) / (2 * float64(unit) * width))
		}
		a.first[i] = first
		quantize(a.of(i), weights)
	}
	return a
}

// catmullRom is the cubic with B=0 and C=1/2 of Mitchell and Netravali, Reconstruction
// Filters in Computer Graphics, 1988, https://doi.org/10.1145/54852.378514.
func catmullRom(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}

// quantize makes integers of weights that add up to exactly one. It rounds their running
// sum, not each by itself, so that an error has the opposite error next to it and has no
// effect where neighbours are alike.
func quantize(result []uint64, weights []float64) {
	total := 0.0
	for _, weight := range weights {
		total += weight
	}
	sum, before := 0.0, 0
	for i, weight := range weights {
		sum += weight
		// Without the last bits, the running sum of the mirrored weights is one less this
		// one, and half to even rounds both to the same weights.
		const precise = 1 << 20
		through := int(math.RoundToEven(math.Round(sum/total*precise) / precise * (1 << weightBits)))
		result[i] = uint64(through - before)
		before = through
	}
}
