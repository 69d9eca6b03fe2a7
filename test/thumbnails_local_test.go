package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
)

// album is where photos get their thumbnails.
type album struct {
	*stack
	objects *s3.Client
}

func openAlbum(t testing.TB, options local.Options) *album {
	t.Helper()
	return newAlbum(openStack(t, thumbnailsStack, options))
}

func newAlbum(s *stack) *album {
	return &album{stack: s, objects: s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: new(s.URL()), Credentials: anybody})}
}

// picture is what a photo shows, or why it is none.
type picture struct {
	width, height int
	colour        color.RGBA
	rejected      string // in the reason
}

// upload is what somebody puts into the bucket: a file, and what it shows. A nil
// file is a deletion.
type upload struct {
	file    []byte
	picture picture
}

// newPhoto returns a photo of one colour, in one of the formats.
func newPhoto(t testing.TB, n int, random *rand.Rand) upload {
	t.Helper()
	p := picture{
		width: 300 + random.IntN(600), height: 300 + random.IntN(600),
		colour: color.RGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255},
	}
	img := image.NewPaletted(image.Rect(0, 0, p.width, p.height), color.Palette{p.colour})
	var b bytes.Buffer
	encode := []func() error{
		func() error { return jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}) },
		func() error { return png.Encode(&b, img) },
		func() error { return gif.Encode(&b, img, nil) },
	}[n%3]
	if err := encode(); err != nil {
		t.Fatal(err)
	}
	return upload{file: b.Bytes(), picture: p}
}

// newFailure returns something that is no photo.
func newFailure(t testing.TB, n int, random *rand.Rand) upload {
	t.Helper()
	whole := newPhoto(t, n, random).file
	huge := slices.Clone(newPhoto(t, 1, random).file)
	copy(huge[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536 x 65536, and so a wrong checksum
	failures := []upload{
		{file: []byte{}, picture: picture{rejected: "empty"}},
		{file: fmt.Appendf(nil, "I am photo number %d", n), picture: picture{rejected: "text"}},
		{file: whole[:len(whole)*2/3], picture: picture{rejected: "truncated"}},
		{file: huge, picture: picture{rejected: "p"}}, // either reason will do
		{file: fmt.Appendf(nil, "<!DOCTYPE html><title>%d</title>", n), picture: picture{rejected: "HTML"}},
	}
	return failures[n/10%len(failures)]
}

// TestThumbnailsUnderChaos is the whole thumbnail generation, as synthesized, with
// one call in twenty struck by a fault: every photo that is there in the end has
// exactly its thumbnails, every other file a reason, nothing else is in the bucket,
// and exactly the messages that nobody can read are in the dead-letter queue, after an
// operator has sent back what is there. An attempt fails in one case of ten, so that
// about one message in 100,000 fails five times and is parked, too.
func TestThumbnailsUnderChaos(t *testing.T) {
	const photos, poison, unlucky = 500, 5, 3
	a := openAlbum(t, local.Options{Clock: clockwork.NewFakeClock(), Chaos: 0.05, Seed: 1})
	want := a.uploadAll(t, photos)
	for i := range poison {
		if _, err := a.queues.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: new(a.outputs["ThumbnailQueue"]), MessageBody: new(fmt.Sprintf("poison %d {", i)),
		}); err != nil {
			t.Fatal(err)
		}
	}
	a.drain(t, poison)
	if parked := a.count(t, "ThumbnailDeadLetterQueue"); parked > poison+unlucky {
		t.Errorf("%d messages are parked, want the poison's %d and hardly more", parked, poison)
	}
	newOperator(t, a.stack).must(t, "dlq", "redrive", "-yes", thumbnailsStack)
	a.settle(t, want, poison)

	a.checkIndex(t, want)
	a.checkThumbnails(t, want)
	a.checkPoison(t, poison)
	report := a.Report()
	if unused := neverUsed(t, thumbnailsStack, report); len(unused) > 0 {
		t.Errorf("granted and never used: %q", unused)
	}
	t.Logf("%d photos are there; injected faults: %v", len(want), report.Faults)
}

