package photo

import (
	"encoding/binary"
	"strings"
	"testing"
)

// tiff returns EXIF data with one entry in its directory, behind another one.
func tiff(order binary.AppendByteOrder, tag, kind uint16, count uint32, value uint16) []byte {
	data := []byte("II*\x00")
	if order.String() == "BigEndian" {
		data = []byte("MM\x00*")
	}
	data = order.AppendUint32(data, 8)
	data = order.AppendUint16(data, 2)
	data = append(data, make([]byte, 12)...)
	data = order.AppendUint16(data, tag)
	data = order.AppendUint16(data, kind)
	data = order.AppendUint32(data, count)
	data = order.AppendUint16(data, value)
	return append(data, make([]byte, 6)...)
}

func TestOrientationTag(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	right := tiff(little, 0x0112, 3, 1, 6)
	far := []byte(strings.Clone(string(right)))
	little.PutUint32(far[4:], 0xfffffff0)
	many := []byte(strings.Clone(string(tiff(little, 0x0113, 3, 1, 6))))
	little.PutUint16(many[8:], 65535)
	tests := []struct {
		name string
		data []byte
		want int
	}{
		{"little endian", right, 6},
		{"big endian", tiff(big, 0x0112, 3, 1, 8), 8},
		{"with the header of a JPEG", append([]byte(exifHeader), right...), 6},
		{"nothing", nil, 0},
		{"a header alone", []byte(exifHeader), 0},
		{"another tag", tiff(little, 0x0110, 3, 1, 6), 0},
		{"a long", tiff(little, 0x0112, 4, 1, 6), 0},
		{"two values", tiff(little, 0x0112, 3, 2, 6), 0},
		{"neither byte order", append([]byte("XX*\x00"), right[4:]...), 0},
		{"a directory behind the end", far, 0},
		{"more entries than bytes", many, 0},
		{"cut in the entry", right[:30], 0},
		{"cut in the count", right[:9], 0},
		{"the first byte of the directory", right[:8], 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := orientationTag(test.data); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
	for _, value := range []uint16{0, 9, 0x600, 65535} {
		if got := orientationOf(tiff(little, 0x0112, 3, 1, value)); got != (orientation{}) {
			t.Errorf("orientation %d is %+v, want upright", value, got)
		}
	}
}
