package photo

import (
	"image"

	"github.com/noidle/noidle/functions/internal/photo/scaledjpeg"
)

func readJPEG(data []byte) (file, error) {
	config, err := scaledjpeg.DecodeConfig(data)
	if err != nil {
		return file{}, err
	}
	return file{
		format:      "jpeg",
		width:       config.Width,
		height:      config.Height,
		progressive: config.Progressive,
		exif:        config.EXIF,
		icc:         config.ICC,
		memory: func(width, height int) int64 {
			return scaledjpeg.Memory(config, width, height)
		},
		decode: func(width, height int) (image.Image, error) {
			decoded, err := scaledjpeg.Decode(data, width, height)
			if cmyk, ok := decoded.(*image.CMYK); ok {
				return fromCMYK(cmyk), nil
			}
			return decoded, err
		},
	}, nil
}

// fromCMYK returns the picture in red, green and blue, in the same memory.
func fromCMYK(m *image.CMYK) *image.RGBA {
	for pixel := m.Pix; len(pixel) >= 4; pixel = pixel[4:] {
		light := 255 - uint32(pixel[3])
		pixel[0] = multiplied(255-pixel[0], light)
		pixel[1] = multiplied(255-pixel[1], light)
		pixel[2] = multiplied(255-pixel[2], light)
		pixel[3] = 255
	}
	return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
}
