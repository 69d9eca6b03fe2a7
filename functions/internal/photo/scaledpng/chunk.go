package scaledpng

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

const signature = "\x89PNG\r\n\x1a\n"

// chunk is one chunk, section 5.3.
type chunk struct {
	// body is the type, of four bytes, and the content.
	body, content []byte
	checksum      uint32
	end           int // where the next chunk starts
}

func (c chunk) kind() string { return string(c.body[:4]) }

// intact tells that the checksum is right.
func (c chunk) intact() bool { return crc32.ChecksumIEEE(c.body) == c.checksum }

// critical tells that the picture cannot be shown without knowing the chunk.
func (c chunk) critical() bool { return c.body[0]&0x20 == 0 }

// readChunk reads the chunk that starts at an offset of data.
func readChunk(data []byte, at int) (chunk, error) {
	rest := data[at:]
	if len(rest) < 8 {
		return chunk{}, fmt.Errorf("png: the file ends after %d bytes, without IEND", len(data))
	}
	length := binary.BigEndian.Uint32(rest)
	for _, letter := range rest[4:8] {
		if letter|0x20 < 'a' || letter|0x20 > 'z' {
			return chunk{}, fmt.Errorf("png: %q at byte %d is no chunk type", rest[4:8], at)
		}
	}
	if length > math.MaxInt32 || uint64(length) > uint64(max(len(rest)-12, 0)) || len(rest) < 12 {
		return chunk{}, fmt.Errorf("png: the file ends within chunk %s at byte %d", rest[4:8], at)
	}
	end := 8 + int(length)
	return chunk{
		body: rest[4:end], content: rest[8:end],
		checksum: binary.BigEndian.Uint32(rest[end:]),
		end:      at + end + 4,
	}, nil
}

// file is a PNG file, read up to its first IDAT.
type file struct {
	Config
	data         []byte
	palette      []byte // three bytes per colour
	transparency []byte // the content of tRNS
	profile      []byte // the content of iCCP
	firstIDAT    int    // where that chunk starts
}

// readHeader reads the chunks before the first IDAT.
func readHeader(data []byte) (*file, error) {
	if len(data) < len(signature) || string(data[:len(signature)]) != signature {
		return nil, fmt.Errorf("png: the file starts with %q, not with the signature of PNG", data[:min(len(data), 8)])
	}
	f := &file{data: data}
	for at, first := len(signature), true; ; first = false {
		c, err := readChunk(data, at)
		if err != nil {
			return nil, err
		}
		if first != (c.kind() == "IHDR") {
			return nil, fmt.Errorf("png: chunk %s at byte %d: the first chunk is IHDR, and no other", c.body[:4], at)
		}
		if (c.critical() || c.kind() == "tRNS") && !c.intact() {
			return nil, fmt.Errorf("png: wrong checksum of chunk %s at byte %d", c.body[:4], at)
		}
		if c.kind() == "IDAT" {
			f.firstIDAT = at
			return f, f.checkPalette()
		}
		if err := f.readHeaderChunk(c); err != nil {
			return nil, err
		}
		at = c.end
	}
}

// readHeaderChunk reads a chunk before the first IDAT.
func (f *file) readHeaderChunk(c chunk) error {
	switch c.kind() {
	case "IHDR":
		return f.readIHDR(c.content)
	case "PLTE":
		return f.readPLTE(c.content)
	case "tRNS":
		return f.readTRNS(c.content)
	case "IEND":
		return fmt.Errorf("png: IEND without IDAT: the file has no pixel data")
	case "iCCP":
		if f.profile == nil && c.intact() {
			f.profile = c.content
		}
	case "eXIf":
		if f.EXIF == nil && c.intact() {
			f.EXIF = c.content
		}
	default:
		return unknown(c)
	}
	return nil
}

// unknown returns an error for chunks without which the picture cannot be shown.
func unknown(c chunk) error {
	if c.critical() {
		return fmt.Errorf("png: unknown critical chunk %s", c.body[:4])
	}
	return nil
}

func (f *file) readIHDR(content []byte) error {
	if len(content) != 13 {
		return fmt.Errorf("png: IHDR has %d bytes, not 13", len(content))
	}
	f.Width = int(binary.BigEndian.Uint32(content))
	f.Height = int(binary.BigEndian.Uint32(content[4:]))
	f.BitDepth, f.ColorType = int(content[8]), int(content[9])
	f.Interlaced = content[12] == 1
	if content[10] != 0 || content[11] != 0 || content[12] > 1 {
		return fmt.Errorf("png: compression %d, filter %d, interlace %d: there is no such method", content[10], content[11], content[12])
	}
	return f.check()
}

// readPLTE reads section 11.2.2.
func (f *file) readPLTE(content []byte) error {
	switch colors := len(content) / 3; {
	case f.palette != nil:
		return fmt.Errorf("png: a second PLTE")
	case f.transparency != nil:
		return fmt.Errorf("png: PLTE after tRNS")
	case f.ColorType == Grayscale || f.ColorType == GrayscaleAlpha:
		return fmt.Errorf("png: PLTE in a picture of grays")
	case len(content)%3 != 0 || colors < 1 || colors > 256 || f.ColorType == Indexed && colors > 1<<f.BitDepth:
		return fmt.Errorf("png: PLTE of %d bytes in a picture of %d bits", len(content), f.BitDepth)
	}
	f.palette = content
	return nil
}

// readTRNS reads section 11.3.1.1.
func (f *file) readTRNS(content []byte) error {
	if f.transparency != nil {
		return fmt.Errorf("png: a second tRNS")
	}
	fits := false
	switch f.ColorType {
	case Grayscale:
		fits = len(content) == 2
	case TrueColor:
		fits = len(content) == 6
	case Indexed:
		fits = len(content) > 0 && len(content) <= len(f.palette)/3
	}
	if !fits {
		return fmt.Errorf("png: tRNS of %d bytes in a picture of colour type %d and %d palette colours", len(content), f.ColorType, len(f.palette)/3)
	}
	f.transparency, f.Transparent = content, true
	return nil
}

func (f *file) checkPalette() error {
	if f.ColorType == Indexed && f.palette == nil {
		return fmt.Errorf("png: IDAT without PLTE before it, in a picture with a palette")
	}
	return nil
}

// checkRest checks the chunks from the first IDAT on, and returns the bytes in all IDAT.
func (f *file) checkRest() (size int, err error) {
	ended := false
	for at := f.firstIDAT; ; {
		c, err := readChunk(f.data, at)
		if err != nil {
			return 0, err
		}
		if c.critical() && !c.intact() {
			return 0, fmt.Errorf("png: wrong checksum of chunk %s at byte %d", c.body[:4], at)
		}
		switch c.kind() {
		case "IDAT":
			if ended {
				return 0, fmt.Errorf("png: chunk IDAT at byte %d comes after other chunks", at)
			}
			size += len(c.content)
		case "IEND":
			if len(c.content) != 0 {
				return 0, fmt.Errorf("png: IEND has %d bytes, not 0", len(c.content))
			}
			return size, nil
		case "IHDR", "PLTE", "tRNS":
			return 0, fmt.Errorf("png: chunk %s at byte %d comes after IDAT", c.body[:4], at)
		default:
			if err := unknown(c); err != nil {
				return 0, err
			}
		}
		ended = ended || c.kind() != "IDAT"
		at = c.end
	}
}
