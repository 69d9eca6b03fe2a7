package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxHTML is the largest page, in bytes. Its 8,000 characters of Base64 fit a
// request to API Gateway, whose line and headers have 10,240 bytes together, and
// the 8,192 bytes of a URL that CloudFront takes
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html,
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html).
const maxHTML = 6000

// alphabet turns the URL alphabet of RFC 4648 into the standard one. A plus sign
// that nobody escaped arrives as a space.
var alphabet = strings.NewReplacer("-", "+", "_", "/", " ", "+")

// decode returns the UTF-8 text that q holds in Base64, with or without padding.
// Its errors are for the client.
func decode(q string) ([]byte, error) {
	digits := strings.TrimRight(q, "=")
	standard := alphabet.Replace(digits)
	if at := strings.IndexFunc(standard, notBase64); at >= 0 {
		return nil, fmt.Errorf("character %d is %q, which is not of Base64", at+1, []rune(standard[at:])[0])
	}
	if padding := len(q) - len(digits); padding > 2 || padding > 0 && len(q)%4 != 0 {
		return nil, fmt.Errorf("%d characters and %d of padding are not Base64: take the padding away, it is optional", len(digits), padding)
	}
	if n := base64.RawStdEncoding.DecodedLen(len(digits)); n > maxHTML {
		return nil, fmt.Errorf("it holds %d bytes, want at most %d", n, maxHTML)
	}
	html, err := base64.RawStdEncoding.Strict().DecodeString(standard)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its %d characters do not end in a whole byte: is the end missing?", len(digits))
	case len(html) == 0:
		return nil, errors.New("it is empty")
	case !utf8.Valid(html):
		return nil, errors.New("what it holds is not UTF-8")
	}
	return html, nil
}

func notBase64(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	return !letter && (r < '0' || r > '9') && r != '+' && r != '/'
}
