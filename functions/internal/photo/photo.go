// Package photo makes thumbnails of photos that come from anywhere.
//
// What a photo is, its bytes say: JPEG, PNG, GIF and WebP are read, everything else is
// [Rejected] with the reason, and so is a photo that is damaged or larger than [Limits]
// allow. The limits are checked against the header, before any pixel gets memory.
//
// A photo is decoded once for all thumbnails, at the smallest scale that covers the largest
// of them. A JPEG and a lossy WebP stay luma and chroma from the first to the last byte.
// Thumbnails are upright, as EXIF says, in the colours of sRGB, and without metadata.
//
// Colours are converted for ICC profiles that are a matrix and tone curves, as those of
// Display P3 and Adobe RGB, and for the tone curve of gray. Other profiles, those of tables
// and of CMYK, and the gamma and cICP chunks of a PNG are ignored. CMYK is converted by the
// plain formula. Of an animation the first picture is taken.
package photo

import (
	"cmp"
	"fmt"
	"image"
)

// Photo says what a photo is.
type Photo struct {
	// Format is what the content is, whatever the file is called: jpeg, png, gif or webp.
	Format string
	// Width and Height are in pixels of the upright photo, after its EXIF orientation.
	Width, Height int
}

// Thumbnail is one reduced picture, encoded.
type Thumbnail struct {
	// Name is that of its Size.
	Name string
	// Width and Height are in pixels.
	Width, Height int
	// Data is the file, without metadata.
	Data []byte
}

// Limits bound what a photo may cost. A limit of zero is its default.
type Limits struct {
	// Pixels is the most that a photo may have; by default DefaultPixels.
	Pixels int
	// ProgressivePixels is the same for a progressive JPEG, of which all coefficients are
	// kept until its last scan; by default DefaultProgressivePixels.
	ProgressivePixels int
	// Memory is the most bytes that the photo, its decoding and the thumbnails may need, by
	// an estimate from the header; by default DefaultMemory.
	Memory int64
}

// The defaults of Limits.
const (
	DefaultPixels            = 100_000_000
	DefaultProgressivePixels = 50_000_000
	DefaultMemory            = 512 << 20
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Pixels:            cmp.Or(l.Pixels, DefaultPixels),
		ProgressivePixels: cmp.Or(l.ProgressivePixels, DefaultProgressivePixels),
		Memory:            cmp.Or(l.Memory, DefaultMemory),
	}
}

// Make returns a thumbnail of the photo in data for each size, in the same order.
//
// An error about the photo is a [*Rejected]; any other is about sizes, out or limits, or from
// an encoder. The Photo says as much as could be read, also of one that is rejected: of a photo
// whose header is readable the format and the dimensions. The same photo gives the same bytes
// each time.
func Make(data []byte, sizes []Size, out Output, limits Limits) (Photo, []Thumbnail, error) {
	if err := validate(sizes, out, limits); err != nil {
		return Photo{}, nil, err
	}
	format, err := sniff(data)
	if err != nil {
		return Photo{}, nil, err
	}
	photo := Photo{Format: format}
	thumbnails, err := recovered(format, func() ([]Thumbnail, error) {
		return photo.make(data, sizes, out, limits.withDefaults())
	})
	return photo, thumbnails, err
}

// recovered calls a function that decodes, and returns that it panicked as Rejected.
func recovered(format string, decode func() ([]Thumbnail, error)) (thumbnails []Thumbnail, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &Rejected{Code: Corrupt, Reason: fmt.Sprintf("corrupt %s: %v", title(format), cause), panicked: true}
		}
	}()
	return decode()
}

// make makes the thumbnails of a photo of a known format, and fills in its size.
func (p *Photo) make(data []byte, sizes []Size, out Output, limits Limits) ([]Thumbnail, error) {
	file, err := readHeader(p.Format, data)
	turn := orientationOf(file.exif)
	p.Width, p.Height = turn.swapped(file.width, file.height)
	if err != nil {
		return nil, reject(p.Format, err)
	}
	if err := limits.checkPixels(file, *p); err != nil {
		return nil, err
	}
	wanted := layouts(sizes, *p, out)
	for i := range wanted {
		// From here on as the photo is stored.
		wanted[i] = wanted[i].turned(turn)
	}
	if err := limits.checkMemory(file, *p, len(data), wanted); err != nil {
		return nil, err
	}
	return file.thumbnails(turn, sizes, wanted, out)
}

func validate(sizes []Size, out Output, limits Limits) error {
	if len(sizes) == 0 {
		return fmt.Errorf("no sizes: name at least one thumbnail to make")
	}
	for _, size := range sizes {
		if err := size.validate(); err != nil {
			return err
		}
	}
	if limits.Pixels < 0 || limits.ProgressivePixels < 0 || limits.Memory < 0 {
		return fmt.Errorf("limits %+v: a limit must be positive, or zero for its default", limits)
	}
	return out.validate()
}

// file is a photo of which the header is read.
type file struct {
	format        string
	width, height int // as stored, before orientation
	progressive   bool
	exif, icc     []byte
	// studio is set if decode returns luma of 16..235 and chroma of 16..240.
	studio bool
	// memory returns the bytes that decode takes at most.
	memory func(width, height int) int64
	// decode returns the photo at the smallest scale that is at least width x height, or
	// whole: an *image.Gray, *image.YCbCr or *image.RGBA.
	decode func(width, height int) (image.Image, error)
}

// readHeader returns with an error what of the size could be read.
func readHeader(format string, data []byte) (file, error) {
	switch format {
	case "jpeg":
		return readJPEG(data)
	case "png":
		return readPNG(data)
	case "gif":
		return readGIF(data)
	default:
		return readWebP(data)
	}
}

func (l Limits) checkPixels(f file, photo Photo) error {
	most, kind := l.Pixels, ""
	if f.progressive && l.ProgressivePixels < most {
		most, kind = l.ProgressivePixels, " in a progressive JPEG"
	}
	have := int64(f.width) * int64(f.height)
	if have <= int64(most) {
		return nil
	}
	return &Rejected{Code: TooManyPixels, Reason: fmt.Sprintf("%dx%d pixels are %s, at most %s are allowed%s", photo.Width, photo.Height,
		inUnit(have, 1_000_000, "megapixels"), inUnit(int64(most), 1_000_000, "megapixels"), kind)}
}

// checkMemory estimates what the photo of so many bytes needs for the layouts, as stored.
func (l Limits) checkMemory(f file, photo Photo, bytes int, wanted []layout) error {
	need := int64(bytes) + f.memory(covering(wanted, Photo{Width: f.width, Height: f.height}))
	for _, layout := range wanted {
		// Up to four bytes a pixel, reduced and upright, and the encoded ones.
		need += 10 * int64(layout.width) * int64(layout.height)
	}
	if need <= l.Memory {
		return nil
	}
	return &Rejected{Code: TooMuchMemory, Reason: fmt.Sprintf("%dx%d pixels of this %s need %s of memory, at most %s are allowed", photo.Width, photo.Height,
		title(f.format), inUnit(need, 1<<20, "MiB"), inUnit(l.Memory, 1<<20, "MiB"))}
}

// inUnit writes a number in a larger unit, with a digit behind the point if it is small.
func inUnit(n, unit int64, name string) string {
	if n >= 10*unit {
		return fmt.Sprintf("%d %s", (n+unit-1)/unit, name)
	}
	return fmt.Sprintf("%.2g %s", float64(n)/float64(unit), name)
}
