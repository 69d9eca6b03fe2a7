package thumbnail_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/photo"
	"github.com/noidle/noidle/functions/internal/thumbnail"
)

// update updates a photo and fails the test if that fails.
func update(t *testing.T, m *thumbnail.Maker, key string, want thumbnail.Outcome) thumbnail.Entry {
	t.Helper()
	got, entry, err := m.Update(t.Context(), key)
	if err != nil || got != want {
		t.Fatalf("updating %q: %s, %v; want %s", key, got, err, want)
	}
	return entry
}

// keys lists what thumbnails there are.
func (c *cloud) keys() []string { return slices.Sorted(maps.Keys(c.thumbnails)) }

func (c *cloud) check(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, c.keys()); diff != "" {
		t.Errorf("thumbnails (-want +got):\n%s", diff)
	}
}

func TestUpdate(t *testing.T) {
	keys := []string{"cat.jpg", "photos/2026/cat.jpg", "a photo+of a cat.jpg", "고양이/사진.jpg", "100%.jpg", "cat", "a//b"}
	for _, key := range keys {
		t.Run(key, func(t *testing.T) {
			c := newCloud()
			m := c.maker(recipe())
			c.photos[key] = picture(t, 64, 48, 200)

			entry := update(t, m, key, thumbnail.Made)
			c.check(t, key+"/large.jpg", key+"/small.jpg")
			want := thumbnail.Entry{
				Key: key, Status: thumbnail.Ready,
				Source: thumbnail.Source{ETag: eTag(c.photos[key]), VersionID: "v", Bytes: int64(len(c.photos[key]))},
				Format: "jpeg", Width: 64, Height: 48,
				Thumbnails: []thumbnail.Thumbnail{
					{Name: "large", Key: key + "/large.jpg", Width: 32, Height: 24, Bytes: len(c.thumbnails[key+"/large.jpg"])},
					{Name: "small", Key: key + "/small.jpg", Width: 8, Height: 6, Bytes: len(c.thumbnails[key+"/small.jpg"])},
				},
				Recipe: m.Recipe.ID(), UpdatedAt: entry.UpdatedAt,
				Objects: []string{key + "/large.jpg", key + "/small.jpg"},
			}
			if diff := cmp.Diff(want, c.entries[key]); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, entry); diff != "" {
				t.Errorf("returned entry (-want +got):\n%s", diff)
			}

			before := c.writes
			update(t, m, key, thumbnail.Unchanged)
			if c.writes != before {
				t.Errorf("the same event again writes %d times", c.writes-before)
			}
		})
	}
}

func TestOverwritten(t *testing.T) {
	c := newCloud()
	m := c.maker(recipe())
	c.photos["p"] = picture(t, 64, 48, 10)
	update(t, m, "p", thumbnail.Made)
	c.photos["p"] = picture(t, 64, 48, 200)
	update(t, m, "p", thumbnail.Made)
	if got := shade(t, c.thumbnails["p/small.jpg"]); got < 195 {
		t.Errorf("the thumbnail's shade is %d, want the new photo's", got)
	}

	c.photos["p"] = []byte("no photo any more")
	if got := update(t, m, "p", thumbnail.Refused); !strings.Contains(got.Reason, "text") {
		t.Errorf("the reason is %q", got.Reason)
	}
	c.check(t)
	update(t, m, "p", thumbnail.Unchanged)

	c.photos["p"] = picture(t, 64, 48, 200)
	update(t, m, "p", thumbnail.Made)
	c.check(t, "p/large.jpg", "p/small.jpg")
}

func TestDeleted(t *testing.T) {
	c := newCloud()
	m := c.maker(recipe())
	c.photos["p"] = picture(t, 64, 48, 10)
	update(t, m, "p", thumbnail.Made)
	delete(c.photos, "p")
	update(t, m, "p", thumbnail.Removed)
	c.check(t)
	if len(c.entries) != 0 {
		t.Errorf("the index still has %v", c.entries)
	}
	update(t, m, "p", thumbnail.Removed)
	if len(c.entries) != 0 {
		t.Errorf("the index has %v again", c.entries)
	}
}

