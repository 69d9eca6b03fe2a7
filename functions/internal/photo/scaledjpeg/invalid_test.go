package scaledjpeg

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestDecodeTruncated cuts small files after each byte, others after some. Only the end-of-image
// marker may be missing.
func TestDecodeTruncated(t *testing.T) {
	tests := []struct {
		name string
		step int
	}{
		{"fine.jpg", 1}, {"progressive-small.jpg", 1},
		{"restart.jpg", 7}, {"scans.jpg", 7}, {"restart-progressive.jpg", 7}, {"progressive-bands.jpg", 7}, {"cmyk.jpg", 13},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := read(t, test.name)
			for length := 2; length < len(data)-2; length += test.step {
				for _, size := range []int{1, 1000} {
					if _, err := Decode(data[:length], size, size); !errors.Is(err, ErrTruncated) {
						t.Errorf("%d of %d bytes: %v, want %v", length, len(data), err, ErrTruncated)
					}
				}
			}
		})
	}
}

// TestDecodeFilledUp cuts files after each byte and fills them up with zeros, as an interrupted
// copy may be.
func TestDecodeFilledUp(t *testing.T) {
	for _, name := range []string{"fine.jpg", "progressive-small.jpg"} {
		t.Run(name, func(t *testing.T) {
			data := read(t, name)
			for length := range len(data) - 3 {
				cut := make([]byte, len(data)+2000)
				copy(cut, data[:length])
				if _, err := Decode(cut, 1, 1); err == nil {
					t.Errorf("%d of %d bytes: no error", length, len(data))
				}
			}
		})
	}
}

