package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// backend is S3 and CloudFront: it has one source, and notes what is done.
type backend struct {
	source  []byte // nil: it is gone
	present map[string]string
	fails   error // of what changes the bucket
	busy    error // of the distribution

	reference string // of the last invalidation
	deletions []int  // how many keys each request had
	refused   []types.Error
	until     time.Time // when the last GetObject gives up

	mu   sync.Mutex
	done []string
}

func (b *backend) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, text)
}

func (b *backend) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	b.until, _ = ctx.Deadline()
	if b.source == nil || *in.Bucket != "assets" || *in.Key != "site.zip" {
		return nil, &types.NoSuchKey{Message: aws.String("gone")}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(b.source))}, nil
}

func (b *backend) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	out := &s3.ListObjectsV2Output{}
	for key, etag := range b.present {
		// Every object is on the second page.
		out.Contents = append(out.Contents, types.Object{Key: &key, ETag: new(`"` + etag + `"`)})
	}
	if in.ContinuationToken == nil {
		return &s3.ListObjectsV2Output{IsTruncated: new(true), NextContinuationToken: new("next")}, nil
	}
	return out, nil
}

func (b *backend) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	b.note("put " + *in.Bucket + "/" + *in.Key + " " + *in.ContentType + " " + *in.CacheControl)
	h := md5.New()
	_, err := io.Copy(h, in.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.present != nil {
		b.present[*in.Key] = hex.EncodeToString(h.Sum(nil))
	}
	return &s3.PutObjectOutput{}, errors.Join(err, b.fails)
}

func (b *backend) DeleteObjects(_ context.Context, in *s3.DeleteObjectsInput, _ ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
	b.deletions = append(b.deletions, len(in.Delete.Objects))
	for _, object := range in.Delete.Objects {
		b.note("delete " + *in.Bucket + "/" + *object.Key)
		delete(b.present, *object.Key)
	}
	return &s3.DeleteObjectsOutput{Errors: b.refused}, b.fails
}

func (b *backend) CreateInvalidation(_ context.Context, in *cloudfront.CreateInvalidationInput, _ ...func(*cloudfront.Options)) (*cloudfront.CreateInvalidationOutput, error) {
	batch := in.InvalidationBatch
	if *batch.CallerReference == b.reference {
		return nil, &smithy.GenericAPIError{Code: "InvalidationBatchAlreadyExists"}
	}
	b.reference = *batch.CallerReference
	b.note("invalidate " + *in.DistributionId + " " + strings.Join(batch.Paths.Items, " "))
	return &cloudfront.CreateInvalidationOutput{}, b.busy
}

