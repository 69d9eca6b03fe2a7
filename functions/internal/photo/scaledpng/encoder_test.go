package scaledpng

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
)

// drawing is a PNG file to be made. Its samples are noise.
type drawing struct {
	width, height, depth, colorType int
	interlaced                      bool
	filter                          int // 5 is each one after the other
	transparency                    []byte
	colors                          int // in the palette; 0 is as many as there can be
	split                           int // bytes of each IDAT; 0 is all in one
	seed                            uint64
}

func (d drawing) String() string {
	name := fmt.Sprintf("type %d, %d bits, filter %d, %dx%d", d.colorType, d.depth, d.filter, d.width, d.height)
	if d.interlaced {
		name += ", interlaced"
	}
	if d.transparency != nil {
		name += ", transparent"
	}
	return name
}

func (d drawing) config() Config {
	return Config{
		Width: d.width, Height: d.height, BitDepth: d.depth, ColorType: d.colorType,
		Interlaced: d.interlaced, Transparent: d.transparency != nil,
	}
}

// chunkOf is a chunk with its length and checksum.
func chunkOf(kind string, content []byte) []byte {
	result := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	result = append(append(result, kind...), content...)
	return binary.BigEndian.AppendUint32(result, crc32.ChecksumIEEE(result[4:]))
}

func fileOf(chunks ...[]byte) []byte {
	return append([]byte(signature), bytes.Join(chunks, nil)...)
}

func (d drawing) header() []byte {
	content := binary.BigEndian.AppendUint32(nil, uint32(d.width))
	content = binary.BigEndian.AppendUint32(content, uint32(d.height))
	interlaced := byte(0)
	if d.interlaced {
		interlaced = 1
	}
	return chunkOf("IHDR", append(content, byte(d.depth), byte(d.colorType), 0, 0, interlaced))
}

func (d drawing) paletteChunk() []byte {
	colors := d.colors
	if colors == 0 {
		colors = 1 << d.depth
	}
	content := make([]byte, 3*colors)
	for i := range content {
		content[i] = byte(i*53 + 7)
	}
	return chunkOf("PLTE", content)
}

// rows returns the filtered rows of a picture or of a pass.
func (d drawing) rows(random *rand.Rand, width, height int) []byte {
	pixel := max(d.config().channels()*d.depth/8, 1)
	above := make([]byte, d.config().rowBytes(width))
	var result []byte
	for y := range height {
		row := make([]byte, len(above))
		for i := range row {
			row[i] = byte(random.Uint32())
			if d.transparency != nil && d.colorType != Indexed && i%7 < 5 {
				// Some pixels are of the transparent colour.
				row[i] = d.transparency[(i%len(d.transparency))|boolBit(d.depth < 16)]
			}
		}
		filter := d.filter
		if filter == 5 {
			filter = y % 5
		}
		result = append(result, byte(filter))
		for i := range row {
			var left, corner byte
			if i >= pixel {
				left, corner = row[i-pixel], above[i-pixel]
			}
			result = append(result, row[i]-predicted(filter, left, above[i], corner))
		}
		above = row
	}
	return result
}

func boolBit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// predicted is section 9.2, as it is written there.
func predicted(filter int, left, up, corner byte) byte {
	switch filter {
	case filterSub:
		return left
	case filterUp:
		return up
	case filterAverage:
		return byte((int(left) + int(up)) / 2)
	case filterPaeth:
		a, b, c := int(left), int(up), int(corner)
		p := a + b - c
		pa, pb, pc := distance(p, a), distance(p, b), distance(p, c)
		switch {
		case pa <= pb && pa <= pc:
			return left
		case pb <= pc:
			return up
		}
		return corner
	}
	return 0
}

func distance(a, b int) int { return max(a-b, b-a) }

// pixelRows returns all rows, filtered.
func (d drawing) pixelRows() []byte {
	random := rand.New(rand.NewPCG(d.seed, 9))
	if !d.interlaced {
		return d.rows(random, d.width, d.height)
	}
	var result []byte
	for _, pass := range passes {
		width := (d.width - pass.x + pass.stepX - 1) / pass.stepX
		height := (d.height - pass.y + pass.stepY - 1) / pass.stepY
		if width > 0 && height > 0 {
			result = append(result, d.rows(random, width, height)...)
		}
	}
	return result
}

func compressed(rows []byte) []byte {
	var result bytes.Buffer
	w := zlib.NewWriter(&result)
	_, _ = w.Write(rows)
	_ = w.Close()
	return result.Bytes()
}

func (d drawing) dataChunks(content []byte) []byte {
	if d.split == 0 {
		return chunkOf("IDAT", content)
	}
	var result []byte
	for len(content) > 0 {
		n := min(d.split, len(content))
		result = append(result, chunkOf("IDAT", content[:n])...)
		content = content[n:]
	}
	return result
}

// encode returns the file.
func (d drawing) encode() []byte {
	chunks := [][]byte{d.header()}
	if d.colorType == Indexed {
		chunks = append(chunks, d.paletteChunk())
	}
	if d.transparency != nil {
		chunks = append(chunks, chunkOf("tRNS", d.transparency))
	}
	chunks = append(chunks, chunkOf("tEXt", []byte("Comment\x00"+strings.Repeat("x", 50))))
	chunks = append(chunks, d.dataChunks(compressed(d.pixelRows())), chunkOf("IEND", nil))
	return fileOf(chunks...)
}

// drawings returns a drawing of every colour type, depth and kind of transparency.
func drawings(width, height int) []drawing {
	var result []drawing
	for colorType, depths := range [][]int{
		Grayscale: {1, 2, 4, 8, 16}, TrueColor: {8, 16}, Indexed: {1, 2, 4, 8},
		GrayscaleAlpha: {8, 16}, TrueColorAlpha: {8, 16},
	} {
		for _, depth := range depths {
			d := drawing{width: width, height: height, depth: depth, colorType: colorType, filter: 5, seed: uint64(depth)}
			result = append(result, d)
			switch colorType {
			case Grayscale:
				d.transparency = []byte{0, 1}
				if depth == 16 {
					d.transparency = []byte{90, 1}
				}
			case TrueColor:
				d.transparency = []byte{0, 40, 0, 50, 0, 60}
				if depth == 16 {
					d.transparency = []byte{40, 41, 50, 51, 60, 61}
				}
			case Indexed:
				d.transparency = []byte{0, 128}
			default:
				continue
			}
			result = append(result, d)
		}
	}
	return result
}
