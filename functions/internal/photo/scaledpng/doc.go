// Package scaledpng decodes PNG pictures at a reduced size, of which it never holds more
// than a row besides the reduced result: W3C PNG, https://www.w3.org/TR/png-3/.
//
// The picture is reduced by the largest whole factor n at which it still covers the size
// that is wanted: every pixel of the result is the average of n x n pixels, weighted by
// their alpha. Those on the right and lower edge average what is left. Gamma is not
// considered. Interlaced pictures are read pass by pass into the sums of the result.
//
// A picture is decoded whole or not at all. An error says what is wrong with the file:
// missing, repeated and misplaced chunks, wrong checksums of chunks that count and of the
// pixel data, and pixel data of another length than that of the picture. Bytes after IEND,
// and IDAT bytes after the end of the compressed data, are ignored, as are ancillary
// chunks other than tRNS, iCCP and eXIf.
package scaledpng