func TestDecodeInvalid(t *testing.T) {
	baseline, progressive, restart := read(t, "baseline-420.jpg"), read(t, "progressive-420.jpg"), read(t, "restart.jpg")
	header := func(data []byte) []byte { return data[:bytes.Index(data, []byte{0xff, sos})] }
	end := []byte{0xff, eoi}
	spectral := func(values ...byte) []byte {
		return patch(progressive, sos, 5+2*3, values...)
	}
	scans := func(n int) []byte {
		scan := bytes.Join([][]byte{segment(sos, "\x01\x01\x00\x01\x3f\x00"), {0}}, nil)
		return insert(progressive, eoi, bytes.Repeat(scan, n))
	}
	alone := bytes.Index(read(t, "scans.jpg"), segment(sos, "\x01\x01\x00\x00\x3f\x00"))
	tests := []struct {
		name string
		data []byte
		kind error
		text string
	}{
		{"nothing", nil, ErrCorrupt, "does not begin with FF D8"},
		{"another format", []byte("\x89PNG\r\n\x1a\n"), ErrCorrupt, "does not begin with FF D8"},
		{"only a start", baseline[:2], ErrTruncated, "the file ends after 2 bytes, before its first scan"},
		{"no scan", append(bytes.Clone(header(baseline)), end...), ErrCorrupt, "the file has no scan"},
		{"no frame", append([]byte{0xff, soi}, segment(sos, "\x01\x01\x00\x00\x3f\x00")...), ErrCorrupt, "a scan before the frame header"},
		{"a second start", insert(baseline, dqt, []byte{0xff, soi}), ErrCorrupt, "marker FF D8 at byte 20"},
		{"a reserved marker", insert(baseline, dqt, []byte{0xff, 0x02}), ErrCorrupt, "marker FF 02 at byte 20"},
		{"a second frame", insert(baseline, sos, segment(sof0, "\x08\x00\x01\x00\x01\x01\x01\x11\x00")), ErrCorrupt, "a second frame header"},
		{"a short segment", insert(baseline, dqt, []byte{0xff, app1, 0, 1}), ErrCorrupt, "segment FF E1 has a length of 1"},
		{"a long segment", append(bytes.Clone(header(baseline)), 0xff, app1, 0xff, 0xff), ErrTruncated, "segment FF E1 needs 65535 bytes, the file has 2 left"},
		{"half a length", append(bytes.Clone(header(baseline)), 0xff, app1, 0), ErrTruncated, "in segment FF E1"},

		{"width 0", patch(baseline, sof0, 7, 0, 0), ErrCorrupt, "the width is 0"},
		{"height 0", patch(baseline, sof0, 5, 0, 0), ErrCorrupt, "the height is 0"},
		{"12 bits", patch(baseline, sof0, 4, 12), ErrUnsupported, "12-bit samples"},
		{"two components", insert(gray(t), sos, segment(sof0, "\x08\x00\x01\x00\x01\x02\x01\x11\x00\x02\x11\x00")), ErrUnsupported, "2 components"},
		{"a short frame header", patch(baseline, sof0, 9, 4), ErrCorrupt, "the frame header has 15 bytes"},
		{"sampling factor 0", patch(baseline, sof0, 11, 0x02), ErrCorrupt, "sampling factors 0x2"},
		{"sampling factor 5", patch(baseline, sof0, 11, 0x25), ErrCorrupt, "sampling factors 2x5"},
		{"quantization table 4", patch(baseline, sof0, 12, 4), ErrCorrupt, "quantization table 4"},
		{"the same component twice", patch(baseline, sof0, 13, 1), ErrCorrupt, "two components have the identifier 1"},
		{"arithmetic coding", read(t, "arithmetic.jpg"), ErrUnsupported, "arithmetic coding (SOF9)"},
		{"lossless", patch(baseline, sof0, 1, 0xc3), ErrUnsupported, "lossless coding (SOF3)"},
		{"hierarchical", insert(baseline, sof0, segment(dhp, "")), ErrUnsupported, "hierarchical coding (DHP)"},
		{"too large for its bytes", patch(baseline, sof0, 5, 0xff, 0xff, 0xff, 0xff), ErrTruncated, "a scan of 100663296 blocks has"},

		{"quantization table 5", patch(baseline, dqt, 4, 5), ErrCorrupt, "quantization table of precision 0, destination 5"},
		{"quantization precision 2", patch(baseline, dqt, 4, 0x20), ErrCorrupt, "quantization table of precision 2, destination 0"},
		{"a short quantization table", patch(baseline, dqt, 4, 0x10), ErrCorrupt, "in 65 bytes"},
		{"no quantization table", patch(baseline, sof0, 12, 3), ErrCorrupt, "quantization table 3 is not defined"},
		{"Huffman class 2", patch(baseline, dht, 4, 0x20), ErrCorrupt, "Huffman table of class 2, destination 0"},
		{"too many codes", patch(baseline, dht, 5, 200), ErrCorrupt, "a Huffman table has 212 codes"},
		{"a code space too full", patch(baseline, dht, 5, 3, 1, 2), ErrCorrupt, "a Huffman table has too many codes of 1 bits"},
		{"a short Huffman table", insert(baseline, sos, segment(dht, "\x00\x01")), ErrCorrupt, "a Huffman table is cut off"},
		{"no Huffman table", patch(baseline, sos, 6, 0x30), ErrCorrupt, "Huffman table 3 of class 0 is not defined"},
		{"no AC table", patch(baseline, sos, 6, 0x03), ErrCorrupt, "Huffman table 3 of class 1 is not defined"},
		{"an empty Huffman table", insert(baseline, sos, segment(dht, "\x00"+strings.Repeat("\x00", 16))), ErrCorrupt, "invalid Huffman code"},
		{"a restart interval of 3 bytes", insert(baseline, sos, segment(dri, "abc")), ErrCorrupt, "the restart interval has 3 bytes"},
		{"a number of lines of 3 bytes", insert(baseline, eoi, segment(dnl, "abc")), ErrCorrupt, "the number of lines has 3 bytes"},

		{"an unknown component", patch(baseline, sos, 5, 9), ErrCorrupt, "a scan has component 9"},
		{"a component twice in a scan", patch(baseline, sos, 7, 1), ErrCorrupt, "a scan has component 1"},
		{"a short scan header", patch(baseline, sos, 4, 2), ErrCorrupt, "a scan header has 10 bytes"},
		{"a sequential component in two scans", insert(read(t, "scans.jpg"), eoi, read(t, "scans.jpg")[alone:][:200]), ErrCorrupt, "component 0 has two scans"},
		{"a component without a scan", append(bytes.Clone(read(t, "scans.jpg")[:alone+200]), end...), ErrTruncated, "component 1 has no scan"},
		{"a band with DC and AC", spectral(0, 5), ErrCorrupt, "a scan has the coefficients 0 to 5"},
		{"a band that ends before it begins", spectral(5, 0), ErrCorrupt, "a scan has the coefficients 5 to 0"},
		{"AC of three components", spectral(1, 5), ErrCorrupt, "a scan has the coefficients 1 to 5"},
		{"a jump in the bits", spectral(0, 0, 0x31), ErrCorrupt, "the bits 3 to 1"},
		{"too low a bit", spectral(0, 0, 0x0e), ErrCorrupt, "the bits 0 to 14"},
		{"too many scans", scans(91), ErrUnsupported, "101 scans, more than 100"},

		{"a restart marker without an interval", insertInto(baseline, 20, 0xff, rst0), ErrTruncated, "the data ends in MCU row"},
		{"a missing restart marker", bytes.Replace(restart, []byte{0xff, 0xd2}, nil, 1), ErrCorrupt, "FF D3 stands where the restart marker 2 is expected"},
		{"the wrong restart marker", bytes.Replace(restart, []byte{0xff, 0xd2}, []byte{0xff, 0xd4}, 1), ErrCorrupt, "FF D4 stands where the restart marker 2 is expected"},
		{"no restart markers", insert(baseline, sos, segment(dri, "\x00\x01")), ErrTruncated, "before the restart marker 0"},
		{"a missing last scan", withoutEnd(progressive), ErrTruncated, "neither an end-of-image marker nor the last scan of component 0"},
	}
	for _, test := range tests {
		for _, size := range []int{1, 1000} {
			t.Run(fmt.Sprintf("%s for %d", test.name, size), func(t *testing.T) {
				_, err := Decode(test.data, size, size)
				if !errors.Is(err, test.kind) || !strings.Contains(fmt.Sprint(err), test.text) {
					t.Errorf("got %v, want %v: %s", err, test.kind, test.text)
				}
			})
		}
	}
}

