package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/noidle/noidle/test/tables"
)

// album is where photos get their thumbnails.
type album struct {
	outputs map[string]string

	mu   sync.Mutex
	puts int
	want map[string]*color.RGBA // what is there in the end, by key; nil is no photo
}

func newAlbum(t *trial) album {
	return album{outputs: t.cloud.Outputs()[thumbnailsStack], want: map[string]*color.RGBA{}}
}

// upload is a file, and its colour unless it is no photo. No file is a deletion.
type upload struct {
	file   []byte
	colour *color.RGBA
}

func newPhoto(random *rand.Rand) (upload, error) {
	colour := color.RGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
	var b bytes.Buffer
	err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 330, 330), color.Palette{colour}))
	return upload{b.Bytes(), &colour}, err
}

// putPhotos puts the photos of a round: some twice, some over others, some to be
// deleted, and some that are none.
func (t *trial) putPhotos(ctx context.Context, round int) error {
	random := rand.New(rand.NewPCG(t.Seed, 2<<32+uint64(round)))
	histories := make([][]upload, photosOfRound)
	for i := range histories {
		one, err := newPhoto(random)
		other, err2 := newPhoto(random)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		none := upload{file: fmt.Appendf(nil, "I am photo number %d", i)}
		histories[i] = [][]upload{{one}, {one, one}, {one, other}, {one, {}}, {one, none}, {none, one}, {one, {}, other}}[i%7]
	}
	return atOnce(len(histories), func(i int) error {
		key := fmt.Sprintf("album %d/사진 %d%%.jpg", round, i)
		for _, u := range histories[i] {
			if err := t.put(ctx, key, u); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *trial) put(ctx context.Context, key string, u upload) error {
	bucket := t.album.outputs["UploadsBucket"]
	var err error
	if u.file == nil {
		_, err = t.objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	} else {
		_, err = t.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(u.file)})
	}
	t.album.mu.Lock()
	defer t.album.mu.Unlock()
	t.album.puts++
	t.album.want[key] = u.colour
	if u.file == nil {
		delete(t.album.want, key)
	}
	return err
}

// checkPhotos: exactly the photos that are there in the end have thumbnails, of
// their last colour; all other files are rejected; exactly the poison is parked.
func (t *trial) checkPhotos(ctx context.Context) error {
	settled, err := t.await(ctx, "photos", func() (bool, error) {
		waiting, err := t.waiting(ctx, t.album.outputs["ThumbnailQueue"])
		if err != nil || waiting > 0 || t.cloud.Running() > 0 {
			return false, err
		}
		entries, err := tables.Scan(ctx, t.tables, t.album.outputs["ThumbnailIndex"])
		return !slices.ContainsFunc(entries, func(e map[string]string) bool { return e["leaseOwner"] != "" }), err
	})
	if err != nil {
		return err
	}
	if !settled {
		t.violated("photos did not settle in %s", patience)
	}
	work := Work{Name: "photos", Accepted: len(t.album.want)}
	messages, err := t.parked(ctx, t.album.outputs["ThumbnailDeadLetterQueue"], photoLettersAlarm)
	if err != nil {
		return err
	}
	events := slices.DeleteFunc(slices.Clone(messages), func(m string) bool { return strings.HasPrefix(m, poisonPrefix) })
	if len(messages)-len(events) != poison {
		work.Lost += max(0, poison-len(messages)+len(events))
		t.violated("%d of %d unreadable messages are in the photos' dead-letter queue", len(messages)-len(events), poison)
	}
	entries, err := tables.Scan(ctx, t.tables, t.album.outputs["ThumbnailIndex"])
	if err != nil {
		return err
	}
	status := map[string]string{}
	for _, e := range entries {
		status[e["key"]] = e["status"]
	}
	thumbnails, err := t.thumbnails(ctx)
	if err != nil {
		return err
	}
	isParked := func(key string) bool {
		return slices.ContainsFunc(events, func(m string) bool { return strings.Contains(m, fmt.Sprintf("%q", key)) })
	}
	for key, colour := range t.album.want {
		err := t.checkPhoto(ctx, key, colour, status[key], thumbnails[key])
		switch {
		case err == nil:
			work.Final++
		case isParked(key):
			work.Parked++
		default:
			work.Lost++
			t.violated("photo %q: %v", key, err)
		}
		delete(thumbnails, key)
		delete(status, key)
	}
	for key, names := range thumbnails {
		if !isParked(key) {
			work.Doubled++
			t.violated("there are thumbnails %q of %q, which is not there", names, key)
		}
	}
	for key := range status {
		if !isParked(key) {
			work.Doubled++
			t.violated("there is an entry of %q, which is not there", key)
		}
	}
	t.Work = append(t.Work, work)
	return nil
}

// thumbnails returns the names of the thumbnails in the bucket by photo.
func (t *trial) thumbnails(ctx context.Context) (map[string][]string, error) {
	names, bucket := map[string][]string{}, t.album.outputs["ThumbnailsBucket"]
	pages := s3.NewListObjectsV2Paginator(t.objects, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, object := range page.Contents {
			slash := strings.LastIndexByte(*object.Key, '/')
			key := (*object.Key)[:slash]
			names[key] = append(names[key], (*object.Key)[slash+1:])
		}
	}
	return names, nil
}

func (t *trial) checkPhoto(ctx context.Context, key string, colour *color.RGBA, status string, names []string) error {
	if colour == nil {
		if status != "REJECTED" || len(names) > 0 {
			return fmt.Errorf("it is no photo, and is %q with thumbnails %q", status, names)
		}
		return nil
	}
	if status != "READY" || !slices.Equal(names, []string{"mobile.jpg", "tablet.jpg", "web.jpg"}) {
		return fmt.Errorf("it is %q with thumbnails %q", status, names)
	}
	for _, name := range names {
		bucket, thumbnail := t.album.outputs["ThumbnailsBucket"], key+"/"+name
		got, err := t.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &thumbnail})
		if err != nil {
			return err
		}
		img, err := jpeg.Decode(got.Body)
		if err := errors.Join(err, got.Body.Close()); err != nil {
			return err
		}
		is := color.RGBAModel.Convert(img.At(100, 100)).(color.RGBA)
		if far(is.R, colour.R) || far(is.G, colour.G) || far(is.B, colour.B) {
			return fmt.Errorf("the colour of %s is %v, want %v", name, is, *colour)
		}
	}
	return nil
}

// far says whether two values of a colour differ by more than JPEG's losses.
func far(a, b uint8) bool { return max(a, b)-min(a, b) > 8 }
