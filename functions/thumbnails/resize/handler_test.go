package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/photo"
	"github.com/noidle/noidle/functions/internal/thumbnail"
)

// backend is buckets and index: it holds one text as every photo, and notes the
// keys of entries that are committed.
type backend struct {
	broken    string // the key that the index fails for
	committed []string
}

func (b *backend) Stat(context.Context, string) (thumbnail.Source, error) {
	return thumbnail.Source{}, errors.New("not to be called")
}

func (b *backend) Open(context.Context, string) (thumbnail.Source, io.ReadCloser, error) {
	return thumbnail.Source{ETag: "e", Bytes: 5}, io.NopCloser(strings.NewReader("hello")), nil
}

func (b *backend) Put(context.Context, string, string, string, []byte) error {
	return errors.New("not to be called")
}

func (b *backend) Delete(context.Context, []string) error { return nil }

func (b *backend) Get(_ context.Context, key string) (thumbnail.Entry, bool, error) {
	if key == b.broken {
		return thumbnail.Entry{}, false, errors.New("down")
	}
	return thumbnail.Entry{}, false, nil
}

func (b *backend) Claim(_ context.Context, key string, _ thumbnail.Lease, _ time.Time, objects []string) (thumbnail.Entry, error) {
	return thumbnail.Entry{Key: key, Status: thumbnail.Processing, Objects: objects}, nil
}

func (b *backend) Renew(context.Context, string, thumbnail.Lease) error { return nil }

func (b *backend) Release(context.Context, string, thumbnail.Lease) error { return nil }

func (b *backend) Commit(_ context.Context, e thumbnail.Entry, _ thumbnail.Lease) error {
	b.committed = append(b.committed, e.Key)
	return nil
}

func (b *backend) Remove(context.Context, string, thumbnail.Lease) error { return nil }

// The messages of the fixture and the photos that they tell of.
const (
	message1, photo1 = "059f36b4-87a3-44ab-83d2-661975830a7d", "photos/a cat+dog.jpg"
	message2, photo2 = "2e1424d4-f796-459a-8184-9c92662be6da", "고양이.png"
)

func TestHandle(t *testing.T) {
	tests := []struct {
		name      string
		broken    string
		change    func(body string) string
		committed []string
		failed    []string
	}{
		{"all", "", nil, []string{photo1, photo2}, nil},
		{"index down for one", photo1, nil, []string{photo2}, []string{message1}},
		{"no event", "", func(string) string { return "hello" }, nil, []string{message1, message2}},
		{"another bucket", "", func(body string) string { return strings.ReplaceAll(body, `"uploads"`, `"other"`) }, nil, []string{message1, message2}},
		{"no key", "", func(body string) string { return strings.ReplaceAll(body, `"key"`, `"other"`) }, nil, []string{message1, message2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := os.ReadFile("testdata/sqs.json")
			if err != nil {
				t.Fatal(err)
			}
			var event events.SQSEvent
			if err := json.Unmarshal(text, &event); err != nil {
				t.Fatal(err)
			}
			for i := range event.Records {
				if tt.change != nil {
					event.Records[i].Body = tt.change(event.Records[i].Body)
				}
			}
			var log bytes.Buffer
			before := slog.Default()
			slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
			t.Cleanup(func() { slog.SetDefault(before) })

			b := &backend{broken: tt.broken}
			h := handler{bucket: "uploads", maker: &thumbnail.Maker{
				Recipe:  thumbnail.Recipe{Sizes: []thumbnail.Size{{Name: "web", Width: 8}}, Format: photo.JPEG, MaxBytes: 100},
				Uploads: b, Store: b, Index: b, NewOwner: func() string { return "me" },
			}}
			response, err := h.handle(t.Context(), event)
			if err != nil {
				t.Fatal(err)
			}
			var failed []string
			for _, f := range response.BatchItemFailures {
				failed = append(failed, f.ItemIdentifier)
			}
			if diff := cmp.Diff(tt.failed, failed); diff != "" {
				t.Errorf("failed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.committed, b.committed); diff != "" {
				t.Errorf("committed (-want +got):\n%s", diff)
			}
			// What the construct counts.
			if n := strings.Count(log.String(), `"msg":"photo rejected"`); n != len(tt.committed) {
				t.Errorf("the log tells of %d rejections, want %d:\n%s", n, len(tt.committed), log.String())
			}
		})
	}
}

// TestConnect: a function that is not configured right does not start.
func TestConnect(t *testing.T) {
	const recipe = `{"sizes":[{"name":"web","width":8}],"format":"jpeg"}`
	tests := []struct {
		name, recipe, memory, want string
	}{
		{"all right", recipe, "512", ""},
		{"no recipe", "web", "512", "environment: RECIPE: recipe: invalid character"},
		{"no memory", recipe, "much", "environment: AWS_LAMBDA_FUNCTION_MEMORY_SIZE: strconv.ParseInt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := debug.SetMemoryLimit(-1)
			t.Cleanup(func() { debug.SetMemoryLimit(before) })
			got, err := connect(aws.Config{}, map[string]string{"RECIPE": tt.recipe, megabytes: tt.memory})
			if tt.want == "" {
				if err != nil || got == nil || debug.SetMemoryLimit(-1) != 384<<20 {
					t.Errorf("it returns %v, %v and limits the memory to %d", got, err, debug.SetMemoryLimit(-1))
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}