// uploadAll puts photos in, some of them twice, some over others, some of them to be
// deleted, and some that are none. It returns what is there in the end, by key.
func (a *album) uploadAll(t *testing.T, photos int) map[string]picture {
	t.Helper()
	histories := map[string][]upload{}
	random := rand.New(rand.NewPCG(4, 4))
	for i := range photos {
		good, other, bad := newPhoto(t, i, random), newPhoto(t, i+1, random), newFailure(t, i, random)
		history := []upload{good}
		switch i % 10 {
		case 3:
			history = []upload{bad}
		case 4:
			history = []upload{good, good}
		case 5:
			history = []upload{good, other}
		case 6:
			history = []upload{good, {}}
		case 7:
			history = []upload{good, bad}
		case 8:
			history = []upload{bad, good}
		case 9:
			history = []upload{good, {}, other}
		}
		histories[fmt.Sprintf("album %d/a+b & c/사진 %d%%.jpg", i%7, i)] = history
	}
	want := map[string]picture{}
	var keys []string
	for key, history := range histories {
		keys = append(keys, key)
		if last := history[len(history)-1]; last.file != nil {
			want[key] = last.picture
		}
	}
	slices.Sort(keys)
	atOnce(len(keys), func(i int) {
		for _, u := range histories[keys[i]] {
			if err := a.put(t.Context(), keys[i], u.file); err != nil {
				t.Errorf("%s: %v", keys[i], err)
			}
		}
	})
	return want
}

// put puts a file into the bucket, or deletes it.
func (a *album) put(ctx context.Context, key string, file []byte) error {
	bucket := new(a.outputs["UploadsBucket"])
	if file == nil {
		_, err := a.objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &key})
		return err
	}
	_, err := a.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(file)})
	return err
}

// drain lets time pass until nothing waits in the queue, and the poison is in the
// dead-letter queue.
func (a *album) drain(t *testing.T, poison int) {
	t.Helper()
	for {
		a.pass(20)
		if a.Running() == 0 && a.count(t, "ThumbnailQueue") == 0 && a.count(t, "ThumbnailDeadLetterQueue") >= poison {
			return
		}
	}
}

// settle lets time pass until every event is handled: the queue is drained, and the
// index is about what is there.
func (a *album) settle(t *testing.T, want map[string]picture, poison int) {
	t.Helper()
	for {
		a.drain(t, poison)
		entries := a.scan(t, a.outputs["ThumbnailIndex"])
		if len(entries) == len(want) && !slices.ContainsFunc(entries, func(e map[string]string) bool { return e["leaseOwner"] != "" }) {
			return
		}
	}
}

func (a *album) checkIndex(t *testing.T, want map[string]picture) {
	t.Helper()
	for _, e := range a.scan(t, a.outputs["ThumbnailIndex"]) {
		p, ok := want[e["key"]]
		if !ok {
			t.Errorf("there is an entry of %q, which is not there", e["key"])
			continue
		}
		if p.rejected != "" {
			if e["status"] != "REJECTED" || !strings.Contains(e["reason"], p.rejected) {
				t.Errorf("%q is %s: %q, want it rejected for %q", e["key"], e["status"], e["reason"], p.rejected)
			}
			continue
		}
		got := fmt.Sprintf("%s %sx%s %s", e["status"], e["width"], e["height"], e["reason"])
		if want := fmt.Sprintf("READY %dx%d ", p.width, p.height); got != want {
			t.Errorf("%q is %s, want %s", e["key"], got, want)
		}
	}
}

