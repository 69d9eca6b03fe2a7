package scaledjpeg

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeConfig(t *testing.T) {
	ones := [4]Sampling{{1, 1}, {1, 1}, {1, 1}}
	tests := []struct {
		name string
		want Config
	}{
		{"baseline-420.jpg", Config{Width: 75, Height: 53, Components: 3, Sampling: [4]Sampling{{2, 2}, {1, 1}, {1, 1}}}},
		{"baseline-444.jpg", Config{Width: 75, Height: 53, Components: 3, Sampling: ones}},
		{"baseline-411.jpg", Config{Width: 75, Height: 53, Components: 3, Sampling: [4]Sampling{{4, 1}, {1, 1}, {1, 1}}}},
		{"odd-mixed.jpg", Config{Width: 75, Height: 53, Components: 3, Sampling: [4]Sampling{{2, 2}, {2, 1}, {1, 2}}}},
		{"gray-2x2.jpg", Config{Width: 75, Height: 53, Components: 1, Sampling: [4]Sampling{{1, 1}}}},
		{"rgb.jpg", Config{Width: 75, Height: 53, Components: 3, Sampling: ones, RGB: true}},
		{"progressive-small.jpg", Config{Width: 17, Height: 33, Components: 3, Sampling: [4]Sampling{{2, 2}, {1, 1}, {1, 1}}, Progressive: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := DecodeConfig(read(t, test.name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeConfigHeaderOnly(t *testing.T) {
	data := read(t, "baseline-420.jpg")
	c, err := DecodeConfig(data[:bytes.Index(data, []byte{0xff, sos})+20])
	if err != nil {
		t.Fatal(err)
	}
	if c.Width != 75 || c.Height != 53 {
		t.Errorf("%dx%d, want 75x53", c.Width, c.Height)
	}
}

func TestDecodeConfigNumberOfLines(t *testing.T) {
	data := insert(patch(read(t, "baseline-420.jpg"), sof0, 5, 0, 0), eoi, segment(dnl, "\x00\x35"))
	c, err := DecodeConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	if c.Height != 53 {
		t.Errorf("height %d, want 53", c.Height)
	}
}

func TestDecodeConfigRGB(t *testing.T) {
	names := func(data []byte, id string) []byte {
		for i := range 3 {
			data = patch(data, sof0, 10+3*i, id[i])
			data = patch(data, sos, 5+2*i, id[i])
		}
		return data
	}
	jfif := read(t, "baseline-444.jpg")
	plain := patch(jfif, app0, 4, 'X')
	tests := []struct {
		name string
		data []byte
		want bool
	}{
		{"Adobe transform 0", read(t, "rgb.jpg"), true},
		{"Adobe transform 1", patch(names(read(t, "rgb.jpg"), "RGB"), app14, 15, 1), false},
		{"identifiers", names(plain, "RGB"), true},
		{"other identifiers", plain, false},
		{"JFIF with identifiers", names(jfif, "RGB"), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := DecodeConfig(test.data)
			if err != nil {
				t.Fatal(err)
			}
			if c.RGB != test.want {
				t.Errorf("RGB is %v, want %v", c.RGB, test.want)
			}
		})
	}
}

func TestDecodeConfigMetadata(t *testing.T) {
	icc := func(parts ...string) []byte { return segment(app2, append([]string{"ICC_PROFILE\x00"}, parts...)...) }
	tests := []struct {
		name      string
		segments  [][]byte
		exif, icc string
	}{
		{name: "none"},
		{name: "EXIF", segments: [][]byte{segment(app1, "Exif\x00\x00MM\x00*body")}, exif: "MM\x00*body"},
		{name: "the first of two", segments: [][]byte{segment(app1, "Exif\x00\x00one"), segment(app1, "Exif\x00\x00two")}, exif: "one"},
		{name: "XMP", segments: [][]byte{segment(app1, "http://ns.adobe.com/xap/1.0/\x00<x/>")}},
		{name: "a profile", segments: [][]byte{icc("\x01\x01", "profile")}, icc: "profile"},
		{name: "a profile in pieces", segments: [][]byte{icc("\x02\x03", "b"), icc("\x01\x03", "a"), icc("\x03\x03", "c")}, icc: "abc"},
		{name: "a missing piece", segments: [][]byte{icc("\x01\x03", "a"), icc("\x03\x03", "c")}},
		{name: "a piece twice", segments: [][]byte{icc("\x01\x02", "a"), icc("\x01\x02", "b")}},
		{name: "a piece of number 0", segments: [][]byte{icc("\x00\x01", "a")}},
		{name: "a cut piece", segments: [][]byte{icc("\x01")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := DecodeConfig(insert(read(t, "baseline-420.jpg"), sof0, test.segments...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{test.exif, test.icc}, []string{string(c.EXIF), string(c.ICC)}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
