package scaledjpeg

import "bytes"

// The names that application segments begin with.
var (
	jfifName  = []byte("JFIF\x00")        // https://www.w3.org/Graphics/JPEG/jfif3.pdf
	exifName  = []byte("Exif\x00\x00")    // CIPA DC-008, section 4.7.2
	iccName   = []byte("ICC_PROFILE\x00") // ICC.1:2022, annex B.4
	adobeName = []byte("Adobe")           // https://www.itu.int/rec/T-REC-T.872, section 6.5.3
)

// application notes what the application segments say.
func (p *parser) application(marker byte, body []byte) {
	switch {
	case marker == app0 && bytes.HasPrefix(body, jfifName):
		p.jfif = true
	case marker == app1 && p.config.EXIF == nil && bytes.HasPrefix(body, exifName):
		p.config.EXIF = body[len(exifName):]
	case marker == app2 && len(p.profiles) < 255 && bytes.HasPrefix(body, iccName):
		p.profiles = append(p.profiles, body[len(iccName):])
	case marker == app14 && len(body) >= 12 && bytes.HasPrefix(body, adobeName):
		p.adobe, p.transform = true, body[11]
	}
}

// profile puts the chunks of the ICC profile together. Each begins with its number, from 1,
// and how many there are.
func (p *parser) profile() []byte {
	chunks := make([][]byte, len(p.profiles))
	for _, chunk := range p.profiles {
		if len(chunk) < 2 || int(chunk[1]) != len(chunks) {
			return nil
		}
		i := int(chunk[0]) - 1
		if i < 0 || i >= len(chunks) || chunks[i] != nil {
			return nil
		}
		chunks[i] = chunk[2:]
	}
	switch len(chunks) {
	case 0:
		return nil
	case 1:
		return chunks[0]
	}
	return bytes.Join(chunks, nil)
}

// isRGB tells whether the components are red, green and blue. JFIF knows only YCbCr; the
// transform 0 of Adobe means none; without either the identifiers tell.
func (p *parser) isRGB() bool {
	switch {
	case p.config.Components != 3, p.jfif:
		return false
	case p.adobe:
		return p.transform == 0
	}
	return string(p.identifiers[:3]) == "RGB"
}
