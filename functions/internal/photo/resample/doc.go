// Package resample reduces pictures of 8-bit samples to an exact size.
//
// The filter is the cubic of Catmull and Rom, widened by the ratio of the reduction, so
// that every source sample counts. It is separable: the columns are reduced first, four
// rows of the result at a time, and these rows then along their length. Only these four
// rows are in memory besides the source and the result. The weights are in parts of 128,
// which lets one 64-bit word reduce four samples at once. Those of a sample of the result
// add up to exactly one: a flat picture stays exactly flat, and the mirrored source gives
// the mirrored result.
//
// Samples are squares, as in every picture file: the edges of the result lie exactly on
// those of the source, and nothing is shifted by half a sample. Beyond the edge of the
// source nothing is made up: the weights inside are raised to one.
//
// Pictures are never enlarged: the width and the height asked of YCbCr, Gray and RGBA
// are each limited to those of the source. To reduce a part of a picture, pass its
// SubImage: no sample outside of it is read. A chroma sample on its edge, though, is
// for pixels on both sides.
package resample
