package photo

import (
	"encoding/binary"
	"image"
)

// average puts a frame on a transparent canvas and reduces the canvas to the average of
// factor x factor pixels each. The function row writes the frame's row y, as pixels of
// image.RGBA: colours are premultiplied.
func average(canvas, frame image.Rectangle, factor int, row func(y int, pixels []byte)) *image.RGBA {
	frame = frame.Intersect(canvas)
	width, height := (canvas.Dx()+factor-1)/factor, (canvas.Dy()+factor-1)/factor
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	pixels := make([]byte, 4*frame.Dx())
	sums := make([]uint32, 4*width)
	for y := range height {
		clear(sums)
		bottom := min((y+1)*factor, canvas.Dy())
		for line := max(y*factor, frame.Min.Y); line < min(bottom, frame.Max.Y); line++ {
			row(line-frame.Min.Y, pixels)
			addBlocks(sums, pixels, frame.Min.X, factor)
		}
		divideBlocks(dst.Pix[y*dst.Stride:], sums, bottom-y*factor, canvas.Dx(), factor)
	}
	return dst
}

// addBlocks adds a row of pixels, of which the first is in column left, to the sums of blocks.
func addBlocks(sums []uint32, pixels []byte, left, factor int) {
	for x := left; len(pixels) > 0; {
		count := min((x/factor+1)*factor-x, len(pixels)/4, mostLanes)
		addBlock(sums[x/factor*4:][:4], pixels[:4*count])
		pixels = pixels[4*count:]
		x += count
	}
}

// mostLanes is how many bytes can be summed up in 16 bits.
const mostLanes = 256

// addBlock adds up to mostLanes pixels, two channels in each word.
func addBlock(sum []uint32, pixels []byte) {
	const lanes = 0x00ff00ff
	var redBlue, greenAlpha uint32
	for ; len(pixels) >= 4; pixels = pixels[4:] {
		pixel := binary.LittleEndian.Uint32(pixels)
		redBlue += pixel & lanes
		greenAlpha += pixel >> 8 & lanes
	}
	sum[0] += redBlue & 0xffff
	sum[1] += greenAlpha & 0xffff
	sum[2] += redBlue >> 16
	sum[3] += greenAlpha >> 16
}

// divideBlocks writes averages of blocks of the given rows. The last block may be narrower.
func divideBlocks(dst []byte, sums []uint32, rows, width, factor int) {
	for i, sum := range sums {
		pixels := uint32(rows * min(factor, width-i/4*factor))
		dst[i] = uint8((sum + pixels/2) / pixels)
	}
}

// wholeFactor returns how many pixels of a photo can become one, so that at least two
// pixels for each of width x height are left to a better filter.
func wholeFactor(photoWidth, photoHeight, width, height int) int {
	return max(min(photoWidth/(2*width), photoHeight/(2*height)), 1)
}

// premultiplied writes pixels of image.NRGBA as those of image.RGBA.
func premultiplied(dst, src []byte) {
	for ; len(src) >= 4 && len(dst) >= 4; src, dst = src[4:], dst[4:] {
		a := uint32(src[3])
		if a == 255 {
			copy(dst[:4], src)
			continue
		}
		dst[0], dst[1], dst[2], dst[3] = multiplied(src[0], a), multiplied(src[1], a), multiplied(src[2], a), uint8(a)
	}
}
