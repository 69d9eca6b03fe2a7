package photo

import (
	"encoding/binary"
	"math"
	"sync"
)

// An ICC profile of a matrix and tone curves, ICC.1:2022 section 8.3,
// https://www.color.org/specification/ICC.1-2022-05.pdf: a curve makes each of red, green and
// blue linear, and the matrix makes CIE XYZ of them, seen under D50. A profile of gray has
// one curve.

const (
	profileHeader = 128
	// profileTags is the most tags looked at: real profiles have fewer than 30.
	profileTags = 100
)

// fromXYZ makes linear sRGB of CIE XYZ under D50: the inverse of the matrix in the sRGB profile
// of https://www.color.org/srgbprofiles.xalter
var fromXYZ = [3][3]float64{
	{3.1341359, -1.6173863, -0.4906619},
	{-0.9787955, 1.9162544, 0.0334428},
	{0.0719554, -0.2289769, 1.4053860},
}

// conversion makes colours of sRGB from those of a profile.
type conversion struct {
	// gray has the sRGB value of each gray; it is nil for a profile of colours.
	gray *[256]uint8
	// linear has the linear values of the three channels, 0 to linearOne.
	linear [3][256]int
	// matrix makes linear sRGB, in parts of matrixOne.
	matrix [3][3]int
}

const (
	linearOne = 1<<13 - 1
	matrixOne = 1 << 16
)

// newConversion returns the conversion for a profile, or nil if there is none to do: the
// colours are as good as those of sRGB, or the profile is of another kind.
func newConversion(icc []byte) *conversion {
	if len(icc) < profileHeader+4 || string(icc[36:40]) != "acsp" || string(icc[20:24]) != "XYZ " {
		return nil
	}
	var c *conversion
	switch string(icc[16:20]) {
	case "RGB ":
		c = colourConversion(icc)
	case "GRAY":
		c = grayConversion(icc)
	}
	if c == nil || c.changesNothing() {
		return nil
	}
	return c
}

func grayConversion(icc []byte) *conversion {
	curve, ok := curveOf(icc, "kTRC")
	if !ok {
		return nil
	}
	c := &conversion{gray: new([256]uint8)}
	for i, linear := range curve {
		c.gray[i] = toSRGB()[linear]
	}
	return c
}

func colourConversion(icc []byte) *conversion {
	c := new(conversion)
	for channel, name := range []string{"r", "g", "b"} {
		curve, ok := curveOf(icc, name+"TRC")
		column := profileTag(icc, name+"XYZ")
		if !ok || len(column) < 20 || string(column[:4]) != "XYZ " {
			return nil
		}
		c.linear[channel] = curve
		for i := range 3 {
			sum := 0.0
			for j := range 3 {
				sum += fromXYZ[i][j] * fixed(column[8+4*j:])
			}
			c.matrix[i][channel] = int(math.Round(sum * matrixOne))
		}
	}
	return c
}

// curveOf returns the linear values, 0 to linearOne, of the tone curve in a tag.
func curveOf(icc []byte, name string) (values [256]int, ok bool) {
	curve := parseCurve(profileTag(icc, name))
	if curve == nil {
		return values, false
	}
	for i := range values {
		linear := curve(float64(i) / 255)
		if !(linear > 0) { // also if it is not a number
			linear = 0
		}
		values[i] = int(math.Round(min(linear, 1) * linearOne))
	}
	return values, true
}

// profileTag returns the data of a tag, or nil.
func profileTag(icc []byte, name string) []byte {
	count := min(binary.BigEndian.Uint32(icc[profileHeader:]), profileTags)
	table := icc[profileHeader+4:]
	for ; count > 0 && len(table) >= 12; count, table = count-1, table[12:] {
		if string(table[:4]) != name {
			continue
		}
		start := uint64(binary.BigEndian.Uint32(table[4:]))
		end := start + uint64(binary.BigEndian.Uint32(table[8:]))
		if end > uint64(len(icc)) {
			return nil
		}
		return icc[start:end]
	}
	return nil
}