// checkThumbnails: exactly the thumbnails of the photos are in the bucket, each in
// its size, and of the photo's last colour.
func (a *album) checkThumbnails(t *testing.T, want map[string]picture) {
	t.Helper()
	var keys []string
	for key, p := range want {
		if p.rejected == "" {
			keys = append(keys, key+"/mobile.jpg", key+"/tablet.jpg", key+"/web.jpg")
		}
	}
	slices.Sort(keys)
	if diff := cmp.Diff(keys, a.list(t, "ThumbnailsBucket")); diff != "" {
		t.Errorf("thumbnails (-want +got):\n%s", diff)
	}
	atOnce(len(keys), func(i int) {
		slash := strings.LastIndexByte(keys[i], '/')
		if err := a.checkThumbnail(t.Context(), keys[i], keys[i][slash+1:], want[keys[i][:slash]]); err != nil {
			t.Errorf("%q: %v", keys[i], err)
		}
	})
}

func (a *album) checkThumbnail(ctx context.Context, key, name string, p picture) error {
	got, err := a.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: new(a.outputs["ThumbnailsBucket"]), Key: &key})
	if err != nil {
		return err
	}
	data, err := io.ReadAll(got.Body)
	if err := errors.Join(err, got.Body.Close()); err != nil {
		return err
	}
	if aws.ToString(got.ContentType) != "image/jpeg" || aws.ToString(got.CacheControl) != "public, max-age=3600" {
		return fmt.Errorf("it is %s, %s", aws.ToString(got.ContentType), aws.ToString(got.CacheControl))
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	box := map[string]int{"web.jpg": 1280, "tablet.jpg": 768, "mobile.jpg": 320}[name]
	if size := img.Bounds().Size(); max(size.X, size.Y) != min(box, max(p.width, p.height)) {
		return fmt.Errorf("it is %v of %dx%d", size, p.width, p.height)
	}
	middle := img.Bounds().Size().Div(2)
	is := color.RGBAModel.Convert(img.At(middle.X, middle.Y)).(color.RGBA)
	if far(is.R, p.colour.R) || far(is.G, p.colour.G) || far(is.B, p.colour.B) {
		return fmt.Errorf("its colour is %v, want %v", is, p.colour)
	}
	return nil
}

// far says whether two values of a colour differ by more than JPEG's losses.
func far(a, b uint8) bool { return max(a, b)-min(a, b) > 8 }

