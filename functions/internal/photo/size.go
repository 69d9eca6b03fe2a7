package photo

import (
	"fmt"
	"image"
)

// Size is the box that a thumbnail is made for.
//
// Nothing is enlarged: a photo smaller than the box keeps its size.
type Size struct {
	// Name tells the thumbnails of a photo apart.
	Name string
	// Width and Height of the box are in pixels. One of them may be zero: the other alone
	// bounds the thumbnail then.
	Width, Height int
	// Cover fills the box with the middle of the photo, where the whole photo otherwise
	// fits into it. Of a photo that is too small it takes the largest part of the box's
	// proportions. It says nothing for a box of one side, which has no proportions.
	Cover bool
}

func (s Size) validate() error {
	if s.Width < 0 || s.Height < 0 || s.Width == 0 && s.Height == 0 {
		return fmt.Errorf("size %q of %dx%d: a side must be positive, and one of them may be zero", s.Name, s.Width, s.Height)
	}
	return nil
}

// layout is what a thumbnail shows: the middle of the upright photo, as many pixels of it as
// cropWidth x cropHeight say, reduced to width x height.
type layout struct {
	width, height         int
	cropWidth, cropHeight int
}

// layout returns the one of a photo. No side of it is longer than most.
func (s Size) layout(width, height, most int) layout {
	boxWidth, boxHeight := min(s.Width, most), min(s.Height, most)
	if s.Cover && boxWidth > 0 && boxHeight > 0 {
		return cover(width, height, boxWidth, boxHeight)
	}
	if boxWidth == 0 {
		boxWidth = most
	}
	if boxHeight == 0 {
		boxHeight = most
	}
	l := layout{width, height, width, height}
	switch {
	case width <= boxWidth && height <= boxHeight:
	case width*boxHeight >= height*boxWidth:
		l.width, l.height = boxWidth, scaled(height, boxWidth, width)
	default:
		l.width, l.height = scaled(width, boxHeight, height), boxHeight
	}
	return l
}

func cover(width, height, boxWidth, boxHeight int) layout {
	l := layout{cropWidth: width, cropHeight: height}
	if width*boxHeight >= height*boxWidth {
		l.cropWidth = min(scaled(height, boxWidth, boxHeight), width)
	} else {
		l.cropHeight = min(scaled(width, boxHeight, boxWidth), height)
	}
	l.width, l.height = min(boxWidth, l.cropWidth), min(boxHeight, l.cropHeight)
	return l
}

// scaled returns length*times/parts, rounded, and at least one pixel.
func scaled(length, times, parts int) int {
	return max((2*length*times+parts)/(2*parts), 1)
}

// turned returns the layout for the photo as stored, of one for the upright photo, or the other
// way round: the middle stays where it is.
func (l layout) turned(turn orientation) layout {
	l.width, l.height = turn.swapped(l.width, l.height)
	l.cropWidth, l.cropHeight = turn.swapped(l.cropWidth, l.cropHeight)
	return l
}

func layouts(sizes []Size, photo Photo, out Output) []layout {
	result := make([]layout, len(sizes))
	for i, size := range sizes {
		result[i] = size.layout(photo.Width, photo.Height, out.mostPixels())
	}
	return result
}

// covering returns the size of the whole photo at which every layout still has as many pixels
// as it shows.
func covering(wanted []layout, photo Photo) (width, height int) {
	for _, l := range wanted {
		width = max(width, (photo.Width*l.width+l.cropWidth-1)/l.cropWidth)
		height = max(height, (photo.Height*l.height+l.cropHeight-1)/l.cropHeight)
	}
	return width, height
}

// crop returns the part of a picture of the whole photo that a layout shows, as the two are
// stored. The picture may be smaller than the photo.
func (l layout) crop(picture image.Rectangle, width, height int) image.Rectangle {
	cropWidth := min(max(scaled(l.cropWidth, picture.Dx(), width), l.width), picture.Dx())
	cropHeight := min(max(scaled(l.cropHeight, picture.Dy(), height), l.height), picture.Dy())
	corner := picture.Min.Add(image.Pt((picture.Dx()-cropWidth)/2, (picture.Dy()-cropHeight)/2))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(cropWidth, cropHeight))}
}