func archive(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		file, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(file, "hello")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func given(changes map[string]any) map[string]any {
	p := map[string]any{
		"ServiceToken": "arn", "Source": map[string]any{"Bucket": "assets", "Key": "site.zip"}, "Bucket": "web", "Distribution": "D1",
		"Files": map[string]any{"config.json": "{}"}, "Immutable": []any{"img/*"},
	}
	for name, value := range changes {
		p[name] = value
	}
	return p
}

func TestHandle(t *testing.T) {
	const hello, braces = "5d41402abc4b2a76b9719d911017c592", "99914b932bd37a50b983c5e7c90ae93b"
	other := map[string]any{"Source": map[string]any{"Bucket": "assets", "Key": "old.zip"}}
	const begin, end = "put web/.unfinished application/octet-stream no-cache", "delete web/.unfinished"
	whole := []string{
		end, begin,
		"put web/config.json application/json; charset=utf-8 no-cache",
		"put web/img/a.png image/png public, max-age=31536000, immutable",
		"put web/index.html text/html; charset=utf-8 no-cache",
	}
	all := []string{end, "delete web/config.json", "delete web/img/a.png", "delete web/index.html"}
	missing := &smithy.GenericAPIError{Code: "NoSuchBucket"}
	denied := errors.New("denied " + strings.Repeat("é", 3000))
	tests := []struct {
		name    string
		request cfn.RequestType
		is      string // the physical ID so far
		changes map[string]any
		old     map[string]any // as changes
		present map[string]string
		gone    bool
		unsafe  bool
		fails   error

		done    []string
		id      string
		data    map[string]any
		wantErr string
	}{
		{name: "create", request: cfn.RequestCreate, done: whole, id: "site-of-web", data: map[string]any{"Changed": "3", "Deleted": "0"}},
		{name: "update of a file", request: cfn.RequestUpdate, is: "site-of-web", old: other,
			present: map[string]string{"index.html": "x", "img/a.png": hello, "config.json": braces, "old.js": "x"},
			done:    []string{end, "delete web/old.js", "invalidate D1 /index.html / /old.js", begin, whole[4]},
			id:      "site-of-web", data: map[string]any{"Changed": "1", "Deleted": "1"}},
		{name: "update of nothing", request: cfn.RequestUpdate, is: "site-of-web", old: other,
			present: map[string]string{"index.html": hello, "img/a.png": hello, "config.json": braces},
			id:      "site-of-web", data: map[string]any{"Changed": "0", "Deleted": "0"}},
		{name: "update of the patterns", request: cfn.RequestUpdate, is: "site-of-web", old: map[string]any{"Immutable": []any{}},
			present: map[string]string{"index.html": hello, "img/a.png": hello, "config.json": braces},
			done:    append([]string{end, "invalidate D1 /*"}, whole[1:]...),
			id:      "site-of-web", data: map[string]any{"Changed": "3", "Deleted": "0"}},
		{name: "update of the bucket", request: cfn.RequestUpdate, is: "site-of-old", changes: map[string]any{"Distribution": ""}, old: map[string]any{"Bucket": "old"},
			done: whole, id: "site-of-web", data: map[string]any{"Changed": "3", "Deleted": "0"}},
		{name: "create from what is not there", request: cfn.RequestCreate, gone: true, id: "failed-site-of-web", wantErr: "source s3://assets/site.zip: NoSuchKey"},
		{name: "create from an unsafe zip", request: cfn.RequestCreate, unsafe: true, id: "failed-site-of-web", wantErr: `"../x" is no name of a file`},
		{name: "create without a bucket", request: cfn.RequestCreate, changes: map[string]any{"Bucket": ""}, id: "failed-site-of-", wantErr: "want the properties Bucket"},
		{name: "update that fails", request: cfn.RequestUpdate, is: "site-of-web", gone: true, id: "site-of-web", wantErr: "NoSuchKey"},
		{name: "delete", request: cfn.RequestDelete, is: "site-of-web", present: map[string]string{"foreign.txt": "x"}, done: all, id: "site-of-web"},
		{name: "delete without the source", request: cfn.RequestDelete, is: "site-of-web", gone: true, done: all[:2], id: "site-of-web"},
		{name: "delete in a missing bucket", request: cfn.RequestDelete, is: "site-of-web", fails: missing, done: all, id: "site-of-web"},
		{name: "delete that fails", request: cfn.RequestDelete, is: "site-of-web", fails: denied, done: all[3:], id: "site-of-web", wantErr: "bucket web: denied"},
		{name: "delete after a failed creation", request: cfn.RequestDelete, is: "failed-site-of-web", fails: denied, done: all[3:], id: "failed-site-of-web"},
		{name: "delete of what was never created", request: cfn.RequestDelete, is: "request", id: "request"},
		{name: "delete after a creation without a bucket", request: cfn.RequestDelete, is: "failed-site-of-", changes: map[string]any{"Bucket": ""}, id: "failed-site-of-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &backend{source: archive(t, "index.html", "img/a.png"), present: tt.present, fails: tt.fails}
			switch {
			case tt.gone:
				b.source = nil
			case tt.unsafe:
				b.source = archive(t, "../x")
			}
			event := cfn.Event{RequestType: tt.request, RequestID: "request", PhysicalResourceID: tt.is, ResourceProperties: given(tt.changes)}
			if tt.request == cfn.RequestUpdate {
				event.OldResourceProperties = given(tt.old)
			}
			id, data, err := handler{b, b}.handle(t.Context(), event)
			slices.Sort(b.done) // Files go at the same time.
			if diff := cmp.Diff(tt.done, b.done); diff != "" {
				t.Errorf("what is done (-want +got):\n%s", diff)
			}
			if id != tt.id {
				t.Errorf("the ID is %q, want %q", id, tt.id)
			}
			if diff := cmp.Diff(tt.data, data); diff != "" {
				t.Errorf("data (-want +got):\n%s", diff)
			}
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr) || len(err.Error()) > 1003) {
				t.Errorf("error is %v, want %q", err, tt.wantErr)
			}
		})
	}
}

// TestHandleAgain: what the first attempt could not have the distribution forget,
// the next does, although it finds all files there.
func TestHandleAgain(t *testing.T) {
	event := cfn.Event{RequestType: cfn.RequestUpdate, ResourceProperties: given(nil), OldResourceProperties: given(nil)}
	busy := &cloudfronttypes.TooManyInvalidationsInProgress{Message: aws.String("wait")}
	b := &backend{source: archive(t, "index.html", "img/a.png"), present: map[string]string{"old.js": "x"}, busy: busy}
	if _, _, err := (handler{b, b}).handle(t.Context(), event); err == nil || !strings.HasPrefix(err.Error(), "distribution D1: ") {
		t.Errorf("error is %v, want the distribution's", err)
	}
	b.busy, b.done = nil, nil
	for range 2 { // then there is nothing left to do
		if _, _, err := (handler{b, b}).handle(t.Context(), event); err != nil {
			t.Error(err)
		}
	}
	want := []string{"put web/.unfinished application/octet-stream no-cache", "invalidate D1 /*", "delete web/.unfinished"}
	if diff := cmp.Diff(want, b.done); diff != "" {
		t.Errorf("what is done again (-want +got):\n%s", diff)
	}
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func TestDeleteMany(t *testing.T) {
	b := &backend{}
	if err := (bucket{b, "web"}).Delete(t.Context(), slices.Repeat([]string{"a"}, 2500)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1000, 1000, 500}, b.deletions); diff != "" {
		t.Errorf("keys of the requests (-want +got):\n%s", diff)
	}
}

// An answer with status 200 may tell of keys that were not deleted
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
func TestDeleteRefused(t *testing.T) {
	b := &backend{refused: []types.Error{{Key: aws.String("a"), Code: aws.String("AccessDenied"), Message: aws.String("no")}}}
	err := bucket{b, "web"}.Delete(t.Context(), []string{"a"})
	if want := `bucket web: "a": AccessDenied: no`; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// TestHandleInTime: there is time left to say that it took too long.
func TestHandleInTime(t *testing.T) {
	end := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	b := &backend{source: archive(t)}
	if _, _, err := (handler{b, b}).handle(ctx, cfn.Event{RequestType: cfn.RequestCreate, ResourceProperties: given(nil)}); err != nil {
		t.Fatal(err)
	}
	if want := end.Add(-reserve); !b.until.Equal(want) {
		t.Errorf("it gives up at %s, want %s", b.until, want)
	}
}
