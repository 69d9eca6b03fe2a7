package photo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"
	"golang.org/x/image/webp"
)

// planes reports whether decode returns the planes of the lossy picture as they are.
func (w *webpFile) planes() bool {
	return !w.lossless && w.alpha == nil && w.frame == w.canvas
}

// memory returns the bytes that decode takes.
func (w *webpFile) memory(width, height int) int64 {
	pixels := int64((w.frame.Dx()+15)&^15) * int64((w.frame.Dy()+15)&^15)
	sum := int64(tableMemory)
	if !w.lossless {
		// Two copies, 4:2:0, and filter parameters for each 16x16 pixels.
		sum += 2*int64(len(w.bitstream)) + pixels*3/2 + pixels/16
	}
	if w.lossless || w.alpha != nil {
		// Pixels of four bytes, the same again to look up those of few colours, less than one
		// byte a pixel for its transforms and Huffman groups, and one for alpha.
		sum += 10 * pixels
		sum += min(huffmanMemory, huffmanMemoryPerByte*int64(len(w.bitstream)+len(w.alpha)))
	}
	if !w.planes() {
		factor := wholeFactor(w.canvas.Dx(), w.canvas.Dy(), width, height)
		sum += averageMemory(w.canvas.Dx(), w.canvas.Dy(), factor)
	}
	return sum
}

// What the Huffman codes of a lossless picture take: up to 2600 groups, of up to 2328 symbols
// for green with a colour cache and 808 for the rest, two nodes of eight bytes for each and
// five lookup tables of half a kilobyte. A code length repeated six times takes three bits.
const (
	huffmanMemory        = 2600 * (2*8*(2328+808) + 5*512)
	huffmanMemoryPerByte = 300
)

// decode decodes the lossy picture in full, as planes of studio range, RFC 6386 section 9.2,
// and any other as RGBA that is averaged.
func (w *webpFile) decode(width, height int) (image.Image, error) {
	if w.truncated {
		return nil, io.ErrUnexpectedEOF
	}
	canvas := w.canvas
	bitstream := w.bitstream
	if !w.lossless && canvas.Dx() >= unfiltered*width && canvas.Dy() >= unfiltered*height {
		bitstream = withoutLoopFilter(bitstream)
	}
	if w.planes() {
		return decodeVP8(bitstream)
	}
	row, err := w.rows(bitstream)
	if err != nil {
		return nil, err
	}
	return average(canvas, w.frame, wholeFactor(canvas.Dx(), canvas.Dy(), width, height), row), nil
}

// rows decodes a picture, and returns the function that writes its rows as RGBA.
func (w *webpFile) rows(bitstream []byte) (func(y int, pixels []byte), error) {
	switch {
	case w.lossless:
		decoded, err := vp8l.Decode(bytes.NewReader(bitstream))
		if err != nil {
			return nil, err
		}
		m := decoded.(*image.NRGBA)
		return func(y int, pixels []byte) {
			premultiplied(pixels, m.Pix[y*m.Stride:][:len(pixels)])
		}, nil
	case w.alpha == nil:
		m, err := decodeVP8(bitstream)
		if err != nil {
			return nil, err
		}
		return func(y int, pixels []byte) { studioRow(pixels, m, y, nil) }, nil
	}
	decoded, err := webp.Decode(w.withAlpha(bitstream))
	if err != nil {
		return nil, err
	}
	m, ok := decoded.(*image.NYCbCrA)
	if !ok {
		return nil, fmt.Errorf("the alpha channel of a %T", decoded)
	}
	return func(y int, pixels []byte) {
		studioRow(pixels, &m.YCbCr, y, m.A[y*m.AStride:])
	}, nil
}

func decodeVP8(bitstream []byte) (*image.YCbCr, error) {
	decoder := vp8.NewDecoder()
	decoder.Init(bytes.NewReader(bitstream), len(bitstream))
	if _, err := decoder.DecodeFrameHeader(); err != nil {
		return nil, err
	}
	return decoder.DecodeFrame()
}

// withAlpha returns the picture as a file of its own.
func (w *webpFile) withAlpha(bitstream []byte) io.Reader {
	const alphaFlag = 1 << 4
	extended := make([]byte, 10)
	extended[0] = alphaFlag
	putLittle24(extended[4:], w.frame.Dx()-1)
	putLittle24(extended[7:], w.frame.Dy()-1)
	file := appendChunk([]byte(riffHeader), "VP8X", extended)
	file = appendChunk(file, "ALPH", w.alpha)
	file = append(file, "VP8 "...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(bitstream)))
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)+len(bitstream)-8))
	return io.MultiReader(bytes.NewReader(file), bytes.NewReader(bitstream))
}

func putLittle24(data []byte, value int) {
	data[0], data[1], data[2] = uint8(value), uint8(value>>8), uint8(value>>16)
}

// studioRow writes a row of studio range as RGBA. Without alpha it is opaque.
func studioRow(pixels []byte, m *image.YCbCr, y int, alpha []byte) {
	width := len(pixels) / 4
	luma := m.Y[y*m.YStride:][:width]
	cb, cr := m.Cb[y/2*m.CStride:][:(width+1)/2], m.Cr[y/2*m.CStride:][:(width+1)/2]
	for x := range width {
		pixel := pixels[4*x : 4*x+4]
		a := uint32(255)
		if alpha != nil {
			a = uint32(alpha[x])
		}
		pixel[3] = uint8(a)
		// BT.601, in parts of 65536: https://www.itu.int/rec/R-REC-BT.601
		gray := (int32(luma[x])-16)*76309 + 1<<15
		u, v := int32(cb[x/2])-128, int32(cr[x/2])-128
		pixel[0] = sample(gray + 104597*v)
		pixel[1] = sample(gray - 25675*u - 53279*v)
		pixel[2] = sample(gray + 132201*u)
		if a != 255 {
			pixel[0], pixel[1], pixel[2] = multiplied(pixel[0], a), multiplied(pixel[1], a), multiplied(pixel[2], a)
		}
	}
}

// sample returns a value in parts of 65536 as the byte that it is nearest to.
func sample(value int32) uint8 {
	return uint8(min(max(value>>16, 0), 255))
}
