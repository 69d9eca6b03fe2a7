package scaledjpeg

import (
	"encoding/binary"
	"math"
)

// The inverse transforms here take a block of n x n coefficients, dequantized and multiplied by
// the factors of scaleFactors, and give n x n samples.
//
// A sample of a scaled picture is the mean of the 8/n x 8/n samples that it stands for. The mean of
// a cosine over neighbours is a cosine again, only weaker, so the transform of n points
// with weaker coefficients is all that it takes. Higher frequencies are left out.

const (
	fraction = 16 // the binary places of a multiplied coefficient
	bias     = 128<<fraction + 1<<(fraction-1)
)

// scaleFactors returns the factors of the n frequencies in one direction for the scale n/8.
func scaleFactors(n int) []float64 {
	factors := []float64{math.Sqrt(1. / 8)}
	for u := 1; u < n; u++ {
		f := 0.5
		for m := 8; m > n; m /= 2 {
			f *= math.Cos(float64(8/m*u) * math.Pi / 16)
		}
		factors = append(factors, f*stageFactor(n, u))
	}
	return factors
}

// stageFactor is the factor of a frequency that the transform of n points leaves out.
func stageFactor(n, u int) float64 {
	switch {
	case n == 8:
		return math.Cos(float64(u) * math.Pi / 16)
	case n == 4 && u != 2:
		return math.Cos(math.Pi / 8)
	}
	return math.Cos(math.Pi / 4)
}

// slots returns for each coefficient in zig-zag order its place in a block of n x n.
// Those that are left out share the last place of a larger block.
func slots(n int) *[64]uint8 {
	s := new([64]uint8)
	for k, natural := range naturalOrder {
		x, y := int(natural)%8, int(natural)/8
		s[k] = 63
		if x < n && y < n {
			s[k] = uint8(y*n + x)
		}
	}
	return s
}

// A block is the input of an inverse transform. All of it is 0 between two blocks.
type block [64]int32

func clamp(v int) byte {
	v >>= fraction
	if uint(v) > 255 {
		v = ^(v >> 63)
	}
	return byte(v)
}

// flat fills a block of n x n samples that has no frequencies.
func flat(dc int32, n int, dst []byte, stride int) {
	v := uint64(clamp(int(dc)+bias)) * 0x0101010101010101
	switch n {
	case 1:
		dst[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(dst, uint16(v))
		binary.LittleEndian.PutUint16(dst[stride:], uint16(v))
	case 4:
		for y := range 4 {
			binary.LittleEndian.PutUint32(dst[y*stride:], uint32(v))
		}
	case 8:
		for y := range 8 {
			binary.LittleEndian.PutUint64(dst[y*stride:], v)
		}
	}
}

// The factors inside the transforms.
const (
	tangent    = 27146  // tan(pi/8)
	root       = 92682  // 2 cos(pi/4)
	difference = 70936  // 2 cos(pi/8) - 2 cos(3 pi/8)
	double     = 121095 // 2 cos(pi/8)
	sum        = 171254 // 2 cos(pi/8) + 2 cos(3 pi/8)
)

func multiply(v, factor int) int { return v * factor >> 16 }

// transform2 gives 2x2 samples.
func transform2(b *block, dst []byte, stride int) {
	sum0, difference0 := int(b[0])+int(b[1])+bias, int(b[0])-int(b[1])+bias
	sum1, difference1 := int(b[2])+int(b[3]), int(b[2])-int(b[3])
	top, bottom := dst[:2], dst[stride:stride+2]
	top[0], top[1] = clamp(sum0+sum1), clamp(difference0+difference1)
	bottom[0], bottom[1] = clamp(sum0-sum1), clamp(difference0-difference1)
}

// transform4 gives 4x4 samples.
func transform4(b *block, dst []byte, stride int) {
	var columns [16]int
	for x := range 4 {
		columns[x], columns[4+x], columns[8+x], columns[12+x] =
			points4(int(b[x]), int(b[4+x]), int(b[8+x]), int(b[12+x]))
	}
	for y := range 4 {
		row := columns[4*y : 4*y+4]
		p0, p1, p2, p3 := points4(row[0]+bias, row[1], row[2], row[3])
		binary.LittleEndian.PutUint32(dst[y*stride:],
			uint32(clamp(p0))|uint32(clamp(p1))<<8|uint32(clamp(p2))<<16|uint32(clamp(p3))<<24)
	}
}

// points4 transforms four coefficients in one direction.
func points4(c0, c1, c2, c3 int) (p0, p1, p2, p3 int) {
	even0, even1 := c0+c2, c0-c2
	odd0, odd1 := c1+multiply(c3, tangent), multiply(c1, tangent)-c3
	return even0 + odd0, even1 + odd1, even1 - odd1, even0 - odd0
}

// transform8 gives 8x8 samples. The block has no coefficients in the columns from width on.
func transform8(b *block, width int, dst []byte, stride int) {
	var columns [64]int
	for x := range width & 15 {
		c := (*[57]int32)(b[x:])
		to := (*[57]int)(columns[x:])
		if c[8]|c[16]|c[24]|c[32]|c[40]|c[48]|c[56] == 0 {
			dc := int(c[0])
			to[0], to[8], to[16], to[24], to[32], to[40], to[48], to[56] = dc, dc, dc, dc, dc, dc, dc, dc
			continue
		}
		to[0], to[8], to[16], to[24], to[32], to[40], to[48], to[56] =
			points8(int(c[0]), int(c[8]), int(c[16]), int(c[24]), int(c[32]), int(c[40]), int(c[48]), int(c[56]))
	}
	for y := range 8 {
		c := (*[8]int)(columns[8*y:])
		p0, p1, p2, p3, p4, p5, p6, p7 := points8(c[0]+bias, c[1], c[2], c[3], c[4], c[5], c[6], c[7])
		to := (*[8]byte)(dst[y*stride:])
		to[0], to[1], to[2], to[3] = clamp(p0), clamp(p1), clamp(p2), clamp(p3)
		to[4], to[5], to[6], to[7] = clamp(p4), clamp(p5), clamp(p6), clamp(p7)
	}
}

// points8 transforms eight coefficients in one direction with five multiplications, after Arai, Agui
// and Nakajima, "A fast DCT-SQ scheme for images" (1988).
func points8(c0, c1, c2, c3, c4, c5, c6, c7 int) (p0, p1, p2, p3, p4, p5, p6, p7 int) {
	a0, a1, a3 := c0+c4, c0-c4, c2+c6
	a2 := multiply(c2-c6, root) - a3
	e0, e1, e2, e3 := a0+a3, a1+a2, a1-a2, a0-a3

	b0, b1, b2, b3 := c1+c7, c1-c7, c5+c3, c5-c3
	z := multiply(b1+b3, double)
	o0 := b0 + b2
	o1 := z - multiply(b3, sum) - o0
	o2 := multiply(b0-b2, root) - o1
	o3 := z - multiply(b1, difference) - o2
	return e0 + o0, e1 + o1, e2 + o2, e3 + o3, e3 - o3, e2 - o2, e1 - o1, e0 - o0
}
