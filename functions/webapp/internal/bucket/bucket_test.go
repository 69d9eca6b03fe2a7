package bucket_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/internal/album"
	"github.com/noidle/noidle/functions/webapp/internal/bucket"
	local "github.com/noidle/noidle/local/s3"
)

func newConfig(t *testing.T) aws.Config {
	t.Helper()
	service := local.New(local.Options{
		Clock:   clockwork.NewRealClock(),
		Secret:  func(key string) (string, bool) { return key, true },
		Publish: func(local.Event) {},
	})
	t.Cleanup(service.Close)
	for _, name := range []string{"uploads", "thumbnails"} {
		if err := service.CreateBucket(local.Bucket{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("me", "me", ""),
		BaseEndpoint: &server.URL,
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// do sends a request as a browser does that knows only the URL and the headers of
// the API's answer.
func do(t *testing.T, method, url, contentType, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}

var cat = album.Entry{Owner: "idp|ann", ID: "1", Type: "image/jpeg", Bytes: 5}

// A presigned URL demands the headers that were signed
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
func TestSignUpload(t *testing.T) {
	cfg := newConfig(t)
	files := bucket.New(cfg, "uploads", "thumbnails")
	signed, err := files.SignUpload(t.Context(), cat)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, contentType, body string
		status                  int
	}{
		{"another type", "text/html", "miaow", 403},
		{"another size", "image/jpeg", "miaow!", 403},
		{"the photo", "image/jpeg", "miaow", 200},
	} {
		if got := do(t, "PUT", signed, tt.contentType, tt.body); got != tt.status {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.status)
		}
	}
	query := parse(t, signed)
	if query.Get("X-Amz-SignedHeaders") != "content-length;content-type;host" || query.Get("X-Amz-Expires") != "300" || query.Has("x-amz-checksum-crc32") {
		t.Errorf("the query is %v", query)
	}
	head := &s3.HeadObjectInput{Bucket: aws.String("uploads"), Key: aws.String("photos/idp%7Cann/1.jpg")}
	if _, err := s3.NewFromConfig(cfg).HeadObject(t.Context(), head); err != nil {
		t.Error(err)
	}
	for range 2 { // the second time nothing is there
		if err := files.Delete(t.Context(), cat.Key()); err != nil {
			t.Error(err)
		}
	}
	if _, err := s3.NewFromConfig(cfg).HeadObject(t.Context(), head); err == nil {
		t.Error("it is still there")
	}
}

func TestSignThumbnail(t *testing.T) {
	cfg := newConfig(t)
	const key = "photos/ann/1.jpg/web.jpg"
	if _, err := s3.NewFromConfig(cfg).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("thumbnails"), Key: aws.String(key), Body: strings.NewReader("miaow"),
	}); err != nil {
		t.Fatal(err)
	}
	signed, err := bucket.New(cfg, "uploads", "thumbnails").SignThumbnail(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if got := do(t, "GET", signed, "", ""); got != 200 || parse(t, signed).Get("X-Amz-Expires") != "900" {
		t.Errorf("%s answers %d", signed, got)
	}
}

func parse(t *testing.T, address string) url.Values {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Query()
}
