package photo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"io"
	"strings"
)

// readGIF reads the header, GIF89a section 18: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
func readGIF(data []byte) (file, error) {
	if len(data) < 10 {
		return file{}, io.ErrUnexpectedEOF
	}
	f := file{
		format: "gif",
		width:  int(binary.LittleEndian.Uint16(data[6:])),
		height: int(binary.LittleEndian.Uint16(data[8:])),
	}
	if f.width == 0 || f.height == 0 {
		return file{}, fmt.Errorf("a screen of %dx%d pixels", f.width, f.height)
	}
	f.memory = func(width, height int) int64 {
		factor := wholeFactor(f.width, f.height, width, height)
		// One byte for each pixel of the frame, maybe a second one to undo the interlacing.
		return tableMemory + 2*int64(f.width)*int64(f.height) + averageMemory(f.width, f.height, factor)
	}
	f.decode = func(width, height int) (image.Image, error) {
		factor := wholeFactor(f.width, f.height, width, height)
		return decodeGIF(data, image.Rect(0, 0, f.width, f.height), factor)
	}
	return f, nil
}

// decodeGIF decodes the first frame. What it leaves of the screen is transparent.
func decodeGIF(data []byte, screen image.Rectangle, factor int) (image.Image, error) {
	decoded, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		// The package has no error values to tell the two.
		if strings.HasSuffix(err.Error(), "EOF") || strings.HasSuffix(err.Error(), "not enough image data") {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	frame := decoded.(*image.Paletted)
	var palette [256][4]byte
	for i, c := range frame.Palette {
		r, g, b, a := c.RGBA()
		palette[i] = [4]byte{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(a >> 8)}
	}
	return average(screen, frame.Rect, factor, func(y int, pixels []byte) {
		for x, index := range frame.Pix[y*frame.Stride:][:frame.Rect.Dx()] {
			copy(pixels[4*x:4*x+4], palette[index][:])
		}
	}), nil
}

// tableMemory is what the decoders of GIF and WebP need at most, whatever the photo is.
const tableMemory = 128 << 10

// averageMemory is what average takes.
func averageMemory(width, height, factor int) int64 {
	columns, rows := int64(width/factor+1), int64(height/factor+1)
	return 4*columns*rows + 16*columns + 4*int64(width)
}
