package photo

import "encoding/binary"

// orientation says how a stored picture becomes upright: it is mirrored along its two axes,
// then rows become columns.
type orientation struct {
	mirrorX, mirrorY bool // left to right, top to bottom, of the picture as stored
	swap             bool
}

// orientations has those of the values 1 to 8 of the tag Orientation, EXIF 2.32 section
// 4.6.4 A, https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf
var orientations = [...]orientation{
	1: {},
	2: {mirrorX: true},
	3: {mirrorX: true, mirrorY: true},
	4: {mirrorY: true},
	5: {swap: true},
	6: {swap: true, mirrorY: true},
	7: {swap: true, mirrorX: true, mirrorY: true},
	8: {swap: true, mirrorX: true},
}

// swapped returns a width and a height as they are after the orientation, or before it.
func (o orientation) swapped(width, height int) (int, int) {
	if o.swap {
		return height, width
	}
	return width, height
}

// orientationOf returns the orientation in EXIF data, a TIFF file with or without the
// header that it has in a JPEG. What cannot be read is upright.
func orientationOf(exif []byte) orientation {
	if value := orientationTag(exif); value >= 1 && value < len(orientations) {
		return orientations[value]
	}
	return orientation{}
}

const exifHeader = "Exif\x00\x00"

// orientationTag returns the value of the tag in the first directory, or zero.
func orientationTag(exif []byte) int {
	if starts(exif, exifHeader) {
		exif = exif[len(exifHeader):]
	}
	var order binary.ByteOrder
	switch {
	case len(exif) < 8:
		return 0
	case starts(exif, "II*\x00"):
		order = binary.LittleEndian
	case starts(exif, "MM\x00*"):
		order = binary.BigEndian
	default:
		return 0
	}
	offset := int64(order.Uint32(exif[4:]))
	if offset+2 > int64(len(exif)) {
		return 0
	}
	entries := exif[offset+2:]
	for range order.Uint16(exif[offset:]) {
		const entrySize = 12
		if len(entries) < entrySize {
			return 0
		}
		const tag, short = 0x0112, 3
		if order.Uint16(entries) == tag {
			if order.Uint16(entries[2:]) != short || order.Uint32(entries[4:]) != 1 {
				return 0
			}
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[entrySize:]
	}
	return 0
}
