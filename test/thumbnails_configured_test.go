package test

import (
	"bytes"
	"encoding/json"
	"image"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"
	"golang.org/x/image/webp"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/thumbnails"
	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/stacks"
)

// TestConfiguredPipeline: what the props say is what happens, on a bucket of another
// stack.
func TestConfiguredPipeline(t *testing.T) {
	a := newAlbum(openOwn(t, local.Options{}, func(app awscdk.App) {
		photos := awscdk.NewStack(app, new("Photos"), nil)
		stacks.NewThumbnailStack(app, "Own", &stacks.ThumbnailStackProps{Pipeline: &thumbnails.ThumbnailPipelineProps{
			Uploads: storage.NewBucket(photos, "Bucket", nil),
			Sizes: []thumbnails.Size{
				{Name: "square", Width: 100, Height: 100, Cover: true},
				{Name: "wide", Width: 400},
			},
			Format:      thumbnails.WebP,
			Quality:     70,
			Prefixes:    []string{"albums/"},
			Suffixes:    []string{".jpg", ".JPG"},
			KeepDeleted: true,
			Delivery:    &thumbnails.Delivery{},
		}})
	}))
	photo := readFile(t, "../docs/photo.jpg")
	for _, key := range []string{"albums/a.png", "other/a.jpg", "albums/a b+c.JPG"} {
		if err := a.put(t.Context(), key, photo); err != nil {
			t.Fatal(err)
		}
	}
	e := a.await(t, "albums/a b+c.JPG")
	if e["status"] != "READY" {
		t.Fatalf("the entry is %v", e)
	}
	if err := a.put(t.Context(), "albums/a b+c.JPG", nil); err != nil { // Its thumbnails stay.
		t.Fatal(err)
	}
	if err := a.put(t.Context(), "albums/last.jpg", photo); err != nil {
		t.Fatal(err)
	}
	a.await(t, "albums/last.jpg")
	want := []string{"albums/a b+c.JPG/square.webp", "albums/a b+c.JPG/wide.webp", "albums/last.jpg/square.webp", "albums/last.jpg/wide.webp"}
	if diff := cmp.Diff(want, a.list(t, "ThumbnailsBucket")); diff != "" {
		t.Errorf("thumbnails (-want +got):\n%s", diff)
	}
	for name, size := range map[string]image.Point{"square": {100, 100}, "wide": {400, 533}} {
		config, err := webp.DecodeConfig(bytes.NewReader(a.thumbnail(t, "albums/last.jpg/"+name+".webp")))
		if err != nil || image.Pt(config.Width, config.Height) != size {
			t.Errorf("%s is %dx%d, %v; want %v", name, config.Width, config.Height, err, size)
		}
	}
	t.Run("delivery", func(t *testing.T) { a.checkDelivery(t) })
	report, _ := json.Marshal(a.Report())
	if strings.Contains(string(report), `"denied":[{`) {
		t.Errorf("something was denied: %s", report)
	}
}

// checkDelivery: the distribution delivers thumbnails, which nobody else may read.
func (a *album) checkDelivery(t *testing.T) {
	t.Helper()
	const path = "/albums/a%20b%2Bc.JPG/wide.webp"
	for i, want := range []string{"Miss from cloudfront", "Hit from cloudfront"} {
		response, err := http.Get(a.outputs["ThumbnailsUrl"] + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !slices.Equal(body, a.thumbnail(t, "albums/a b+c.JPG/wide.webp")) {
			t.Errorf("request %d: %s, %v: %.200s", i, response.Status, err, body)
		}
		got := []string{response.Header.Get("X-Cache"), response.Header.Get("Content-Type"), response.Header.Get("Cache-Control"), response.Header.Get("X-Content-Type-Options")}
		if diff := cmp.Diff([]string{want, "image/webp", "public, max-age=3600", "nosniff"}, got); diff != "" {
			t.Errorf("request %d (-want +got):\n%s", i, diff)
		}
	}
	response, err := http.Get(a.URL() + "/" + a.outputs["ThumbnailsBucket"] + path)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("anybody gets %s from the bucket", response.Status)
	}
}

// TestNothingIsLost: where thumbnails cannot be written for good, the event of a
// photo ends in the dead-letter queue, as S3 sent it, and the photo's entry stays
// open.
func TestNothingIsLost(t *testing.T) {
	a := newAlbum(openOwn(t, local.Options{Clock: clockwork.NewFakeClock()}, func(app awscdk.App) {
		s := stacks.NewThumbnailStack(app, "Own", nil)
		s.Pipeline.Thumbnails.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Effect:     awsiam.Effect_DENY,
			Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
			Actions:    &[]*string{new("s3:PutObject")},
			Resources:  &[]*string{s.Pipeline.Thumbnails.ArnForObjects(new("*"))},
		}))
	}))
	if err := a.put(t.Context(), "a b+c.jpg", readFile(t, "../docs/photo.jpg")); err != nil {
		t.Fatal(err)
	}
	for a.count(t, "ThumbnailDeadLetterQueue") < 1 || a.count(t, "ThumbnailQueue") > 0 {
		a.pass(20)
	}
	out, err := a.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: new(a.outputs["ThumbnailDeadLetterQueue"])})
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("dead letters: %v, %v", out, err)
	}
	var event struct {
		DetailType string `json:"detail-type"`
		Detail     struct{ Object struct{ Key string } }
	}
	if err := json.Unmarshal([]byte(*out.Messages[0].Body), &event); err != nil {
		t.Fatal(err)
	}
	if event.DetailType != "Object Created" || event.Detail.Object.Key != "a b+c.jpg" {
		t.Errorf("the dead letter is %s", *out.Messages[0].Body)
	}
	if entries := a.scan(t, a.outputs["ThumbnailIndex"]); len(entries) != 1 || entries[0]["status"] != "PROCESSING" {
		t.Errorf("the index has %v", entries)
	}
}
