package s3_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/noidle/noidle/local/s3"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The events are those that AWS documents
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
func TestEvents(t *testing.T) {
	remove := func(c *sdk.Client, t *testing.T, key string, version *string) *sdk.DeleteObjectOutput {
		out, err := c.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: new("photos"), Key: &key, VersionId: version})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	tests := []struct {
		name   string
		bucket s3.Bucket
		do     func(t *testing.T, c *sdk.Client)
	}{
		{"put", photos, func(t *testing.T, c *sdk.Client) { put(t, c, "in/a cat+ü.jpg", "meow") }},
		{"copy", photos, func(t *testing.T, c *sdk.Client) {
			put(t, c, "cat", "meow")
			if _, err := c.CopyObject(t.Context(), &sdk.CopyObjectInput{Bucket: new("photos"), Key: new("copy"), CopySource: new("photos/cat")}); err != nil {
				t.Fatal(err)
			}
		}},
		{"multipart", photos, func(t *testing.T, c *sdk.Client) {
			id := begin(t, c, sdk.CreateMultipartUploadInput{})
			if _, err := complete(t, c, id, uploadPart(t, c, id, 1, []byte("meow"), "")); err != nil {
				t.Fatal(err)
			}
		}},
		{"delete", photos, func(t *testing.T, c *sdk.Client) {
			put(t, c, "cat", "meow")
			remove(c, t, "cat", nil)
			remove(c, t, "never was", nil)
		}},
		{"delete many", photos, func(t *testing.T, c *sdk.Client) {
			put(t, c, "cat", "meow")
			put(t, c, "dog", "woof")
			if _, err := c.DeleteObjects(t.Context(), &sdk.DeleteObjectsInput{Bucket: new("photos"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: new("dog")}, {Key: new("cat")}}}}); err != nil {
				t.Fatal(err)
			}
		}},
		{"versions", s3.Bucket{Name: "photos", Events: true, Versioning: "Enabled"}, func(t *testing.T, c *sdk.Client) {
			first := put(t, c, "cat", "meow")
			marker := remove(c, t, "cat", nil)
			remove(c, t, "cat", first.VersionId)
			remove(c, t, "cat", marker.VersionId)
		}},
		{"refused", photos, func(t *testing.T, c *sdk.Client) {
			put(t, c, "cat", "meow")
			_, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("cat"), Body: strings.NewReader("woof"), IfNoneMatch: new("*")})
			if code(err) != "PreconditionFailed" {
				t.Fatal(err)
			}
		}},
		{"turned off", s3.Bucket{Name: "photos"}, func(t *testing.T, c *sdk.Client) { put(t, c, "cat", "meow") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.bucket)
			tt.do(t, w.client())
			versions := map[string]string{"": ""}
			for i := range w.events {
				d := &w.events[i].Detail
				if len(d.RequestID) != 16 {
					t.Errorf("request ID %q", d.RequestID)
				}
				d.RequestID = "REQUEST"
				if _, ok := versions[d.Object.VersionID]; !ok {
					versions[d.Object.VersionID] = "VERSION " + string('0'+rune(len(versions)))
				}
				d.Object.VersionID = versions[d.Object.VersionID]
			}
			got, err := json.MarshalIndent(w.events, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "events", strings.ReplaceAll(tt.name, " ", "-")+".json")
			if *update {
				if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "events", string(want), string(got)+"\n")
		})
	}
}

// The events of an object are in the order of its changes, and a change is
// visible when its event is published.
func TestOrderOfEvents(t *testing.T) {
	w := newWorld(t, s3.Bucket{Name: "photos", Events: true, Versioning: "Enabled"})
	c := w.client()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 4 {
				put(t, c, "cat", "meow")
			}
		})
	}
	wg.Wait()
	var published, sequencers []string
	for _, e := range w.events {
		published, sequencers = append(published, e.Detail.Object.VersionID), append(sequencers, e.Detail.Object.Sequencer)
	}
	out, err := c.ListObjectVersions(t.Context(), &sdk.ListObjectVersionsInput{Bucket: new("photos")})
	if err != nil {
		t.Fatal(err)
	}
	var stored []string
	for _, v := range slices.Backward(out.Versions) {
		stored = append(stored, *v.VersionId)
	}
	diff(t, "versions", stored, published)
	if !slices.IsSorted(sequencers) || len(slices.Compact(sequencers)) != 32 {
		t.Errorf("sequencers %v", sequencers)
	}
}
