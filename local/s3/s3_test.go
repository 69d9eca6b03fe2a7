package s3_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/s3"
)

// start is when tests begin.
var start = time.Date(2026, 7, 1, 12, 0, 0, 250_000_000, time.UTC)

// world is a service behind an endpoint, and what happened to it.
type world struct {
	*s3.Service
	url   string
	clock *clockwork.FakeClock

	mu     sync.Mutex
	events []s3.Event
	calls  []string            // what the function asked for: action and resource
	keys   map[string]api.Keys // and the condition keys, by action
	allow  func(string) bool   // what the function may do: by action and resource
}

// The access keys: of the function, of nobody, and any other of the administrator.
const (
	functionKey    = "ASIAFUNCTION"
	functionSecret = "secret of the function"
	nobodysKey     = "ASIANOBODY"
)

func newWorld(t testing.TB, buckets ...s3.Bucket) *world {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	w := &world{clock: clockwork.NewFakeClockAt(start), allow: func(string) bool { return true }, keys: map[string]api.Keys{}}
	w.Service = s3.New(s3.Options{
		Clock: w.clock,
		Secret: func(key string) (string, bool) {
			switch key {
			case functionKey:
				return functionSecret, true
			case nobodysKey:
				return "", false
			}
			return key, true
		},
		Publish: func(e s3.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
	})
	for _, b := range buckets {
		if err := w.CreateBucket(b); err != nil {
			t.Fatal(err)
		}
	}
	function := w.principal("arn:aws:sts::000000000000:assumed-role/role/function")
	server := httptest.NewServer(&api.Endpoint{
		Services: map[string]http.Handler{"s3": w.Service},
		Principal: func(key string) *api.Principal {
			if key == functionKey {
				return function
			}
			return nil
		},
		Unsigned: func(r *http.Request) (string, *api.Principal) {
			bucket, _, _ := strings.Cut(r.URL.Path[1:], "/")
			if !w.HasBucket(bucket) {
				return "", nil
			}
			anonymous := w.principal("anonymous")
			anonymous.Anonymous = true
			return "s3", anonymous
		},
	})
	w.url = server.URL
	t.Cleanup(func() {
		server.Close()
		w.Close()
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
			t.Errorf("Close leaves %v, %v", left, err)
		}
	})
	return w
}

// principal asks allow, and notes what is asked.
func (w *world) principal(arn string) *api.Principal {
	check := func(action, resource string, _ api.Keys) error {
		if w.allow(action + " " + resource) {
			return nil
		}
		return &api.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
			Message: fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", arn, action, resource)}
	}
	return &api.Principal{ARN: arn, Check: check, Allow: func(action, resource string, keys api.Keys) error {
		w.mu.Lock()
		w.calls = append(w.calls, action+" "+resource)
		w.keys[action] = keys
		w.mu.Unlock()
		return check(action, resource, keys)
	}}
}

// as returns a client with an access key and its secret.
func (w *world) as(key, secret string) *sdk.Client {
	token := "" // of temporary keys only
	if strings.HasPrefix(key, "ASIA") {
		token = "token"
	}
	return sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: &w.url, UsePathStyle: true, RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
	})
}

// client is the administrator's, function the function's.
func (w *world) client() *sdk.Client   { return w.as("local", "local") }
func (w *world) function() *sdk.Client { return w.as(functionKey, functionSecret) }

func put(t testing.TB, c *sdk.Client, key, body string) *sdk.PutObjectOutput {
	t.Helper()
	out, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// get returns an object's content, or the code of the error.
func get(t testing.TB, c *sdk.Client, in *sdk.GetObjectInput) string {
	t.Helper()
	in.Bucket = new("photos")
	out, err := c.GetObject(t.Context(), in)
	if err != nil {
		return code(err)
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// code is the code of an error, or else its status.
func code(err error) string {
	failure, ok := errors.AsType[smithy.APIError](err)
	if err == nil || !ok {
		return fmt.Sprint(err)
	}
	return failure.ErrorCode()
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

var photos = s3.Bucket{Name: "photos", Events: true}

func TestPutAndGet(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	out, err := c.PutObject(t.Context(), &sdk.PutObjectInput{
		Bucket: new("photos"), Key: new("in/cat.jpg"), Body: strings.NewReader("meow"), ContentType: new("image/jpeg"),
		CacheControl: new("max-age=60"), ContentDisposition: new("inline"), ContentEncoding: new("identity"), ContentLanguage: new("en"),
		Metadata: map[string]string{"Camera": "old"}, Tagging: new("kind=cat&size=small"),
	})
	if err != nil {
		t.Fatal(err)
	}
	const etag = `"4a4be40c96ac6314e91d93f38043a634"`
	if aws.ToString(out.ETag) != etag || out.VersionId != nil || out.ChecksumCRC32 == nil {
		t.Errorf("PutObject answers ETag %s, version %v and CRC32 %v", aws.ToString(out.ETag), out.VersionId, out.ChecksumCRC32)
	}
	head, err := c.HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: new("photos"), Key: new("in/cat.jpg"), ChecksumMode: "ENABLED"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"type": *head.ContentType, "length": *head.ContentLength, "etag": *head.ETag, "cache": *head.CacheControl, "disposition": *head.ContentDisposition,
		"encoding": *head.ContentEncoding, "language": *head.ContentLanguage, "metadata": head.Metadata, "tags": *head.TagCount,
		"modified": head.LastModified.Format(time.RFC3339), "crc32": *head.ChecksumCRC32 == *out.ChecksumCRC32, "checksum": string(head.ChecksumType),
	}
	want := map[string]any{
		"type": "image/jpeg", "length": int64(4), "etag": etag, "cache": "max-age=60", "disposition": "inline",
		"encoding": "identity", "language": "en", "metadata": map[string]string{"camera": "old"}, "tags": int32(2),
		"modified": "2026-07-01T12:00:00Z", "crc32": true, "checksum": "FULL_OBJECT",
	}
	diff(t, "HeadObject", want, got)
	if got := get(t, c, &sdk.GetObjectInput{Key: new("in/cat.jpg")}); got != "meow" {
		t.Errorf("GetObject answers %q", got)
	}
	attributes, err := c.GetObjectAttributes(t.Context(), &sdk.GetObjectAttributesInput{Bucket: new("photos"), Key: new("in/cat.jpg"), ObjectAttributes: []types.ObjectAttributes{"ETag", "ObjectSize", "Checksum"}})
	if err != nil || *attributes.ObjectSize != 4 || *attributes.ETag != strings.Trim(etag, `"`) || *attributes.Checksum.ChecksumCRC32 != *out.ChecksumCRC32 {
		t.Errorf("GetObjectAttributes = %+v, %v", attributes, err)
	}
}

// Each answer tells of itself once
// (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html).
func TestRequestIDs(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	put(t, c, "cat", "meow")
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/photos/cat", nil))
	for _, name := range []string{"X-Amz-Id-2", "X-Amz-Request-Id"} {
		if values := answer.Header()[name]; len(values) != 1 {
			t.Errorf("%s: %q", name, values)
		}
	}
}