func gray(t *testing.T) []byte {
	data := read(t, "gray.jpg")
	i := bytes.Index(data, []byte{0xff, sof0})
	return append(bytes.Clone(data[:i]), data[i+2+int(data[i+3]):]...)
}

// insertInto puts bytes into the data of the first scan.
func insertInto(data []byte, offset int, values ...byte) []byte {
	i := bytes.Index(data, []byte{0xff, sos}) + 14 + offset
	return append(append(bytes.Clone(data[:i]), values...), data[i:]...)
}

// withoutEnd cuts off the last scan and what is behind it.
func withoutEnd(data []byte) []byte {
	i := bytes.LastIndex(data, []byte{0xff, sos})
	// The tables of the scan stand before it.
	return data[:bytes.LastIndex(data[:i], []byte{0xff, dht})]
}

// TestDecodeCorruptCodes looks for an invalid code in all kinds of scans.
func TestDecodeCorruptCodes(t *testing.T) {
	for _, name := range []string{"baseline-420.jpg", "progressive-420.jpg", "gray-progressive.jpg", "restart.jpg"} {
		t.Run(name, func(t *testing.T) {
			data := read(t, name)
			scan := 0
			for i := range data {
				if data[i] != 0xff || data[i+1] != sos {
					continue
				}
				start := i + 2 + int(data[i+3])
				// The code of all ones is in no table (T.81 section C.2).
				bad := bytes.Join([][]byte{data[:start], bytes.Repeat([]byte{0xff, 0}, 16), data[start:]}, nil)
				_, err := Decode(bad, 1000, 1000)
				refines := data[start-1]>>4 > 0 && data[start-3] == 0
				if err == nil && !refines {
					t.Errorf("scan %d: no error", scan)
				}
				scan++
			}
		})
	}
}

// TestDecodeErrorsAlloc looks for pixels that are allocated for a file that has none.
func TestDecodeErrorsAlloc(t *testing.T) {
	data := patch(read(t, "baseline-420.jpg"), sof0, 5, 0xff, 0xff, 0xff, 0xff)
	got := allocated(func() {
		if _, err := Decode(data, 65535, 65535); err == nil {
			t.Error("no error")
		}
	})
	if got > tableMemory {
		t.Errorf("%d bytes allocated", got)
	}
}
