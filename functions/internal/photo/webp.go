package photo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
)

// webpFile is what is read of a WebP, of an animation its first frame:
// https://developers.google.com/speed/webp/docs/riff_container
type webpFile struct {
	canvas, frame image.Rectangle
	// bitstream is the picture, VP8 or VP8L.
	bitstream []byte
	lossless  bool
	// alpha is the ALPH chunk of a VP8 picture, or nil.
	alpha     []byte
	truncated bool
	exif, icc []byte
}

func readWebP(data []byte) (file, error) {
	w, err := parseWebP(data)
	if err != nil {
		return file{}, err
	}
	return file{
		format: "webp",
		width:  w.canvas.Dx(),
		height: w.canvas.Dy(),
		exif:   w.exif,
		icc:    w.icc,
		studio: w.planes(),
		memory: w.memory,
		decode: w.decode,
	}, nil
}

func parseWebP(data []byte) (*webpFile, error) {
	w := new(webpFile)
	for c := range chunksOf(data[min(12, len(data)):]) {
		switch c.name {
		case "VP8X":
			if len(c.body) < 10 {
				return nil, io.ErrUnexpectedEOF
			}
			w.canvas = image.Rect(0, 0, 1+little24(c.body[4:]), 1+little24(c.body[7:]))
			w.frame = w.canvas
		case "ANMF":
			if w.bitstream == nil {
				w.readFrame(c)
			}
		case "EXIF":
			w.exif = c.body
		case "ICCP":
			w.icc = c.body
		default:
			w.readBitstream(c)
		}
	}
	return w, w.finish(int64(len(data)) < 8+int64(binary.LittleEndian.Uint32(data[4:])))
}

// readFrame reads the first frame of an animation.
func (w *webpFile) readFrame(c chunk) {
	w.truncated = c.missing
	if len(c.body) < 16 {
		return
	}
	corner := image.Pt(2*little24(c.body), 2*little24(c.body[3:]))
	size := image.Pt(1+little24(c.body[6:]), 1+little24(c.body[9:]))
	w.frame = image.Rectangle{Min: corner, Max: corner.Add(size)}
	for part := range chunksOf(c.body[16:]) {
		w.readBitstream(part)
	}
}

func (w *webpFile) readBitstream(c chunk) {
	if w.bitstream != nil {
		return
	}
	switch c.name {
	case "ALPH":
		w.alpha = c.body
	case "VP8 ", "VP8L":
		w.bitstream, w.lossless = c.body, c.name == "VP8L"
	default:
		return
	}
	w.truncated = w.truncated || c.missing
}

// finish checks that there is a picture, of the size that the container says.
func (w *webpFile) finish(cut bool) error {
	size, err := w.bitstreamSize()
	switch {
	case w.bitstream == nil && !cut:
		return errors.New("no picture in it")
	case errors.Is(err, io.ErrUnexpectedEOF):
		// The size is known if there is a VP8X chunk: then the decoding fails.
		w.truncated = true
		if w.canvas.Empty() {
			return io.ErrUnexpectedEOF
		}
		return nil
	case err != nil:
		return err
	}
	if w.canvas.Empty() {
		w.canvas = image.Rectangle{Max: size}
		w.frame = w.canvas
	}
	if w.frame.Size() != size {
		return fmt.Errorf("a picture of %dx%d pixels in a frame of %dx%d", size.X, size.Y, w.frame.Dx(), w.frame.Dy())
	}
	if !w.frame.In(w.canvas) {
		return fmt.Errorf("a frame at %v outside of the canvas of %dx%d", w.frame, w.canvas.Dx(), w.canvas.Dy())
	}
	return nil
}

// bitstreamSize reads the header of a VP8 key frame, RFC 6386 section 9.1, or of VP8L:
// https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
func (w *webpFile) bitstreamSize() (image.Point, error) {
	data := w.bitstream
	const lossyHeader, losslessHeader = 10, 5
	switch {
	case w.lossless && len(data) < losslessHeader, !w.lossless && len(data) < lossyHeader:
		return image.Point{}, io.ErrUnexpectedEOF
	case w.lossless:
		bits := int(binary.LittleEndian.Uint32(data[1:]))
		if data[0] != 0x2f {
			return image.Point{}, errors.New("no VP8L picture in the VP8L chunk")
		}
		return image.Pt(1+bits&(1<<14-1), 1+bits>>14&(1<<14-1)), nil
	}
	width, height := int(binary.LittleEndian.Uint16(data[6:]))&(1<<14-1), int(binary.LittleEndian.Uint16(data[8:]))&(1<<14-1)
	if data[0]&1 != 0 || string(data[3:6]) != "\x9d\x01\x2a" || width == 0 || height == 0 {
		return image.Point{}, errors.New("no VP8 key frame in the VP8 chunk")
	}
	return image.Pt(width, height), nil
}

func little24(data []byte) int {
	return int(data[0]) | int(data[1])<<8 | int(data[2])<<16
}
