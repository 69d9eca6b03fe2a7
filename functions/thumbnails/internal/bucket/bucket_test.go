package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/internal/photo"
	"github.com/noidle/noidle/functions/internal/thumbnail"
	"github.com/noidle/noidle/functions/thumbnails/internal/bucket"
	local "github.com/noidle/noidle/local/s3"
)

// newClient returns a client of the local cloud's S3 with two buckets: uploads,
// which is versioned, and thumbnails.
func newClient(t *testing.T) *s3.Client {
	t.Helper()
	service := local.New(local.Options{
		Clock:   clockwork.NewRealClock(),
		Secret:  func(key string) (string, bool) { return key, true },
		Publish: func(local.Event) {},
	})
	t.Cleanup(service.Close)
	for _, b := range []local.Bucket{{Name: "uploads", Versioning: "Enabled"}, {Name: "thumbnails"}} {
		if err := service.CreateBucket(b); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return newClientOf(server.URL)
}

func newClientOf(url string) *s3.Client {
	return s3.NewFromConfig(aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("me", "me", ""),
		BaseEndpoint: &url,
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	})
}

func TestUploads(t *testing.T) {
	client := newClient(t)
	u := bucket.NewUploads(client, "uploads")
	for _, key := range []string{"cat.jpg", "photos/a cat+dog & 50%.jpg", "고양이/사진.jpg"} {
		t.Run(key, func(t *testing.T) {
			if _, err := u.Stat(t.Context(), key); !errors.Is(err, thumbnail.ErrNotFound) {
				t.Errorf("stat of what is not there: %v, want not found", err)
			}
			if _, _, err := u.Open(t.Context(), key); !errors.Is(err, thumbnail.ErrNotFound) {
				t.Errorf("open of what is not there: %v, want not found", err)
			}
			put, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: &key, Body: strings.NewReader("miaow")})
			if err != nil {
				t.Fatal(err)
			}
			want := thumbnail.Source{ETag: strings.Trim(*put.ETag, `"`), VersionID: *put.VersionId, Bytes: 5}
			got, err := u.Stat(t.Context(), key)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("stat: %v (-want +got):\n%s", err, diff)
			}
			got, content, err := u.Open(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(content)
			if diff := cmp.Diff(want, got); diff != "" || string(text) != "miaow" || err != nil || content.Close() != nil {
				t.Errorf("open: %q, %v (-want +got):\n%s", text, err, diff)
			}
		})
	}
}

func TestThumbnails(t *testing.T) {
	client := newClient(t)
	s := bucket.NewThumbnails(client, "thumbnails")
	const key = "a cat+dog & 50%.jpg/사진.jpg"
	for _, data := range []string{"first", "second"} {
		if err := s.Put(t.Context(), key, "image/jpeg", "public, max-age=60", []byte(data)); err != nil {
			t.Fatal(err)
		}
		got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("thumbnails"), Key: aws.String(key)})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(got.Body)
		if err != nil || string(text) != data || *got.ContentType != "image/jpeg" || *got.CacheControl != "public, max-age=60" {
			t.Errorf("it is %q, %v as %s, %s", text, err, *got.ContentType, *got.CacheControl)
		}
	}
	if err := s.Delete(t.Context(), []string{key, "was never there"}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("thumbnails"), Key: aws.String(key)}); err == nil {
		t.Error("it is still there")
	}
}

// TestErrors: what S3 answers, and what the domain is told.
func TestErrors(t *testing.T) {
	const archived = `<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object's storage class</Message></Error>`
	tests := []struct {
		name   string
		status int
		body   string
		call   func(*s3.Client) error
		check  func(error) bool
	}{
		{"archived", http.StatusForbidden, archived, open, func(err error) bool {
			rejected, ok := errors.AsType[*photo.Rejected](err)
			return ok && rejected.Code == thumbnail.Archived
		}},
		{"open is forbidden", http.StatusForbidden, `<Error><Code>AccessDenied</Code></Error>`, open, passedOn},
		{"stat is forbidden", http.StatusForbidden, "", func(c *s3.Client) error {
			_, err := bucket.NewUploads(c, "uploads").Stat(context.Background(), "p")
			return err
		}, passedOn},
		{"put is forbidden", http.StatusForbidden, `<Error><Code>AccessDenied</Code></Error>`, func(c *s3.Client) error {
			return bucket.NewThumbnails(c, "thumbnails").Put(context.Background(), "p", "image/jpeg", "", nil)
		}, passedOn},
		{"delete is forbidden", http.StatusForbidden, `<Error><Code>AccessDenied</Code></Error>`, remove, passedOn},
		{"delete of one is forbidden", http.StatusOK, `<DeleteResult><Error><Key>p</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>`, remove,
			func(err error) bool { return err.Error() == "p: AccessDenied: no" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(tt.status)
				_, _ = io.Copy(w, bytes.NewReader([]byte(tt.body)))
			}))
			defer server.Close()
			if err := tt.call(newClientOf(server.URL)); err == nil || !tt.check(err) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func open(c *s3.Client) error {
	_, _, err := bucket.NewUploads(c, "uploads").Open(context.Background(), "p")
	return err
}

func remove(c *s3.Client) error {
	return bucket.NewThumbnails(c, "thumbnails").Delete(context.Background(), []string{"p"})
}

// passedOn says that an error is S3's own.
func passedOn(err error) bool {
	_, ok := errors.AsType[*smithy.GenericAPIError](err)
	_, missing := errors.AsType[*types.NotFound](err)
	return ok && !missing
}
