package resample

import "image"

// Plane reduces samples of one channel to dstWidth x dstHeight. Strides are the bytes from
// one row to the next. A larger size than that of the source is interpolated.
//
// It panics if a side is not positive or a slice is too short for its size.
func Plane(dst []byte, dstStride, dstWidth, dstHeight int, src []byte, srcStride, srcWidth, srcHeight int) {
	reduce(plane{dst, dstStride}, plane{src, srcStride},
		whole(srcWidth, dstWidth), whole(srcHeight, dstHeight), 1)
}

// PlaneRGBA is Plane for pixels of four bytes: red, green and blue, all times alpha, then
// alpha, as in image.RGBA. No colour of the result exceeds its alpha.
func PlaneRGBA(dst []byte, dstStride, dstWidth, dstHeight int, src []byte, srcStride, srcWidth, srcHeight int) {
	reduce(plane{dst, dstStride}, plane{src, srcStride},
		whole(srcWidth, dstWidth), whole(srcHeight, dstHeight), 4)
}

// Gray returns src reduced to width x height, each limited to that of src.
func Gray(src *image.Gray, width, height int) *image.Gray {
	dst := image.NewGray(limit(src.Rect, width, height))
	if !dst.Rect.Empty() {
		Plane(dst.Pix, dst.Stride, dst.Rect.Dx(), dst.Rect.Dy(), src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy())
	}
	return dst
}

// RGBA returns src reduced to width x height, each limited to that of src.
func RGBA(src *image.RGBA, width, height int) *image.RGBA {
	dst := image.NewRGBA(limit(src.Rect, width, height))
	if !dst.Rect.Empty() {
		PlaneRGBA(dst.Pix, dst.Stride, dst.Rect.Dx(), dst.Rect.Dy(), src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy())
	}
	return dst
}

// YCbCr returns src reduced to width x height, each limited to that of src. The result is
// 4:2:0, whatever src is. Chroma samples are in the middle of the pixels that they are
// for, as in JPEG: JFIF 1.02, https://www.w3.org/Graphics/JPEG/jfif3.pdf. No coordinate of
// src may be negative.
func YCbCr(src *image.YCbCr, width, height int) *image.YCbCr {
	dst := image.NewYCbCr(limit(src.Rect, width, height), image.YCbCrSubsampleRatio420)
	width, height = dst.Rect.Dx(), dst.Rect.Dy()
	if dst.Rect.Empty() {
		return dst
	}
	Plane(dst.Y, dst.YStride, width, height, src.Y, src.YStride, src.Rect.Dx(), src.Rect.Dy())
	stepX, stepY := chromaSteps(src.SubsampleRatio)
	// The first chroma sample of src may begin before its first pixel.
	horizontal := newAxis(span{
		start: src.Rect.Min.X % stepX, length: src.Rect.Dx(), sourceStep: stepX,
		result: width, resultStep: 2,
	})
	vertical := newAxis(span{
		start: src.Rect.Min.Y % stepY, length: src.Rect.Dy(), sourceStep: stepY,
		result: height, resultStep: 2,
	})
	reduce(plane{dst.Cb, dst.CStride}, plane{src.Cb, src.CStride}, horizontal, vertical, 1)
	reduce(plane{dst.Cr, dst.CStride}, plane{src.Cr, src.CStride}, horizontal, vertical, 1)
	return dst
}

// whole is the span of a whole line of length source samples.
func whole(length, result int) axis {
	return newAxis(span{length: length, sourceStep: 1, result: result, resultStep: 1})
}

// limit returns the rectangle of a result that is no larger than its source.
func limit(source image.Rectangle, width, height int) image.Rectangle {
	if width <= 0 || height <= 0 {
		return image.Rectangle{}
	}
	return image.Rect(0, 0, min(width, source.Dx()), min(height, source.Dy()))
}

// chromaSteps returns how many pixels to the right and down a chroma sample is for.
func chromaSteps(ratio image.YCbCrSubsampleRatio) (x, y int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}