// list lists the keys in a bucket.
func (a *album) list(t testing.TB, output string) []string {
	t.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(a.objects, &s3.ListObjectsV2Input{Bucket: new(a.outputs[output])})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

// checkPoison: exactly the poison messages are in the dead-letter queue.
func (a *album) checkPoison(t *testing.T, poison int) {
	t.Helper()
	var want, got []string
	for i := range poison {
		want = append(want, fmt.Sprintf("poison %d {", i))
	}
	for range poison {
		out, err := a.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: new(a.outputs["ThumbnailDeadLetterQueue"]), MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			got = append(got, *m.Body)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
}

// await waits until the index has an entry of a photo that is final, and returns
// it.
func (a *album) await(t *testing.T, key string) map[string]string {
	t.Helper()
	for {
		for _, e := range a.scan(t, a.outputs["ThumbnailIndex"]) {
			if e["key"] == key && e["leaseOwner"] == "" && e["status"] != "PROCESSING" {
				return e
			}
		}
	}
}

// thumbnail fetches a thumbnail.
func (a *album) thumbnail(t *testing.T, key string) []byte {
	t.Helper()
	got, err := a.objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: new(a.outputs["ThumbnailsBucket"]), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(got.Body)
	if err := errors.Join(err, got.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestPhonePhoto: a photo as a phone stores it, on its side and with its position,
// becomes three pictures that are upright and tell nothing of the phone.
func TestPhonePhoto(t *testing.T) {
	a := openAlbum(t, local.Options{})
	photo := readFile(t, "../docs/photo.jpg")
	if !bytes.Contains(photo, []byte("Example phone")) {
		t.Fatal("the photo has no metadata to lose")
	}
	if err := a.put(t.Context(), "photo.jpg", photo); err != nil {
		t.Fatal(err)
	}
	if e := a.await(t, "photo.jpg"); e["status"] != "READY" || e["width"] != "1080" || e["height"] != "1440" {
		t.Fatalf("the photo's entry is %v", e)
	}
	for name, height := range map[string]int{"web": 1280, "tablet": 768, "mobile": 320} {
		t.Run(name, func(t *testing.T) {
			data := a.thumbnail(t, "photo.jpg/"+name+".jpg")
			img, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if size := img.Bounds().Size(); size.Y != height || size.X != height*3/4 {
				t.Errorf("it is %v", size)
			}
			for _, secret := range []string{"Exif", "Example phone", "ICC_PROFILE"} {
				if bytes.Contains(data, []byte(secret)) {
					t.Errorf("it tells of %s", secret)
				}
			}
			// Sky above, a meadow below, and a house of bricks in between.
			at := func(x, y float64) color.RGBA {
				size := img.Bounds().Size()
				return color.RGBAModel.Convert(img.At(int(x*float64(size.X)), int(y*float64(size.Y)))).(color.RGBA)
			}
			if sky := at(0.03, 0.05); sky.B < sky.R+40 {
				t.Errorf("above it is %v, not the sky", sky)
			}
			if meadow := at(0.5, 0.95); meadow.G < meadow.B+40 {
				t.Errorf("below it is %v, not the meadow", meadow)
			}
			if roof := at(0.5, 0.45); roof.R < roof.G+20 {
				t.Errorf("in the middle it is %v, not the roof", roof)
			}
		})
	}
}

// TestLargestPhotos: a photo that is as large as may be takes less memory than the
// function has; one pixel more is rejected.
func TestLargestPhotos(t *testing.T) {
	a := openAlbum(t, local.Options{})
	encode := func(width, height int, encoder func(io.Writer, image.Image) error) []byte {
		var b bytes.Buffer
		if err := encoder(&b, image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.RGBA{200, 100, 50, 255}})); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	asJPEG := func(w io.Writer, img image.Image) error {
		gray := &image.Gray{Pix: img.(*image.Paletted).Pix, Stride: img.Bounds().Dx(), Rect: img.Bounds()}
		return jpeg.Encode(w, gray, nil)
	}
	asGIF := func(w io.Writer, img image.Image) error { return gif.Encode(w, img, nil) }
	tests := []struct {
		key  string
		file []byte
		want string
	}{
		{"100 megapixels.jpg", encode(10_000, 10_000, asJPEG), "READY "},
		{"100 megapixels.png", encode(10_000, 10_000, png.Encode), "READY "},
		{"100 megapixels.gif", encode(10_000, 10_000, asGIF), "READY "},
		{"a row more.png", encode(10_000, 10_001, png.Encode), "REJECTED too-many-pixels"},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			if err := a.put(t.Context(), tt.key, tt.file); err != nil {
				t.Fatal(err)
			}
			if e := a.await(t, tt.key); e["status"]+" "+e["code"] != tt.want {
				t.Errorf("it is %s, %s: %s; want %s", e["status"], e["code"], e["reason"], tt.want)
			}
		})
	}
	const memory = 1024 // MB, the function's
	for _, process := range a.Processes() {
		if peak := peakMB(t, process); peak > memory*3/4 {
			t.Errorf("a function took %.0f MB of its %d", peak, memory)
		} else {
			t.Logf("a function took %.0f MB", peak)
		}
	}
}

// peakMB is the most memory that a process had.
func peakMB(t testing.TB, process int) float64 {
	t.Helper()
	_, after, ok := strings.Cut(string(readFile(t, fmt.Sprintf("/proc/%d/status", process))), "VmHWM:")
	var kilobytes float64
	if _, err := fmt.Sscan(after, &kilobytes); !ok || err != nil {
		t.Fatalf("process %d: %v", process, err)
	}
	return kilobytes / 1024
}