// fixed reads an s15Fixed16Number.
func fixed(data []byte) float64 {
	return float64(int32(binary.BigEndian.Uint32(data))) / 65536
}

// parseCurve returns the function in a tag of curveType or parametricCurveType, ICC.1:2022
// sections 10.6 and 10.18, or nil.
func parseCurve(tag []byte) func(float64) float64 {
	if len(tag) < 12 {
		return nil
	}
	switch string(tag[:4]) {
	case "curv":
		return sampledCurve(uint64(binary.BigEndian.Uint32(tag[8:])), tag[12:])
	case "para":
		return parametricCurve(int(binary.BigEndian.Uint16(tag[8:])), tag[12:])
	}
	return nil
}

func sampledCurve(count uint64, table []byte) func(float64) float64 {
	if count > uint64(len(table)/2) {
		return nil
	}
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(table[2*i:])) }
	switch count {
	case 0:
		return func(x float64) float64 { return x }
	case 1:
		return func(x float64) float64 { return math.Pow(x, at(0)/256) }
	}
	return func(x float64) float64 {
		position := x * float64(count-1)
		i := min(int(position), int(count)-2)
		part := position - float64(i)
		return (at(i)*(1-part) + at(i+1)*part) / 65535
	}
}

func parametricCurve(kind int, parameters []byte) func(float64) float64 {
	counts := []int{1, 3, 4, 5, 7}
	if kind >= len(counts) || len(parameters) < 4*counts[kind] {
		return nil
	}
	var p [7]float64
	for i := range counts[kind] {
		p[i] = fixed(parameters[4*i:])
	}
	g, a, b, c, d, e, f := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	switch kind {
	case 0:
		a, d = 1, -1
	case 1:
		c, d = 0, -b/a
	case 2:
		c, d, e, f = 0, -b/a, c, c
	}
	return func(x float64) float64 {
		if x < d {
			return c*x + f
		}
		return math.Pow(a*x+b, g) + e
	}
}

// toSRGB has the sRGB value of each linear one, IEC 61966-2-1:
// https://www.w3.org/Graphics/Color/sRGB.html
var toSRGB = sync.OnceValue(func() *[linearOne + 1]uint8 {
	table := new([linearOne + 1]uint8)
	for i := range table {
		linear := float64(i) / linearOne
		value := 12.92 * linear
		if linear > 0.0031308 {
			value = 1.055*math.Pow(linear, 1/2.4) - 0.055
		}
		table[i] = uint8(math.Round(255 * value))
	}
	return table
})

// changesNothing reports whether no colour changes so that it could be seen.
func (c *conversion) changesNothing() bool {
	const invisible = 3
	differs := func(a, b uint8) bool { return max(a, b)-min(a, b) > invisible }
	if c.gray != nil {
		for i, value := range c.gray {
			if differs(uint8(i), value) {
				return false
			}
		}
		return true
	}
	for i := range 256 {
		gray := uint8(i)
		// A third of the sRGB cube's edges and diagonals, and its grays.
		for _, colour := range [][3]uint8{{gray, gray, gray}, {gray, 0, 0}, {0, gray, 0}, {0, 0, gray}, {255, gray, 0}, {0, 255, gray}, {gray, 0, 255}, {gray, 255 - gray, 128}} {
			r, g, b := c.convert(colour[0], colour[1], colour[2])
			if differs(r, colour[0]) || differs(g, colour[1]) || differs(b, colour[2]) {
				return false
			}
		}
	}
	return true
}

// convert returns the sRGB value of a colour.
func (c *conversion) convert(r, g, b uint8) (uint8, uint8, uint8) {
	table := toSRGB()
	red, green, blue := c.linear[0][r], c.linear[1][g], c.linear[2][b]
	var result [3]uint8
	for i, row := range c.matrix {
		linear := (row[0]*red + row[1]*green + row[2]*blue + matrixOne/2) / matrixOne
		result[i] = table[min(max(linear, 0), linearOne)]
	}
	return result[0], result[1], result[2]
}
