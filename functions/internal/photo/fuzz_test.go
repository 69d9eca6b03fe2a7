package photo

import (
	"bytes"
	"errors"
	"image"
	"runtime"
	"testing"
)

// FuzzMake makes thumbnails of anything. No decoder may panic, even though that would only be
// a rejection, and no more memory may be allocated than the limits allow.
func FuzzMake(f *testing.F) {
	for _, name := range photos(f) {
		f.Add(read(f, name), uint8(0))
	}
	for _, name := range []string{"other.avif", "other.tiff"} {
		f.Add(read(f, name), uint8(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		format := []Format{JPEG, PNG, WebP}[int(kind)%3]
		sizes := []Size{{Name: "whole", Width: 40, Height: 40}, {Name: "part", Width: 12, Height: 20, Cover: true}}
		limits := Limits{Pixels: 1 << 20, Memory: 64 << 20}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		photo, thumbnails, err := Make(data, sizes, Output{Format: format}, limits)
		runtime.ReadMemStats(&after)
		// The limit is of what is in use at once, and this is the sum.
		if sum := after.TotalAlloc - before.TotalAlloc; sum > 2*64<<20 {
			t.Errorf("%d bytes were allocated", sum)
		}
		if err != nil {
			rejected, ok := errors.AsType[*Rejected](err)
			if !ok || rejected.panicked || rejected.Code == "" || rejected.Reason == "" {
				t.Errorf("%#v", err)
			}
			return
		}
		for i, thumbnail := range thumbnails {
			want := sizes[i].layout(photo.Width, photo.Height, 1000)
			if format != JPEG {
				continue // slow to decode
			}
			config, _, err := image.DecodeConfig(bytes.NewReader(thumbnail.Data))
			if err != nil || config.Width != want.width || config.Height != want.height {
				t.Errorf("%s is %dx%d, %v, want %dx%d", thumbnail.Name, config.Width, config.Height, err, want.width, want.height)
			}
		}
	})
}
