package photo

import (
	"cmp"
	"image"
	"slices"

	"github.com/noidle/noidle/functions/internal/photo/resample"
)

// picture is pixels as stored, before orientation.
type picture struct {
	image.Image
	// converted is set once the colours are those of the thumbnails.
	converted bool
}

// thumbnails decodes the photo and makes a thumbnail for each layout, which is as stored.
func (f file) thumbnails(turn orientation, sizes []Size, wanted []layout, out Output) ([]Thumbnail, error) {
	stored := Photo{Width: f.width, Height: f.height}
	decoded, err := f.decode(covering(wanted, stored))
	if err != nil {
		return nil, reject(f.format, err)
	}
	profile := newConversion(f.icc)
	encoder := newEncoder(out)
	result := make([]Thumbnail, len(sizes))
	sources := []picture{{Image: decoded}}
	for _, i := range largestFirst(wanted) {
		l := wanted[i]
		source := smallest(sources, l, stored)
		whole := l.cropWidth == f.width && l.cropHeight == f.height
		reduced := source.reduce(l, stored, profile != nil || out.Format != JPEG || turn.splitsChroma(l.width, l.height))
		if !reduced.converted {
			reduced = f.convert(reduced, profile)
		}
		if whole {
			sources = append(sources, reduced)
		}
		data, err := encoder.encode(turn.apply(reduced.Image))
		if err != nil {
			return nil, err
		}
		upright := l.turned(turn)
		result[i] = Thumbnail{Name: sizes[i].Name, Width: upright.width, Height: upright.height, Data: data}
	}
	return result, nil
}

// largestFirst returns the indexes of the layouts in the order in which they are made.
func largestFirst(wanted []layout) []int {
	order := make([]int, len(wanted))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(wanted[b].width*wanted[b].height, wanted[a].width*wanted[a].height)
	})
	return order
}

// smallest returns the smallest picture of the whole photo that still has at least two pixels
// for each of a layout to each side, so that a second reduction cannot be seen; or else the
// first, which is the decoded one.
func smallest(sources []picture, l layout, stored Photo) picture {
	width, height := covering([]layout{l}, stored)
	for _, source := range slices.Backward(sources) {
		if source.Bounds().Dx() >= 2*width && source.Bounds().Dy() >= 2*height {
			return source
		}
	}
	return sources[0]
}

// reduce returns the part of the picture that a layout shows, in its size.
func (p picture) reduce(l layout, stored Photo, fullChroma bool) picture {
	part := l.crop(p.Bounds(), stored.Width, stored.Height)
	switch m := p.Image.(type) {
	case *image.Gray:
		return picture{resample.Gray(m.SubImage(part).(*image.Gray), l.width, l.height), p.converted}
	case *image.YCbCr:
		m = m.SubImage(part).(*image.YCbCr)
		if fullChroma {
			return picture{reduceFullChroma(m, l.width, l.height), p.converted}
		}
		return picture{resample.YCbCr(m, l.width, l.height), p.converted}
	default:
		return picture{resample.RGBA(m.(*image.RGBA).SubImage(part).(*image.RGBA), l.width, l.height), p.converted}
	}
}

// reduceFullChroma reduces to 4:4:4.
func reduceFullChroma(src *image.YCbCr, width, height int) *image.YCbCr {
	dst := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio444)
	resample.Plane(dst.Y, dst.YStride, width, height, src.Y, src.YStride, src.Rect.Dx(), src.Rect.Dy())
	chroma := chromaBounds(src)
	resample.Plane(dst.Cb, dst.CStride, width, height, src.Cb, src.CStride, chroma.Dx(), chroma.Dy())
	resample.Plane(dst.Cr, dst.CStride, width, height, src.Cr, src.CStride, chroma.Dx(), chroma.Dy())
	return dst
}

// chromaBounds returns the rectangle of a picture's chroma samples.
func chromaBounds(m *image.YCbCr) image.Rectangle {
	right, down := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		right = 2
	case image.YCbCrSubsampleRatio420:
		right, down = 2, 2
	case image.YCbCrSubsampleRatio440:
		down = 2
	case image.YCbCrSubsampleRatio411:
		right = 4
	case image.YCbCrSubsampleRatio410:
		right, down = 4, 2
	}
	return image.Rect(m.Rect.Min.X/right, m.Rect.Min.Y/down,
		(m.Rect.Max.X+right-1)/right, (m.Rect.Max.Y+down-1)/down)
}

// convert brings a reduced picture's colours to those of the thumbnails.
func (f file) convert(p picture, profile *conversion) picture {
	if f.studio {
		if m, ok := p.Image.(*image.YCbCr); ok {
			expandStudioRange(m)
		}
	}
	return picture{profile.apply(p.Image), true}
}
