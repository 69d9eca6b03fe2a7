package photo

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

// Format is what thumbnails are encoded as.
type Format string

// The formats.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
	WebP Format = "webp"
)

// ContentType returns the media type of the format, as image/jpeg:
// https://www.iana.org/assignments/media-types
func (f Format) ContentType() string {
	return "image/" + string(f)
}

// Extension returns the end of a file's name, as .jpg.
func (f Format) Extension() string {
	if f == JPEG {
		return ".jpg"
	}
	return "." + string(f)
}

// DefaultQuality is the quality of Output if it is zero.
const DefaultQuality = 80

// Output says how thumbnails are encoded.
type Output struct {
	// Format keeps transparency, except JPEG, in which the background is white.
	Format Format
	// Quality is from 1 to 100, and by default DefaultQuality. It says nothing for PNG.
	Quality int
}

func (o Output) validate() error {
	if o.Format != JPEG && o.Format != PNG && o.Format != WebP {
		return fmt.Errorf("output format %q: it must be %q, %q or %q", o.Format, JPEG, PNG, WebP)
	}
	if o.Quality < 0 || o.Quality > 100 {
		return fmt.Errorf("output quality %d: it must be from 1 to 100, or zero for %d", o.Quality, DefaultQuality)
	}
	return nil
}

// mostPixels is how long a side of a picture can be. For PNG it is this package's limit.
func (o Output) mostPixels() int {
	if o.Format == WebP {
		// https://developers.google.com/speed/webp/faq, "What is the maximum size"
		return 1<<14 - 1
	}
	// T.81 section B.2.2.
	return 1<<16 - 1
}

// encoder encodes one thumbnail after the other.
type encoder struct {
	format  Format
	quality int
	buffer  bytes.Buffer
	png     png.Encoder
}

func newEncoder(out Output) *encoder {
	return &encoder{
		format:  out.Format,
		quality: cmp.Or(out.Quality, DefaultQuality),
		png:     png.Encoder{BufferPool: new(pngBuffer)},
	}
}

// encode returns the file of a picture, which is an *image.Gray, *image.YCbCr or
// *image.RGBA.
func (e *encoder) encode(m image.Image) ([]byte, error) {
	e.buffer.Reset()
	var err error
	switch e.format {
	case JPEG:
		err = jpeg.Encode(&e.buffer, opaque(m), &jpeg.Options{Quality: e.quality})
	case PNG:
		err = e.png.Encode(&e.buffer, withAlpha(m))
	default:
		err = encodeWebP(&e.buffer, m, e.quality)
	}
	if err != nil {
		return nil, fmt.Errorf("encode a %dx%d %s: %w", m.Bounds().Dx(), m.Bounds().Dy(), e.format, err)
	}
	return bytes.Clone(e.buffer.Bytes()), nil
}

// opaque returns the picture on white.
func opaque(m image.Image) image.Image {
	rgba, ok := m.(*image.RGBA)
	if !ok || rgba.Opaque() {
		return m
	}
	flat := &image.RGBA{Pix: bytes.Clone(rgba.Pix), Stride: rgba.Stride, Rect: rgba.Rect}
	flatten(flat)
	return flat
}

// withAlpha returns the picture as one that is encoded fast: gray, opaque, or with colours that
// are not premultiplied.
func withAlpha(m image.Image) image.Image {
	if _, ok := m.(*image.Gray); ok {
		return m
	}
	rgba := toRGBA(m)
	if rgba.Opaque() {
		return rgba
	}
	return toNRGBA(rgba)
}

// pngBuffer keeps the buffer from one thumbnail to the next.
type pngBuffer struct{ buffer *png.EncoderBuffer }

func (b *pngBuffer) Get() *png.EncoderBuffer { return b.buffer }

func (b *pngBuffer) Put(buffer *png.EncoderBuffer) { b.buffer = buffer }
