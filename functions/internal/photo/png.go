package photo

import (
	"encoding/binary"
	"image"

	"github.com/noidle/noidle/functions/internal/photo/scaledpng"
)

func readPNG(data []byte) (file, error) {
	config, err := scaledpng.DecodeConfig(data)
	if err != nil {
		return declaredPNG(data), err
	}
	return file{
		format: "png",
		width:  config.Width,
		height: config.Height,
		exif:   config.EXIF,
		icc:    config.ICC,
		memory: func(width, height int) int64 {
			return scaledpng.Memory(config, 2*width, 2*height)
		},
		// Twice the size: the average of pixels leaves half of the reduction to a better filter.
		decode: func(width, height int) (image.Image, error) {
			return scaledpng.Decode(data, 2*width, 2*height)
		},
	}, nil
}

// declaredPNG returns the size in the header of a PNG that is damaged behind it, W3C PNG section
// 11.2.1: https://www.w3.org/TR/png-3/#11IHDR
func declaredPNG(data []byte) file {
	const end = 8 + 4 + 4 + 13
	if len(data) < end || string(data[12:16]) != "IHDR" {
		return file{}
	}
	return file{width: int(binary.BigEndian.Uint32(data[16:])), height: int(binary.BigEndian.Uint32(data[20:]))}
}
