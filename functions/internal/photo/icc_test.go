package photo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"
)

// tag is one of a profile.
type tag struct {
	name string
	body []byte
}

// profile returns an ICC profile.
func profile(space, connection string, tags ...tag) []byte {
	result := make([]byte, profileHeader)
	copy(result[8:], "\x02\x40\x00\x00mntr")
	copy(result[16:], space+connection)
	copy(result[36:], "acsp")
	// The illuminant D50.
	for i, value := range []float64{0.9642, 1, 0.8249} {
		binary.BigEndian.PutUint32(result[68+4*i:], s15Fixed16(value))
	}
	result = binary.BigEndian.AppendUint32(result, uint32(len(tags)))
	offset := len(result) + 12*len(tags)
	for _, t := range tags {
		result = append(result, t.name...)
		result = binary.BigEndian.AppendUint32(result, uint32(offset))
		result = binary.BigEndian.AppendUint32(result, uint32(len(t.body)))
		offset += len(t.body)
	}
	for _, t := range tags {
		result = append(result, t.body...)
	}
	binary.BigEndian.PutUint32(result, uint32(len(result)))
	return result
}

func s15Fixed16(value float64) uint32 {
	return uint32(int32(math.Round(value * 65536)))
}

func xyz(x, y, z float64) []byte {
	body := []byte("XYZ \x00\x00\x00\x00")
	for _, value := range []float64{x, y, z} {
		body = binary.BigEndian.AppendUint32(body, s15Fixed16(value))
	}
	return body
}

// curv returns a curve of samples; of one it is an exponent in parts of 256.
func curv(samples ...uint16) []byte {
	body := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), uint32(len(samples)))
	for _, sample := range samples {
		body = binary.BigEndian.AppendUint16(body, sample)
	}
	return append(body, make([]byte, len(body)%4)...)
}

func para(kind uint16, parameters ...float64) []byte {
	body := binary.BigEndian.AppendUint16([]byte("para\x00\x00\x00\x00"), kind)
	body = append(body, 0, 0)
	for _, parameter := range parameters {
		body = binary.BigEndian.AppendUint32(body, s15Fixed16(parameter))
	}
	return body
}

// rgb returns a profile of primaries, under D50, and one curve.
func rgb(red, green, blue [3]float64, curve []byte) []byte {
	return profile("RGB ", "XYZ ",
		tag{"wtpt", xyz(0.9642, 1, 0.8249)},
		tag{"rXYZ", xyz(red[0], red[1], red[2])}, tag{"gXYZ", xyz(green[0], green[1], green[2])}, tag{"bXYZ", xyz(blue[0], blue[1], blue[2])},
		tag{"rTRC", curve}, tag{"gTRC", curve}, tag{"bTRC", curve})
}

var (
	srgbCurve = para(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
	srgb      = rgb([3]float64{0.43607, 0.22249, 0.01392}, [3]float64{0.38515, 0.71687, 0.09708}, [3]float64{0.14307, 0.06061, 0.71410}, srgbCurve)
	displayP3 = rgb([3]float64{0.51512, 0.24120, -0.00105}, [3]float64{0.29198, 0.69225, 0.04189}, [3]float64{0.15710, 0.06657, 0.78407}, srgbCurve)
	adobeRGB  = rgb([3]float64{0.60974, 0.31111, 0.01947}, [3]float64{0.20528, 0.62567, 0.06087}, [3]float64{0.14919, 0.06322, 0.74457}, curv(563))
	proPhoto  = rgb([3]float64{0.79767, 0.28804, 0}, [3]float64{0.13519, 0.71188, 0}, [3]float64{0.03134, 0.00009, 0.82491}, curv(461))
)

// withProfile returns a PNG of one colour.
func withProfile(t testing.TB, c color.RGBA, icc []byte) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 4, 4))
	for y := range 4 {
		for x := range 4 {
			m.SetRGBA(x, y, c)
		}
	}
	var file, body bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Fatal(err)
	}
	body.WriteString("iCCPa\x00\x00")
	deflater := zlib.NewWriter(&body)
	if _, err := deflater.Write(icc); err != nil {
		t.Fatal(err)
	}
	if err := deflater.Close(); err != nil {
		t.Fatal(err)
	}
	const header = 8 + 25
	result := bytes.Clone(file.Bytes()[:header])
	result = binary.BigEndian.AppendUint32(result, uint32(body.Len()-4))
	result = append(result, body.Bytes()...)
	result = binary.BigEndian.AppendUint32(result, crc32.ChecksumIEEE(body.Bytes()))
	return append(result, file.Bytes()[header:]...)
}

