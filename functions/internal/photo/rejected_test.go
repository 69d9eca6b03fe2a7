package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
)

// pngHeader returns a PNG with another size in its header.
func pngHeader(data []byte, width, height uint32) []byte {
	data = bytes.Clone(data)
	binary.BigEndian.PutUint32(data[16:], width)
	binary.BigEndian.PutUint32(data[20:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// jpegHeader returns a JPEG with another size in its frame header.
func jpegHeader(data []byte, width, height uint16) []byte {
	data = bytes.Clone(data)
	frame := max(bytes.Index(data, []byte{0xff, 0xc0, 0, 17}), bytes.Index(data, []byte{0xff, 0xc2, 0, 17}))
	binary.BigEndian.PutUint16(data[frame+5:], height)
	binary.BigEndian.PutUint16(data[frame+7:], width)
	return data
}

func gifHeader(data []byte, width, height uint16) []byte {
	data = bytes.Clone(data)
	binary.LittleEndian.PutUint16(data[6:], width)
	binary.LittleEndian.PutUint16(data[8:], height)
	return data
}

// lossyHeader returns a plain lossy WebP with another size in its frame header.
func lossyHeader(data []byte, width, height uint16) []byte {
	data = bytes.Clone(data)
	binary.LittleEndian.PutUint16(data[26:], width)
	binary.LittleEndian.PutUint16(data[28:], height)
	return data
}

func half(data []byte) []byte { return data[:len(data)/2] }

func TestRejected(t *testing.T) {
	corruptPNG := bytes.Clone(read(t, "opaque.png"))
	corruptPNG[len(corruptPNG)/2] ^= 0x55
	arithmetic := bytes.Replace(read(t, "baseline.jpg"), []byte{0xff, 0xc0, 0, 17}, []byte{0xff, 0xc9, 0, 17}, 1)
	// Huffman codes that there are not: all ones.
	corruptJPEG := bytes.Clone(read(t, "gray.jpg"))
	for i := len(corruptJPEG) / 2; i < len(corruptJPEG)-300; i += 2 {
		corruptJPEG[i], corruptJPEG[i+1] = 0xff, 0
	}
	corruptGIF := bytes.Clone(read(t, "animated.gif"))
	for i := 2000; i < 2600; i++ {
		corruptGIF[i] = 0xff
	}
	interFrame := bytes.Clone(read(t, "lossy.webp"))
	interFrame[20] |= 1
	otherCanvas := bytes.Clone(read(t, "alpha.webp"))
	otherCanvas[24]++
	tests := []struct {
		name   string
		data   []byte
		limits Limits
		photo  Photo
		code   string
		reason string
	}{
		{"nothing", nil, Limits{}, Photo{}, Empty, "the file is empty"},
		{"a renamed text", []byte("holiday.jpg"), Limits{}, Photo{}, UnknownFormat, "text, not a picture"},
		{"AVIF", read(t, "other.avif"), Limits{}, Photo{}, Unsupported, "AVIF is not supported: send a JPEG, PNG, GIF or WebP"},
		{"TIFF", read(t, "other.tiff"), Limits{}, Photo{}, Unsupported, "TIFF is not supported: send a JPEG, PNG, GIF or WebP"},

		{"half a JPEG", half(read(t, "baseline.jpg")), Limits{}, Photo{"jpeg", 240, 160}, Truncated, "truncated JPEG: "},
		{"half a progressive JPEG", half(read(t, "progressive.jpg")), Limits{}, Photo{"jpeg", 240, 160}, Truncated, "truncated JPEG: "},
		{"half a turned JPEG", half(read(t, "orientation6.jpg")), Limits{}, Photo{"jpeg", 128, 96}, Truncated, "truncated JPEG: "},
		{"half a PNG", half(read(t, "opaque.png")), Limits{}, Photo{"png", 120, 80}, Truncated, "truncated PNG: "},
		{"half an interlaced PNG", half(read(t, "interlaced.png")), Limits{}, Photo{"png", 80, 53}, Truncated, "truncated PNG: "},
		{"a quarter of a GIF", half(half(read(t, "animated.gif"))), Limits{}, Photo{"gif", 120, 80}, Truncated, "truncated GIF"},
		{"half a lossy WebP", half(read(t, "lossy.webp")), Limits{}, Photo{"webp", 240, 160}, Truncated, "truncated WebP"},
		{"half a lossless WebP", half(read(t, "lossless.webp")), Limits{}, Photo{"webp", 80, 53}, Truncated, "truncated WebP"},
		{"half a WebP with alpha", half(read(t, "alpha.webp")), Limits{}, Photo{"webp", 120, 80}, Truncated, "truncated WebP"},
		{"a WebP within its alpha", read(t, "alpha.webp")[:60], Limits{}, Photo{"webp", 120, 80}, Truncated, "truncated WebP"},
		{"an animated WebP within its first frame", read(t, "animated.webp")[:300], Limits{}, Photo{"webp", 120, 80}, Truncated, "truncated WebP"},
		{"a JPEG of three bytes", []byte("\xff\xd8\xff"), Limits{}, Photo{Format: "jpeg"}, Truncated, "truncated JPEG: "},
		{"a PNG of eight bytes", read(t, "opaque.png")[:8], Limits{}, Photo{Format: "png"}, Truncated, "truncated PNG: "},
		{"a GIF of six bytes", read(t, "animated.gif")[:6], Limits{}, Photo{Format: "gif"}, Truncated, "truncated GIF"},
		{"a WebP of twelve bytes", read(t, "lossy.webp")[:12], Limits{}, Photo{Format: "webp"}, Truncated, "truncated WebP"},
		{"a WebP within its frame header", read(t, "lossy.webp")[:25], Limits{}, Photo{Format: "webp"}, Truncated, "truncated WebP"},

		{"a changed PNG", corruptPNG, Limits{}, Photo{"png", 120, 80}, Corrupt, "corrupt PNG: "},
		{"a changed JPEG", corruptJPEG, Limits{}, Photo{"jpeg", 240, 160}, Corrupt, "corrupt JPEG: "},
		{"a changed GIF", corruptGIF, Limits{}, Photo{"gif", 120, 80}, Corrupt, "corrupt GIF: "},
		{"a JPEG of arithmetic coding", arithmetic, Limits{}, Photo{Format: "jpeg"}, Unsupported, "this kind of JPEG is not supported: "},
		{"a GIF without a screen", gifHeader(read(t, "animated.gif"), 0, 80), Limits{}, Photo{Format: "gif"}, Corrupt, "corrupt GIF: a screen of 0x80 pixels"},
		{"a GIF of a smaller screen", gifHeader(read(t, "animated.gif"), 20, 20), Limits{}, Photo{"gif", 20, 20}, Corrupt, "corrupt GIF: "},
		{"a WebP of a frame between two others", interFrame, Limits{}, Photo{Format: "webp"}, Corrupt, "no VP8 key frame"},
		{"a WebP in a canvas of another size", otherCanvas, Limits{}, Photo{Format: "webp"}, Corrupt, "in a frame of"},
		{"a WebP without a picture", finishRIFF(appendChunk([]byte(riffHeader), "EXIF", make([]byte, 8))), Limits{}, Photo{Format: "webp"}, Corrupt, "no picture in it"},

		{"a huge JPEG", jpegHeader(read(t, "baseline.jpg"), 65000, 65000), Limits{}, Photo{"jpeg", 65000, 65000}, TooManyPixels,
			"65000x65000 pixels are 4225 megapixels, at most 100 megapixels are allowed"},
		{"a huge turned JPEG", jpegHeader(read(t, "orientation6.jpg"), 65000, 64000), Limits{}, Photo{"jpeg", 64000, 65000}, TooManyPixels,
			"64000x65000 pixels are 4160 megapixels"},
		{"a huge PNG", pngHeader(read(t, "opaque.png"), 48000, 48000), Limits{}, Photo{"png", 48000, 48000}, TooManyPixels,
			"48000x48000 pixels are 2304 megapixels, at most 100 megapixels are allowed"},
		{"the largest PNG", pngHeader(read(t, "opaque.png"), 1<<31-1, 1<<31-1), Limits{}, Photo{"png", 1<<31 - 1, 1<<31 - 1}, TooManyPixels, "4611686014133 megapixels"},
		{"a huge GIF", gifHeader(read(t, "animated.gif"), 65535, 65535), Limits{}, Photo{"gif", 65535, 65535}, TooManyPixels, "4295 megapixels"},
		{"a huge WebP", lossyHeader(read(t, "lossy.webp"), 16383, 16383), Limits{}, Photo{"webp", 16383, 16383}, TooManyPixels, "269 megapixels"},
		{"a progressive JPEG", read(t, "progressive.jpg"), Limits{Pixels: 40000, ProgressivePixels: 30000}, Photo{"jpeg", 240, 160}, TooManyPixels,
			"240x160 pixels are 0.038 megapixels, at most 0.03 megapixels are allowed in a progressive JPEG"},
		{"a JPEG of too much memory", read(t, "baseline.jpg"), Limits{Memory: 1 << 18}, Photo{"jpeg", 240, 160}, TooMuchMemory, "240x160 pixels of this JPEG need "},
		{"a PNG of too much memory", read(t, "opaque.png"), Limits{Memory: 1 << 16}, Photo{"png", 120, 80}, TooMuchMemory, "at most 0.062 MiB are allowed"},
		{"a GIF of too much memory", read(t, "animated.gif"), Limits{Memory: 1 << 15}, Photo{"gif", 120, 80}, TooMuchMemory, "of this GIF need "},
		{"a WebP of too much memory", read(t, "lossless.webp"), Limits{Memory: 1 << 15}, Photo{"webp", 80, 53}, TooMuchMemory, "of this WebP need "},
		{"a bomb of a PNG", pngHeader(read(t, "opaque.png"), 9000, 9000), Limits{}, Photo{"png", 9000, 9000}, Corrupt, "corrupt PNG: "},
		{"a bomb of a JPEG", jpegHeader(read(t, "baseline.jpg"), 9000, 9000), Limits{}, Photo{"jpeg", 9000, 9000}, Truncated, "truncated JPEG: "},
		{"a bomb of a GIF", gifHeader(read(t, "animated.gif"), 9000, 9000)[:400], Limits{}, Photo{"gif", 9000, 9000}, Truncated, "truncated GIF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			photo, thumbnails, err := Make(test.data, []Size{{Name: "small", Width: 64, Height: 64}}, Output{Format: JPEG}, test.limits)
			rejected, ok := errors.AsType[*Rejected](err)
			if !ok || thumbnails != nil {
				t.Fatalf("%d thumbnails, error %v", len(thumbnails), err)
			}
			if rejected.Code != test.code || !strings.Contains(rejected.Error(), test.reason) || rejected.panicked {
				t.Errorf("%+v, want %s, %q", *rejected, test.code, test.reason)
			}
			if photo != test.photo {
				t.Errorf("the photo is %+v, want %+v", photo, test.photo)
			}
		})
	}
}

// A photo cut anywhere is either rejected or, where only what is behind the picture is missing,
// made. It never says that a decoder panicked.
func TestCutAnywhere(t *testing.T) {
	for _, name := range photos(t) {
		data := read(t, name)
		for cut := 0; cut < len(data); cut += max(len(data)/61, 1) {
			_, _, err := Make(data[:cut], []Size{{Width: 16}}, Output{Format: JPEG}, Limits{})
			rejected, ok := errors.AsType[*Rejected](err)
			if err != nil && !ok {
				t.Errorf("%s of %d bytes: %v", name, cut, err)
			}
			if ok && (rejected.panicked || rejected.Code != Truncated && cut > 12) {
				t.Errorf("%s of %d bytes: %+v", name, cut, *rejected)
			}
		}
	}
}

func TestLimitsAllowUpToThemselves(t *testing.T) {
	data := read(t, "progressive.jpg")
	limits := Limits{Pixels: 240 * 160, ProgressivePixels: 240 * 160}
	if _, _, err := Make(data, []Size{{Width: 16}}, Output{Format: JPEG}, limits); err != nil {
		t.Error(err)
	}
	limits.Pixels--
	if _, _, err := Make(data, []Size{{Width: 16}}, Output{Format: JPEG}, limits); err == nil {
		t.Error("one pixel too many is allowed")
	}
}

func TestPanicIsRejected(t *testing.T) {
	_, err := recovered("gif", func() ([]Thumbnail, error) { panic("index out of range") })
	rejected, ok := errors.AsType[*Rejected](err)
	if !ok || rejected.Code != Corrupt || rejected.Reason != "corrupt GIF: index out of range" || !rejected.panicked {
		t.Errorf("%#v", err)
	}
}
