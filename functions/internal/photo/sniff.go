package photo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// sniffed is how much of a file is looked at to see that it is text.
const sniffed = 1024

// sniff returns the format of the file: jpeg, png, gif or webp. Anything else is Rejected.
func sniff(data []byte) (string, error) {
	if len(data) == 0 {
		return "", &Rejected{Code: Empty, Reason: "the file is empty"}
	}
	switch {
	case starts(data, "\xff\xd8\xff"):
		return "jpeg", nil
	case starts(data, "\x89PNG\r\n\x1a\n"):
		return "png", nil
	case starts(data, "GIF87a"), starts(data, "GIF89a"):
		return "gif", nil
	case starts(data, "RIFF") && starts(data[min(8, len(data)):], "WEBP"):
		return "webp", nil
	}
	if name := otherPicture(data); name != "" {
		return "", &Rejected{Code: Unsupported,
			Reason: name + " is not supported: send a JPEG, PNG, GIF or WebP"}
	}
	if name := otherFile(data); name != "" {
		return "", &Rejected{Code: UnknownFormat, Reason: name + ", not a picture"}
	}
	return "", &Rejected{Code: UnknownFormat,
		Reason: fmt.Sprintf("unknown format, its first bytes are % x: send a JPEG, PNG, GIF or WebP", data[:min(8, len(data))])}
}

func starts(data []byte, magic string) bool {
	return bytes.HasPrefix(data, []byte(magic))
}

// The first bytes of other pictures and files.
var otherPictures = []struct{ magic, name string }{
	{"II*\x00", "TIFF"},
	{"MM\x00*", "TIFF"},
	{"II+\x00", "TIFF"},
	{"MM\x00+", "TIFF"},
	{"8BPS", "a Photoshop document"},
	{"\x00\x00\x01\x00", "an icon"},
	{"\xff\x0a", "JPEG XL"},
	{"\x00\x00\x00\x0cJXL ", "JPEG XL"},
	{"\x00\x00\x00\x0cjP  ", "JPEG 2000"},
	{"\xff\x4f\xff\x51", "JPEG 2000"},
	{"FUJIFILMCCD-RAW", "a camera's raw file"},
}

var otherFiles = []struct{ magic, name string }{
	{"%PDF-", "a PDF document"},
	{"PK\x03\x04", "a ZIP archive"},
	{"\x1f\x8b", "a gzip archive"},
	{"\x1a\x45\xdf\xa3", "a Matroska or WebM video"},
	{"OggS", "an Ogg recording"},
	{"ID3", "an MP3 recording"},
}

// otherPicture names the format of a picture that is not read.
func otherPicture(data []byte) string {
	for _, other := range otherPictures {
		if starts(data, other.magic) {
			return other.name
		}
	}
	switch {
	case starts(data, "BM") && len(data) >= 14 && binary.LittleEndian.Uint32(data[6:]) == 0:
		return "BMP"
	case isSVG(data):
		return "SVG"
	}
	return mediaPicture(data)
}

// otherFile names a kind of file that is not a picture.
func otherFile(data []byte) string {
	for _, other := range otherFiles {
		if starts(data, other.magic) {
			return other.name
		}
	}
	head := text(data)
	switch {
	case brands(data) != nil:
		return "an MP4 or QuickTime video"
	case strings.HasPrefix(head, "<!doctype html"), strings.HasPrefix(head, "<html"):
		return "an HTML page"
	case head != "":
		return "text"
	}
	return ""
}

// mediaPicture names a picture in the container of MP4, ISO/IEC 14496-12, by its brands:
// https://mp4ra.org/registered-types/brands
func mediaPicture(data []byte) string {
	for _, brand := range brands(data) {
		switch brand {
		case "avif", "avis":
			return "AVIF"
		case "heic", "heix", "heim", "heis", "hevc", "hevx":
			return "HEIC"
		case "crx ":
			return "a camera's raw file"
		}
	}
	if slices.Contains(brands(data), "mif1") || slices.Contains(brands(data), "msf1") {
		return "HEIF"
	}
	return ""
}

// brands returns the brands in the ftyp box at the start of an MP4 or a relative of it.
func brands(data []byte) []string {
	if len(data) < 12 || string(data[4:8]) != "ftyp" {
		return nil
	}
	box := data[8:min(max(int(binary.BigEndian.Uint32(data)), 12), len(data), sniffed)]
	result := []string{string(box[:4])}
	// The number after the major brand is its version.
	for i := 8; i+4 <= len(box); i += 4 {
		result = append(result, string(box[i:i+4]))
	}
	return result
}

func isSVG(data []byte) bool {
	head := text(data)
	return strings.HasPrefix(head, "<svg") ||
		(strings.HasPrefix(head, "<?xml") || strings.HasPrefix(head, "<!--") || strings.HasPrefix(head, "<!doctype svg")) &&
			strings.Contains(head, "<svg")
}

// text returns the start of a text in lower case, without space in front of it, and nothing
// of what is not text.
func text(data []byte) string {
	head := data[:min(len(data), sniffed)]
	if starts(head, "\xff\xfe") || starts(head, "\xfe\xff") {
		return "utf-16"
	}
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	for i := 0; i < len(head); {
		r, size := utf8.DecodeRune(head[i:])
		// The last character may be cut.
		broken := r == utf8.RuneError && size == 1 && utf8.FullRune(head[i:])
		if broken || r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r) {
			return ""
		}
		i += size
	}
	return strings.ToLower(strings.TrimSpace(string(head)))
}
