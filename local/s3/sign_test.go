package s3_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/noidle/noidle/local/s3"
)

// request sends a request without the SDK, and returns the status and body.
func request(t testing.TB, method, url, body string, header http.Header) (status int, answer string, answered http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header.Clone()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

// Anybody with a presigned URL may do what it says, as who signed it
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
func TestPresigned(t *testing.T) {
	w := newWorld(t, photos)
	p := sdk.NewPresignClient(w.function(), sdk.WithPresignExpires(time.Minute))
	upload, err := p.PresignPutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("in/a cat+1.jpg"), ContentType: new("image/jpeg")})
	if err != nil {
		t.Fatal(err)
	}
	read, err := p.PresignGetObject(t.Context(), &sdk.GetObjectInput{Bucket: new("photos"), Key: new("in/a cat+1.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	// Real time goes on while the test does: the signature is from an hour ago.
	late, err := sdk.NewPresignClient(w.function(), sdk.WithPresignExpires(time.Minute)).PresignGetObject(t.Context(), &sdk.GetObjectInput{Bucket: new("photos"), Key: new("in/a cat+1.jpg")},
		func(o *sdk.PresignOptions) { o.Presigner = hourAgo{o.Presigner} })
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name        string
		method, url string
		header      http.Header
		denied      bool
		status      int
		want        string
	}{
		{"put", "PUT", upload.URL, http.Header{"Content-Type": {"image/jpeg"}}, false, 200, ""},
		{"put something else", "PUT", upload.URL, http.Header{"Content-Type": {"text/plain"}}, false, 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"get", "GET", read.URL, nil, false, 200, "meow"},
		{"wrong method", "DELETE", read.URL, nil, false, 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"another object", "GET", strings.Replace(read.URL, "cat", "dog", 1), nil, false, 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"longer", "GET", strings.Replace(read.URL, "X-Amz-Expires=60", "X-Amz-Expires=600", 1), nil, false, 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"too late", "GET", late.URL, nil, false, 403, "<Code>AccessDenied</Code><Message>Request has expired"},
		{"who signed may not", "GET", read.URL, nil, true, 403, "<Code>AccessDenied</Code>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.allow = func(string) bool { return !tt.denied }
			status, answer, _ := request(t, tt.method, tt.url, "meow", tt.header)
			if status != tt.status || !strings.Contains(answer, tt.want) {
				t.Errorf("status %d, want %d: %s, want %s in it", status, tt.status, answer, tt.want)
			}
		})
	}
}

func TestSignatures(t *testing.T) {
	w := newWorld(t, photos)
	tests := []struct{ name, key, secret, want string }{
		{"the administrator", "local", "local", "<nil>"},
		{"with any key", "AKIATEST", "AKIATEST", "<nil>"},
		{"with another secret", "local", "other", "SignatureDoesNotMatch"},
		{"the function", functionKey, functionSecret, "<nil>"},
		{"the function with another secret", functionKey, functionKey, "SignatureDoesNotMatch"},
		{"a function that is not there", nobodysKey, nobodysKey, "InvalidAccessKeyId"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.as(tt.key, tt.secret).ListObjectsV2(t.Context(), &sdk.ListObjectsV2Input{Bucket: new("photos")})
			if code(err) != tt.want {
				t.Errorf("ListObjectsV2 = %v, want %s", err, tt.want)
			}
		})
	}
}

// Requests without a signature are anybody's, and need a policy that lets in
// anybody, in a bucket that does not block that.
func TestUnsigned(t *testing.T) {
	w := newWorld(t, photos, s3.Bucket{Name: "public", Public: true})
	put(t, w.client(), "cat", "meow")
	if _, err := w.client().PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("public"), Key: new("cat"), Body: strings.NewReader("meow")}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, method, path string
		header             http.Header
		allowed            bool
		status             int
		want               string
	}{
		{"let in", "GET", "/public/cat", nil, true, 200, "meow"},
		{"put", "PUT", "/public/dog", nil, true, 200, ""},
		{"list", "GET", "/public?list-type=2", nil, true, 200, "<Key>cat</Key>"},
		{"not let in", "GET", "/public/cat", nil, false, 403, "<Code>AccessDenied</Code>"},
		{"blocked", "GET", "/photos/cat", nil, true, 403, "blocks public access"},
		{"a form", "POST", "/photos", http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, true, 501, "POST of this resource is not supported locally"},
		{"no bucket", "GET", "/nothing", nil, true, 403, "MissingAuthenticationToken"},
		{"no path", "GET", "/", nil, true, 403, "MissingAuthenticationToken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.allow = func(string) bool { return tt.allowed }
			status, answer, _ := request(t, tt.method, w.url+tt.path, "", tt.header)
			if status != tt.status || !strings.Contains(answer, tt.want) {
				t.Errorf("status %d, want %d: %s, want %s in it", status, tt.status, answer, tt.want)
			}
		})
	}
}

// Pages of the origins that a bucket names may send what it says
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html).
func TestCORS(t *testing.T) {
	w := newWorld(t, photos, s3.Bucket{Name: "web", CORS: []s3.CORSRule{{
		AllowedMethods: []string{"PUT"}, AllowedOrigins: []string{"https://*.example.com"}, AllowedHeaders: []string{"content-type"}, ExposedHeaders: []string{"ETag"}, MaxAge: new(int32(60)),
	}}})
	preflight := func(path, origin string) (int, http.Header) {
		status, _, header := request(t, "OPTIONS", w.url+path, "", http.Header{
			"Origin": {origin}, "Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"content-type"},
		})
		return status, header
	}
	status, header := preflight("/web/cat", "https://shop.example.com")
	if status != 200 || header.Get("Access-Control-Allow-Origin") != "https://shop.example.com" || header.Get("Access-Control-Max-Age") != "60" {
		t.Errorf("status %d, %v", status, header)
	}
	for _, tt := range [][2]string{{"/web/cat", "https://example.org"}, {"/photos/cat", "https://shop.example.com"}} {
		if status, header := preflight(tt[0], tt[1]); status != 403 || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%v: status %d, %v", tt, status, header)
		}
	}
	upload, err := sdk.NewPresignClient(w.client()).PresignPutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("web"), Key: new("cat")})
	if err != nil {
		t.Fatal(err)
	}
	status, answer, header := request(t, "PUT", upload.URL, "meow", http.Header{"Origin": {"https://shop.example.com"}})
	if status != 200 || header.Get("Access-Control-Allow-Origin") != "https://shop.example.com" || !strings.Contains(header.Get("Access-Control-Expose-Headers"), "ETag") {
		t.Errorf("status %d, %v: %s", status, header, answer)
	}
}

// TestHalfClosed: a client that has sent all, and says so, is answered like others.
func TestHalfClosed(t *testing.T) {
	w := newWorld(t, photos)
	put(t, w.client(), "cat", "meow")
	signed, err := sdk.NewPresignClient(w.function()).PresignGetObject(t.Context(), &sdk.GetObjectInput{Bucket: new("photos"), Key: new("cat")})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]int{signed.URL: 200, signed.URL + "0": 403} {
		for range 20 {
			if got := halfClosed(t, url); got.StatusCode != want || got.ContentLength == 0 {
				t.Fatalf("status %d with %d bytes, want %d with some", got.StatusCode, got.ContentLength, want)
			}
		}
	}
}

// halfClosed gets a URL over a connection whose client's half is closed at once.
func halfClosed(t *testing.T, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if err := r.Write(connection); err != nil {
		t.Fatal(err)
	}
	if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), r)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