func TestKeepDeleted(t *testing.T) {
	c := newCloud()
	r := recipe()
	r.KeepDeleted = true
	m := c.maker(r)
	c.photos["p"] = picture(t, 64, 48, 10)
	update(t, m, "p", thumbnail.Made)
	entry := c.entries["p"]
	delete(c.photos, "p")
	update(t, m, "p", thumbnail.Unchanged)
	c.check(t, "p/large.jpg", "p/small.jpg")
	if diff := cmp.Diff(entry, c.entries["p"]); diff != "" {
		t.Errorf("entry (-before +after):\n%s", diff)
	}

	// One that was gone before anything was made of it leaves nothing.
	update(t, m, "q", thumbnail.Removed)
	if _, ok := c.entries["q"]; ok {
		t.Error("there is an entry of a photo that never had thumbnails")
	}

	// With another recipe, there is nothing to make the thumbnails of.
	r.Quality = 50
	update(t, c.maker(r), "p", thumbnail.Kept)
	c.check(t, "p/large.jpg", "p/small.jpg")
}

func TestRejected(t *testing.T) {
	good := picture(t, 64, 48, 10)
	tests := []struct {
		name, key  string
		data       []byte
		code, want string
	}{
		{"empty", "p", nil, photo.Empty, "empty"},
		{"text", "p.jpg", []byte("hello, I am a photo"), photo.UnknownFormat, "text"},
		{"truncated", "p", good[:len(good)/2], photo.Truncated, "truncated"},
		{"too many bytes", "p", make([]byte, 10_001), thumbnail.TooManyBytes, "the file has 10001 bytes, at most 10000 are allowed"},
		{"too many pixels", "p", picture(t, 101, 100, 10), photo.TooManyPixels, "101x100 pixels"},
		{"long key", strings.Repeat("k", 1020), good, thumbnail.KeyTooLong, "the key is 1020 bytes long, which leaves no room for the names of thumbnails: shorten it by 6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud()
			c.photos[tt.key] = tt.data
			entry := update(t, c.maker(recipe()), tt.key, thumbnail.Refused)
			if entry.Status != thumbnail.Rejected || entry.Code != tt.code || !strings.Contains(entry.Reason, tt.want) {
				t.Errorf("it is %s, %s: %q, want %s, and %q in the reason", entry.Status, entry.Code, entry.Reason, tt.code, tt.want)
			}
			if entry.ETag != eTag(tt.data) || entry.Bytes != int64(len(tt.data)) {
				t.Errorf("the entry does not say what was rejected: %+v", entry)
			}
			c.check(t)
			before := c.writes
			update(t, c.maker(recipe()), tt.key, thumbnail.Unchanged)
			if c.writes != before {
				t.Error("it is rejected twice")
			}
		})
	}
}

// TestArchived: what the store of uploads refuses for good is a rejection.
func TestArchived(t *testing.T) {
	c := newCloud()
	c.photos["p"] = picture(t, 64, 48, 10)
	c.fault = func(operation string) error {
		if operation == "open" {
			return &photo.Rejected{Reason: "archived"}
		}
		return nil
	}
	if got := update(t, c.maker(recipe()), "p", thumbnail.Refused); got.Reason != "archived" {
		t.Errorf("the reason is %q", got.Reason)
	}
}

func TestFolder(t *testing.T) {
	c := newCloud()
	c.photos["photos/"] = nil
	update(t, c.maker(recipe()), "photos/", thumbnail.Unchanged)
	if c.writes > 0 {
		t.Error("a folder changes something")
	}
}

// TestRecipeChanged: a photo that comes by again gets what the new recipe says,
// and loses what it no longer says.
func TestRecipeChanged(t *testing.T) {
	c := newCloud()
	c.photos["p"] = picture(t, 64, 48, 10)
	update(t, c.maker(recipe()), "p", thumbnail.Made)
	r := recipe()
	r.Sizes = []thumbnail.Size{{Name: "large", Width: 16}, {Name: "square", Width: 10, Height: 10, Cover: true}}
	entry := update(t, c.maker(r), "p", thumbnail.Made)
	c.check(t, "p/large.jpg", "p/square.jpg")
	if got := entry.Thumbnails; got[0].Width != 16 || got[0].Height != 12 || got[1].Width != 10 || got[1].Height != 10 {
		t.Errorf("thumbnails %+v", got)
	}
}

