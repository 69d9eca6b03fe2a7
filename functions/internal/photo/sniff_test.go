package photo

import (
	"errors"
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	box := func(brands string) string { return "\x00\x00\x00" + string(rune(8+len(brands))) + "ftyp" + brands }
	tests := []struct {
		name, data   string
		format, code string
		reason       string
	}{
		{"JPEG", "\xff\xd8\xff\xe0", "jpeg", "", ""},
		{"PNG", "\x89PNG\r\n\x1a\n", "png", "", ""},
		{"GIF of 1987", "GIF87a", "gif", "", ""},
		{"GIF of 1989", "GIF89a", "gif", "", ""},
		{"WebP", "RIFF\x04\x00\x00\x00WEBP", "webp", "", ""},

		{"nothing", "", "", Empty, "the file is empty"},
		{"one byte", "\xff", "", UnknownFormat, "unknown format, its first bytes are ff"},
		{"half a signature", "\x89PNG", "", UnknownFormat, "unknown format"},
		{"WAVE", "RIFF\x04\x00\x00\x00WAVE", "", UnknownFormat, "unknown format"},
		{"noise", "\x13\x37\x00\x01\x02", "", UnknownFormat, "unknown format, its first bytes are 13 37 00 01 02"},

		{"TIFF", "II*\x00\x08\x00\x00\x00", "", Unsupported, "TIFF is not supported"},
		{"TIFF of big bytes first", "MM\x00*\x00\x00\x00\x08", "", Unsupported, "TIFF is not supported"},
		{"BMP", "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00", "", Unsupported, "BMP is not supported"},
		{"HEIC", box("heic\x00\x00\x00\x00mif1heic"), "", Unsupported, "HEIC is not supported: send a JPEG"},
		{"HEIC by a compatible brand", box("mif1\x00\x00\x00\x00mif1heic"), "", Unsupported, "HEIC is not supported"},
		{"AVIF by a compatible brand", box("mif1\x00\x00\x00\x00mif1avif"), "", Unsupported, "AVIF is not supported"},
		{"HEIF of an unknown codec", box("mif1\x00\x00\x00\x00mif1"), "", Unsupported, "HEIF is not supported"},
		{"HEIC whose box is cut", box("heic\x00\x00\x00\x00mif1heic")[:16], "", Unsupported, "HEIC is not supported"},
		{"JPEG XL", "\x00\x00\x00\x0cJXL \r\n\x87\n", "", Unsupported, "JPEG XL is not supported"},
		{"JPEG 2000", "\x00\x00\x00\x0cjP  \r\n\x87\n", "", Unsupported, "JPEG 2000 is not supported"},
		{"Photoshop", "8BPS\x00\x01", "", Unsupported, "a Photoshop document is not supported"},
		{"icon", "\x00\x00\x01\x00\x01\x00", "", Unsupported, "an icon is not supported"},
		{"SVG", "<svg xmlns='http://www.w3.org/2000/svg'/>", "", Unsupported, "SVG is not supported"},
		{"SVG behind a declaration", "\ufeff<?xml version='1.0'?>\n<!-- x -->\n<SVG>", "", Unsupported, "SVG is not supported"},

		{"MP4", box("isom\x00\x00\x02\x00isommp42"), "", UnknownFormat, "an MP4 or QuickTime video, not a picture"},
		{"QuickTime", box("qt  \x00\x00\x00\x00"), "", UnknownFormat, "an MP4 or QuickTime video, not a picture"},
		{"PDF", "%PDF-1.7\n", "", UnknownFormat, "a PDF document, not a picture"},
		{"ZIP", "PK\x03\x04\x14\x00", "", UnknownFormat, "a ZIP archive, not a picture"},
		{"HTML", "  <!DOCTYPE html><html>", "", UnknownFormat, "an HTML page, not a picture"},
		{"an error of a server", "<html><body>404", "", UnknownFormat, "an HTML page, not a picture"},
		{"text", "this is not a picture\n", "", UnknownFormat, "text, not a picture"},
		{"text that begins like BMP", "BMW, a car of Munich", "", UnknownFormat, "text, not a picture"},
		{"XML", "<?xml version='1.0'?><Error/>", "", UnknownFormat, "text, not a picture"},
		{"UTF-16", "\xff\xfeh\x00i\x00", "", UnknownFormat, "text, not a picture"},
		{"text cut within a character", strings.Repeat("ä", sniffed/2-1) + "a" + "ä", "", UnknownFormat, "text, not a picture"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			format, err := sniff([]byte(test.data))
			if format != test.format {
				t.Errorf("format %q, want %q", format, test.format)
			}
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			rejected, ok := errors.AsType[*Rejected](err)
			if !ok || rejected.Code != test.code || !strings.Contains(rejected.Reason, test.reason) {
				t.Errorf("%#v, want %s, %q", err, test.code, test.reason)
			}
		})
	}
}