func TestProfilesBecomeSRGB(t *testing.T) {
	// The expected values are those of Little CMS, relative colorimetric.
	tests := []struct {
		name    string
		profile []byte
		from    color.RGBA
		want    color.RGBA
	}{
		{"sRGB", srgb, color.RGBA{100, 150, 200, 255}, color.RGBA{100, 150, 200, 255}},
		{"Display P3", displayP3, color.RGBA{100, 150, 200, 255}, color.RGBA{83, 152, 205, 255}},
		{"Display P3, orange", displayP3, color.RGBA{200, 100, 50, 255}, color.RGBA{215, 93, 31, 255}},
		{"Display P3, gray", displayP3, color.RGBA{128, 128, 128, 255}, color.RGBA{128, 128, 128, 255}},
		{"Display P3, dark", displayP3, color.RGBA{20, 30, 10, 255}, color.RGBA{17, 30, 7, 255}},
		{"Display P3, more red than sRGB has", displayP3, color.RGBA{255, 0, 0, 255}, color.RGBA{255, 0, 0, 255}},
		{"Adobe RGB", adobeRGB, color.RGBA{100, 150, 200, 255}, color.RGBA{66, 151, 203, 255}},
		{"Adobe RGB, orange", adobeRGB, color.RGBA{200, 100, 50, 255}, color.RGBA{227, 100, 42, 255}},
		{"Adobe RGB, dark", adobeRGB, color.RGBA{20, 30, 10, 255}, color.RGBA{5, 24, 1, 255}},
		{"ProPhoto", proPhoto, color.RGBA{100, 150, 200, 255}, color.RGBA{0, 175, 216, 255}},
		{"ProPhoto, gray", proPhoto, color.RGBA{128, 128, 128, 255}, color.RGBA{146, 146, 146, 255}},
		{"a table", profile("RGB ", "XYZ ", tag{"A2B0", make([]byte, 40)}), color.RGBA{100, 150, 200, 255}, color.RGBA{100, 150, 200, 255}},
		{"CMYK", profile("CMYK", "Lab "), color.RGBA{100, 150, 200, 255}, color.RGBA{100, 150, 200, 255}},
		{"gray", profile("GRAY", "XYZ ", tag{"kTRC", curv(256)}), color.RGBA{100, 150, 200, 255}, color.RGBA{100, 150, 200, 255}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, thumbnail := one(t, withProfile(t, test.from, test.profile), Size{Width: 4}, Output{Format: PNG})
			if got := decodeThumbnail(t, thumbnail.Data, PNG).RGBAAt(1, 1); far(got, test.want) > 1 {
				t.Errorf("%v is %v, want %v", test.from, got, test.want)
			}
		})
	}
}

func TestProfileOfTransparentColours(t *testing.T) {
	c := newConversion(displayP3)
	pixel := []byte{50, 75, 100, 128} // half of 100, 150, 200
	c.convertPixel(pixel)
	if want := []byte{42, 76, 102, 128}; !bytes.Equal(pixel, want) {
		t.Errorf("%v, want %v", pixel, want)
	}
	nothing := make([]byte, 4)
	c.convertPixel(nothing)
	if !bytes.Equal(nothing, make([]byte, 4)) {
		t.Errorf("nothing became %v", nothing)
	}
}

func TestGrayProfile(t *testing.T) {
	linear := profile("GRAY", "XYZ ", tag{"kTRC", curv()})
	c := newConversion(linear)
	m := image.NewGray(image.Rect(0, 0, 1, 1))
	m.Pix[0] = 55
	// 55/255 is the light of sRGB's 128.
	if got := c.apply(m).(*image.Gray).Pix[0]; got != 128 {
		t.Errorf("55 is %d, want 128", got)
	}
	if m := image.NewRGBA(image.Rect(0, 0, 1, 1)); c.apply(m) != m {
		t.Error("colours were changed by a profile of gray")
	}
}