// TestFaults: whatever fails, and wherever the function is stopped, the next
// attempt makes everything right.
func TestFaults(t *testing.T) {
	for _, operation := range []string{"get", "stat", "claim", "open", "renew", "put", "delete", "commit", "release", "remove"} {
		for _, gone := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, photo gone: %t", operation, gone), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCloud()
					old := recipe()
					old.Sizes = append(old.Sizes, thumbnail.Size{Name: "old", Width: 4})
					c.photos["p"] = picture(t, 64, 48, 10)
					update(t, c.maker(old), "p", thumbnail.Made)
					c.photos["p"] = picture(t, 64, 48, 200)
					if gone {
						delete(c.photos, "p")
					}
					var failed atomic.Int32
					c.fault = func(o string) error {
						if o == operation || (operation == "release" && o == "commit") {
							failed.Add(1)
							return errors.New(o + " fails")
						}
						return nil
					}
					m := c.maker(recipe())
					_, _, err := m.Update(t.Context(), "p")
					if failed.Load() > 0 && (err == nil || !strings.Contains(err.Error(), `photo "p": `)) {
						t.Errorf("error is %v", err)
					}
					c.fault = func(string) error { return nil }
					time.Sleep(2 * time.Minute) // a lease that was not given back runs out
					if _, _, err := m.Update(t.Context(), "p"); err != nil {
						t.Fatal(err)
					}
					if gone {
						c.check(t)
						return
					}
					c.check(t, "p/large.jpg", "p/small.jpg")
					if got := shade(t, c.thumbnails["p/large.jpg"]); got < 195 {
						t.Errorf("the thumbnail's shade is %d, want the new photo's", got)
					}
				})
			})
		}
	}
}

// TestBusy: while another works on the photo, an update waits for it, and gives up
// after some seconds.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.photos["p"] = picture(t, 64, 48, 10)
		lease := thumbnail.Lease{Owner: "other", Until: time.Now().Add(time.Minute)}
		if _, err := (index{c}).Claim(t.Context(), "p", lease, time.Now(), nil); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		m := c.maker(recipe())
		if _, _, err := m.Update(t.Context(), "p"); !errors.Is(err, thumbnail.ErrBusy) {
			t.Errorf("error is %v, want busy", err)
		}
		if waited := time.Since(begin); waited < 13*time.Second || waited > 14*time.Second {
			t.Errorf("it waits %v", waited)
		}
		go func() {
			time.Sleep(time.Second)
			_ = (index{c}).Release(context.Background(), "p", lease)
		}()
		update(t, m, "p", thumbnail.Made)
	})
}

// TestStopped: the photo of a function that was stopped at work is taken over in
// the same invocation.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.photos["p"] = picture(t, 64, 48, 10)
		var puts atomic.Int32
		end := make(chan struct{})
		c.fault = func(operation string) error {
			if operation == "release" || operation == "put" && puts.Add(1) <= 2 {
				<-end
				return errors.New("stopped")
			}
			return nil
		}
		m := c.maker(recipe())
		go func() { _, _, _ = m.Update(context.Background(), "p") }()
		time.Sleep(time.Second)
		update(t, m, "p", thumbnail.Made)
		close(end)
		synctest.Wait()
	})
}

// TestSlow: a photo that takes longer than a lease is not written by one who lost
// the lease meanwhile.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.photos["p"] = picture(t, 64, 48, 10)
		var slow atomic.Bool
		slow.Store(true)
		c.fault = func(operation string) error {
			if operation == "open" && slow.Swap(false) {
				time.Sleep(30 * time.Second)
			}
			return nil
		}
		update(t, c.maker(recipe()), "p", thumbnail.Made) // nobody else came

		c.photos["p"] = picture(t, 64, 48, 100)
		slow.Store(true)
		go func() {
			time.Sleep(15 * time.Second)
			update(t, c.maker(recipe()), "p", thumbnail.Made)
			c.mu.Lock()
			c.photos["p"] = picture(t, 64, 48, 200)
			c.mu.Unlock()
		}()
		update(t, c.maker(recipe()), "p", thumbnail.Made)
		if got := shade(t, c.thumbnails["p/large.jpg"]); got < 195 {
			t.Errorf("the thumbnail's shade is %d, want the newest photo's", got)
		}
	})
}

