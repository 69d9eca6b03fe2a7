package photo

import (
	"bytes"
	"errors"
	"image"
	"sync"

	"github.com/deepteams/webp"
)

// encodeWebP writes a lossy WebP.
func encodeWebP(buffer *bytes.Buffer, m image.Image, quality int) error {
	rgba := toRGBA(m)
	if rgba.Opaque() {
		return encodeLossy(buffer, rgba, quality)
	}
	colours := toNRGBA(rgba)
	if err := encodeLossy(buffer, colours, quality); err != nil {
		return err
	}
	alpha, err := compressAlpha(colours)
	if err != nil {
		return err
	}
	file := replaceAlpha(buffer.Bytes(), alpha)
	buffer.Reset()
	_, err = buffer.Write(file)
	return err
}

// lossyEncoder is held while one is in use: see encodeLossy.
var lossyEncoder sync.Mutex

// encodeLossy encodes with an encoder that has encoded nothing before. The library keeps its
// last encoder and uses it again for a picture of as many blocks of 16x16 pixels; some of what
// it learned from the one picture then changes the other. A picture of another size takes
// that encoder out of the way, before and after.
func encodeLossy(buffer *bytes.Buffer, m image.Image, quality int) error {
	options := webp.DefaultOptions()
	options.Quality = float32(quality)
	// The methods from 3 on give other bytes on one core than on several, and 0 spoils
	// pictures of high quality.
	options.Method = 1
	// The encoder's own compression of alpha is not to the format's rules.
	options.AlphaCompression = 0

	other := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	if m.Bounds().Dx() <= 16 {
		other = image.NewNRGBA(image.Rect(0, 0, 17, 1))
	}
	lossyEncoder.Lock()
	defer lossyEncoder.Unlock()
	if err := webp.Encode(new(bytes.Buffer), other, options); err != nil {
		return err
	}
	if err := webp.Encode(buffer, m, options); err != nil {
		return err
	}
	return webp.Encode(new(bytes.Buffer), other, options)
}

// compressAlpha returns the body of an ALPH chunk: a lossless picture whose green is the alpha
// channel, without its header, behind a byte that says so. See "Alpha" in
// https://developers.google.com/speed/webp/docs/riff_container
func compressAlpha(m *image.NRGBA) ([]byte, error) {
	green := image.NewNRGBA(m.Rect)
	for i := 0; i < len(m.Pix); i += 4 {
		green.Pix[i+1], green.Pix[i+3] = m.Pix[i+3], 255
	}
	options := webp.DefaultOptions()
	options.Lossless = true
	var buffer bytes.Buffer
	if err := webp.Encode(&buffer, green, options); err != nil {
		return nil, err
	}
	const compressed, header = 1, 5
	for c := range chunksOf(buffer.Bytes()[len(riffHeader):]) {
		if c.name == "VP8L" {
			c.body[header-1] = compressed
			return c.body[header-1:], nil
		}
	}
	return nil, errors.New("the encoder wrote no VP8L chunk")
}

// replaceAlpha returns the file with another ALPH chunk.
func replaceAlpha(file, alpha []byte) []byte {
	result := []byte(riffHeader)
	for c := range chunksOf(file[len(riffHeader):]) {
		if c.name == "ALPH" {
			c.body = alpha
		}
		result = appendChunk(result, c.name, c.body)
	}
	return finishRIFF(result)
}
