package scaledpng

import (
	"encoding/binary"
	"fmt"
)

// The filter types of section 9.2.
const (
	filterNone    = 0
	filterSub     = 1
	filterUp      = 2
	filterAverage = 3
	filterPaeth   = 4
)

// unfilter restores a row from the one above it, of the same length. A pixel has as many
// bytes as pixel says.
func unfilter(filter byte, row, above []byte, pixel int) error {
	switch filter {
	case filterNone:
	case filterSub:
		unfilterSub(row, pixel)
	case filterUp:
		unfilterUp(row, above)
	case filterAverage:
		unfilterAverage(row, above, pixel)
	case filterPaeth:
		switch pixel {
		case 3:
			unfilterPaeth3(row, above)
		case 4:
			unfilterPaeth4(row, above)
		default:
			unfilterPaeth(row, above, pixel)
		}
	default:
		return fmt.Errorf("png: filter type %d of a row: there are 0 to 4", filter)
	}
	return nil
}

func unfilterSub(row []byte, pixel int) {
	switch pixel {
	case 3:
		var a, b, c byte
		for ; len(row) >= 3; row = row[3:] {
			a, b, c = a+row[0], b+row[1], c+row[2]
			row[0], row[1], row[2] = a, b, c
		}
	case 4:
		var left uint32
		for ; len(row) >= 4; row = row[4:] {
			left = addBytes32(left, binary.LittleEndian.Uint32(row))
			binary.LittleEndian.PutUint32(row, left)
		}
	default:
		for i := pixel; i < len(row); i++ {
			row[i] += row[i-pixel]
		}
	}
}

// addBytes32 adds four bytes to four others, each without carry to the next.
func addBytes32(a, b uint32) uint32 {
	const high = 0x80808080
	return (a&^high + b&^high) ^ (a^b)&high
}

func unfilterUp(row, above []byte) {
	const high = 0x8080808080808080
	for len(row) >= 8 && len(above) >= 8 {
		a, b := binary.LittleEndian.Uint64(row), binary.LittleEndian.Uint64(above)
		binary.LittleEndian.PutUint64(row, (a&^high+b&^high)^(a^b)&high)
		row, above = row[8:], above[8:]
	}
	for i, b := range above[:len(row)] {
		row[i] += b
	}
}

func unfilterAverage(row, above []byte, pixel int) {
	switch pixel {
	case 3:
		var a, b, c byte
		for len(row) >= 3 && len(above) >= 3 {
			a = row[0] + byte((uint(a)+uint(above[0]))/2)
			b = row[1] + byte((uint(b)+uint(above[1]))/2)
			c = row[2] + byte((uint(c)+uint(above[2]))/2)
			row[0], row[1], row[2] = a, b, c
			row, above = row[3:], above[3:]
		}
	case 4:
		var left uint32
		for len(row) >= 4 && len(above) >= 4 {
			up := binary.LittleEndian.Uint32(above)
			// Half of the sum is what both have, and half of what only one has.
			average := left&up + (left^up)>>1&0x7f7f7f7f
			left = addBytes32(average, binary.LittleEndian.Uint32(row))
			binary.LittleEndian.PutUint32(row, left)
			row, above = row[4:], above[4:]
		}
	default:
		for i := range min(pixel, len(row)) {
			row[i] += above[i] / 2
		}
		for i := pixel; i < len(row); i++ {
			row[i] += byte((uint(row[i-pixel]) + uint(above[i])) / 2)
		}
	}
}

// paeth returns which of the left, upper and upper left samples is nearest to
// left+up-corner, in this order where they are equally near.
//
// With 3*corner-left-up as threshold, the corner is nearest where the threshold lies between
// the two others. Beyond the higher one the lower is nearest, and the other way round. This
// takes two comparisons without a branch, instead of three distances.
func paeth(left, up, corner int) int {
	low, high := min(left, up), max(left, up)
	threshold := 3*corner - left - up
	nearest := corner
	if threshold >= high {
		nearest = low
	}
	if threshold <= low {
		nearest = high
	}
	return nearest
}

func unfilterPaeth(row, above []byte, pixel int) {
	for i := range min(pixel, len(row)) {
		row[i] += above[i]
	}
	for i := pixel; i < len(row); i++ {
		row[i] += byte(paeth(int(row[i-pixel]), int(above[i]), int(above[i-pixel])))
	}
}

func unfilterPaeth3(row, above []byte) {
	var a, b, c, cornerA, cornerB, cornerC int
	for len(row) >= 3 && len(above) >= 3 {
		upA, upB, upC := int(above[0]), int(above[1]), int(above[2])
		a = (int(row[0]) + paeth(a, upA, cornerA)) & 0xff
		b = (int(row[1]) + paeth(b, upB, cornerB)) & 0xff
		c = (int(row[2]) + paeth(c, upC, cornerC)) & 0xff
		row[0], row[1], row[2] = byte(a), byte(b), byte(c)
		cornerA, cornerB, cornerC = upA, upB, upC
		row, above = row[3:], above[3:]
	}
}

func unfilterPaeth4(row, above []byte) {
	var a, b, c, d, cornerA, cornerB, cornerC, cornerD int
	for len(row) >= 4 && len(above) >= 4 {
		upA, upB, upC, upD := int(above[0]), int(above[1]), int(above[2]), int(above[3])
		a = (int(row[0]) + paeth(a, upA, cornerA)) & 0xff
		b = (int(row[1]) + paeth(b, upB, cornerB)) & 0xff
		c = (int(row[2]) + paeth(c, upC, cornerC)) & 0xff
		d = (int(row[3]) + paeth(d, upD, cornerD)) & 0xff
		row[0], row[1], row[2], row[3] = byte(a), byte(b), byte(c), byte(d)
		cornerA, cornerB, cornerC, cornerD = upA, upB, upC, upD
		row, above = row[4:], above[4:]
	}
}