// A photo of Display P3 shows the same as one of sRGB, and would not without its profile.
func TestDisplayP3Photo(t *testing.T) {
	size, out := Size{Width: 80}, Output{Format: PNG}
	_, want := one(t, read(t, "srgb.jpg"), size, out)
	_, got := one(t, read(t, "p3.jpg"), size, out)
	_, ignored := one(t, bytes.Replace(read(t, "p3.jpg"), []byte("ICC_PROFILE"), []byte("ICC_IGNORED"), 1), size, out)
	right := psnr(t, decodeThumbnail(t, got.Data, PNG), decodeThumbnail(t, want.Data, PNG))
	wrong := psnr(t, decodeThumbnail(t, ignored.Data, PNG), decodeThumbnail(t, want.Data, PNG))
	if right < 35 || wrong > right-5 {
		t.Errorf("%.1f dB like sRGB, %.1f dB without the profile", right, wrong)
	}
}

func TestProfilesLikeSRGBAreLeftAlone(t *testing.T) {
	for name, icc := range map[string][]byte{
		"sRGB":           srgb,
		"sRGB of a file": mustJPEG(t, read(t, "srgb.jpg")).icc,
		"gray of sRGB":   profile("GRAY", "XYZ ", tag{"kTRC", srgbCurve}),
	} {
		if len(icc) == 0 {
			t.Errorf("%s: there is none", name)
		}
		if newConversion(icc) != nil {
			t.Errorf("%s is converted", name)
		}
	}
}

func mustJPEG(t testing.TB, data []byte) file {
	t.Helper()
	f, err := readJPEG(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCurves(t *testing.T) {
	tests := []struct {
		name string
		body []byte
		want [3]float64 // at 0, 0.5 and 1
	}{
		{"none is linear", curv(), [3]float64{0, 0.5, 1}},
		{"an exponent of two", curv(512), [3]float64{0, 0.25, 1}},
		{"two samples", curv(0, 65535), [3]float64{0, 0.5, 1}},
		{"three samples", curv(0, 6554, 65535), [3]float64{0, 0.1, 1}},
		{"X^g", para(0, 2), [3]float64{0, 0.25, 1}},
		{"(aX+b)^g above -b/a", para(1, 2, 2, -1), [3]float64{0, 0, 1}},
		{"(aX+b)^g+c", para(2, 2, 2, -1, 0.25), [3]float64{0.25, 0.25, 1.25}},
		{"cX below d", para(3, 2, 1, 0, 0.5, 0.6), [3]float64{0, 0.25, 1}},
		{"cX+f below d", para(4, 2, 1, 0, 0.5, 0.6, 0.125, 0.25), [3]float64{0.25, 0.5, 1.125}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			curve := parseCurve(test.body)
			for i, want := range test.want {
				if got := curve(float64(i) / 2); math.Abs(got-want) > 0.0001 {
					t.Errorf("%v is %v, want %v", float64(i)/2, got, want)
				}
			}
		})
	}
	for name, body := range map[string][]byte{
		"nothing":              nil,
		"another type":         []byte("mft2\x00\x00\x00\x00\x00\x00\x00\x00"),
		"more than there is":   curv(1, 2, 3, 4)[:16],
		"an unknown function":  para(5, 1, 1, 1, 1, 1, 1, 1),
		"too few parameters":   para(3, 2.4, 1),
		"four billion samples": []byte("curv\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00"),
	} {
		if parseCurve(body) != nil {
			t.Errorf("%s is a curve", name)
		}
	}
}

func TestBrokenProfilesAreIgnored(t *testing.T) {
	for cut := range len(displayP3) {
		newConversion(displayP3[:cut])
	}
	beyond := bytes.Clone(displayP3)
	for i := profileHeader + 4; i < profileHeader+4+7*12; i += 12 {
		binary.BigEndian.PutUint32(beyond[i+4:], 0xfffffff0)
	}
	notNumber := rgb([3]float64{1, 0, 0}, [3]float64{0, 1, 0}, [3]float64{0, 0, 1}, para(3, -2, 0, -1, 0, 0))
	if newConversion(beyond) != nil {
		t.Error("tags behind the end were read")
	}
	newConversion(notNumber)
}