// TestSlowWrites: writes end before the lease does.
func TestSlowWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.photos["p"] = picture(t, 64, 48, 10)
		c.fault = func(operation string) error {
			if operation == "put" {
				time.Sleep(11 * time.Second)
			}
			return nil
		}
		if _, _, err := c.maker(recipe()).Update(t.Context(), "p"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v, want that the time is up", err)
		}
		c.check(t)
	})
}

// TestConvergence lets photos change while updates run in several places at once,
// late, twice, out of order and with faults. When every event has been handled,
// thumbnails and index are those of the photos that are there.
func TestConvergence(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { converge(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func converge(t *testing.T, random *rand.Rand) {
	c := newCloud()
	var mu sync.Mutex // of random
	draw := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	c.fault = func(operation string) error {
		time.Sleep(time.Duration(draw(300)) * time.Millisecond)
		if draw(20) == 0 {
			return errors.New(operation + " fails")
		}
		return nil
	}
	m := c.maker(recipe())
	pictures := [][]byte{picture(t, 40, 40, 10), picture(t, 40, 40, 120), picture(t, 40, 40, 240), []byte("text")}
	var handling sync.WaitGroup
	event := func(key string) {
		handling.Go(func() {
			for {
				time.Sleep(time.Duration(draw(3000)) * time.Millisecond)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				_, _, err := m.Update(ctx, key)
				cancel()
				if err == nil {
					return
				}
			}
		})
	}
	for range 60 {
		key := string(rune('p' + draw(3)))
		c.mu.Lock()
		if n := draw(len(pictures) + 1); n < len(pictures) {
			c.photos[key] = pictures[n]
		} else {
			delete(c.photos, key)
		}
		c.mu.Unlock()
		for range 1 + draw(2) {
			event(key)
		}
		time.Sleep(time.Duration(draw(500)) * time.Millisecond)
	}
	handling.Wait()

	var want []string
	for key, data := range c.photos {
		entry := c.entries[key]
		if entry.ETag != eTag(data) || entry.Lease != nil {
			t.Errorf("the entry of %s is %+v, not of what is there", key, entry)
		}
		if string(data) == "text" {
			continue
		}
		want = append(want, key+"/large.jpg", key+"/small.jpg")
		if diff := int(shade(t, c.thumbnails[key+"/small.jpg"])) - int(shade(t, data)); diff < -3 || diff > 3 {
			t.Errorf("the thumbnail of %s is of another photo: its shade is %d off", key, diff)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, c.keys()); diff != "" {
		t.Errorf("thumbnails (-want +got):\n%s", diff)
	}
	if len(c.entries) != len(c.photos) {
		t.Errorf("%d entries of %d photos", len(c.entries), len(c.photos))
	}
}

func TestParseRecipe(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"whole", `{"sizes":[{"name":"web","width":1280,"height":1280,"cover":false}],"format":"jpeg","quality":80,"maxBytes":1,"maxPixels":2,"maxProgressivePixels":3,"cacheControl":"public","keepDeleted":true}`, ""},
		{"no JSON", `web`, "recipe: invalid character"},
		{"unknown field", `{"size":[]}`, `recipe: json: unknown field "size"`},
		{"no sizes", `{"format":"jpeg"}`, "recipe: no sizes"},
		{"unknown format", `{"sizes":[{"name":"web","width":1}],"format":"gif"}`, `recipe: format is "gif": want jpeg, png or webp`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := thumbnail.ParseRecipe(tt.text)
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRecipeID(t *testing.T) {
	r, same, other := recipe(), recipe(), recipe()
	other.Sizes[0].Cover = true
	if r.ID() != same.ID() || r.ID() == other.ID() || len(r.ID()) != 16 {
		t.Errorf("IDs %s, %s of the same and %s of another recipe", r.ID(), same.ID(), other.ID())
	}
}
