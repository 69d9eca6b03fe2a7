package scaledpng

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
)

// pixelData reads the content of consecutive IDAT chunks that have been checked.
type pixelData struct {
	data    []byte
	next    int // where the next chunk starts
	content []byte
}

// Read implements io.Reader.
func (p *pixelData) Read(buffer []byte) (int, error) {
	for len(p.content) == 0 {
		c, err := readChunk(p.data, p.next)
		if err != nil || c.kind() != "IDAT" {
			return 0, io.EOF
		}
		p.content, p.next = c.content, c.end
	}
	n := copy(buffer, p.content)
	p.content = p.content[n:]
	return n, nil
}

// rowReader reads rows of pixels, one after the other.
type rowReader struct {
	inflater io.ReadCloser
	pixel    int // bytes of a whole pixel, at least one: what filters look back
	// row and above have the filter type before the samples.
	row, above []byte
}

// bufferSize is how many compressed bytes are read at once.
const bufferSize = 32 << 10

func newRowReader(f *file) (*rowReader, error) {
	data := &pixelData{data: f.data, next: f.firstIDAT}
	inflater, err := zlib.NewReader(bufio.NewReaderSize(data, bufferSize))
	if err != nil {
		return nil, fmt.Errorf("png: the pixel data is not compressed by zlib: %w", err)
	}
	size := 1 + f.rowBytes(f.Width)
	return &rowReader{
		inflater: inflater,
		pixel:    max(f.channels()*f.BitDepth/8, 1),
		row:      make([]byte, size), above: make([]byte, size),
	}, nil
}

// restart begins a picture, or a pass, whose rows have the given bytes.
func (r *rowReader) restart(size int) {
	r.row, r.above = r.row[:1+size], r.above[:1+size]
	clear(r.row)
}

// next returns the samples of the next row. They are good until the next but one.
func (r *rowReader) next() ([]byte, error) {
	r.row, r.above = r.above, r.row
	if _, err := io.ReadFull(r.inflater, r.row); err != nil {
		return nil, pixelError(err)
	}
	if err := unfilter(r.row[0], r.row[1:], r.above[1:], r.pixel); err != nil {
		return nil, err
	}
	return r.row[1:], nil
}

// finish checks that there are no more rows, and the checksum of all of them.
func (r *rowReader) finish() error {
	switch n, err := io.ReadFull(r.inflater, make([]byte, 1)); {
	case n > 0:
		return errors.New("png: more pixel data than the picture has pixels")
	case err != io.EOF:
		return pixelError(err)
	}
	return nil
}

var errLess = errors.New("png: less pixel data than the picture has pixels")

func pixelError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errLess
	}
	return fmt.Errorf("png: damaged pixel data: %w", err)
}
