package posts_test

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/unicode/norm"

	"github.com/noidle/noidle/cmd/noidle/posts"
)

// start is half a minute before the end of a window of a minute.
var start = time.Date(2026, 11, 22, 10, 0, 30, 0, time.UTC)

// makeRecords makes records, three milliseconds apart.
func makeRecords(t testing.TB, o posts.Options, start time.Time, count int) []posts.Record {
	t.Helper()
	g, err := posts.NewGenerator(o)
	if err != nil {
		t.Fatal(err)
	}
	var records []posts.Record
	for i := range count {
		records = append(records, g.Next(start.Add(time.Duration(3*i)*time.Millisecond)))
	}
	return records
}

// content is a post as anybody reads it.
type content struct {
	ID        string    `json:"id"`
	User      string    `json:"user"`
	Text      string    `json:"text"`
	Lang      string    `json:"lang"`
	CreatedAt time.Time `json:"createdAt"`
}

// read reads a post and its hashtags in the simplest way.
func read(t *testing.T, data []byte) (content, []string) {
	t.Helper()
	var c content
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	var tags []string
	for word := range strings.FieldsSeq(strings.ReplaceAll(c.Text, "＃", "#")) {
		if tag, found := strings.CutPrefix(word, "#"); found {
			tags = append(tags, norm.NFC.String(strings.ToLower(tag)))
		}
	}
	return c, tags
}

func TestSeed(t *testing.T) {
	o := posts.Options{Seed: 7, Duplicates: 0.1, Malformed: 0.1}
	first := makeRecords(t, o, start, 2000)
	if diff := cmp.Diff(first, makeRecords(t, o, start, 2000), cmpopts.IgnoreUnexported(posts.Post{}), cmp.Comparer(bytes.Equal)); diff != "" {
		t.Errorf("same seed and time: %s", diff)
	}
	later := makeRecords(t, o, start.Add(time.Microsecond), 2000)
	o.Seed = 8
	other := makeRecords(t, o, start, 2000)
	ids, same := map[string]bool{}, 0
	for _, r := range first {
		ids[r.PartitionKey] = true
	}
	for i, r := range later {
		if ids[r.PartitionKey] || ids[other[i].PartitionKey] {
			t.Fatalf("%s or %s is an ID of another run, too", r.PartitionKey, other[i].PartitionKey)
		}
		if p := first[i].Post; p != nil {
			a, _ := read(t, first[i].Data)
			b, _ := read(t, r.Data)
			if a.Text != b.Text || a.User != b.User {
				t.Fatalf("post %d differs at another time: %q, %q", i, a.Text, b.Text)
			}
			if q := other[i].Post; q != nil && slices.Equal(p.Hashtags, q.Hashtags) && p.Language == q.Language {
				same++
			}
		}
	}
	if same > len(first)/2 {
		t.Errorf("%d of %d posts are the same with another seed", same, len(first))
	}
}

// TestTruth counts the records again, without the generator's knowledge.
func TestTruth(t *testing.T) {
	truth := posts.NewTruth(time.Minute)
	want := posts.NewTruth(time.Minute)
	window := func(at time.Time) *posts.Window {
		first := at.Truncate(time.Minute)
		for i := range want.Windows {
			if want.Windows[i].Start.Equal(first) {
				return &want.Windows[i]
			}
		}
		want.Windows = append(want.Windows, posts.Window{Start: first, End: first.Add(time.Minute), Languages: map[string]map[string]int{}})
		return &want.Windows[len(want.Windows)-1]
	}
	known, twice, capitals, wide := map[string]bool{}, 0, 0, 0
	for _, r := range makeRecords(t, posts.Options{Size: 300, Duplicates: 0.05, Malformed: 0.03}, start, 31_000) {
		truth.Add(r)
		want.Records++
		if r.Post == nil {
			want.Malformed++
			continue
		}
		c, tags := read(t, r.Data)
		if c.ID != r.PartitionKey {
			t.Fatalf("partition key %s of post %s", r.PartitionKey, c.ID)
		}
		if known[c.ID] {
			want.Duplicates++
			continue
		}
		known[c.ID] = true
		w, language := window(c.CreatedAt), strings.Split(c.Lang, "-")[0]
		if w.Languages[language] == nil {
			w.Languages[language] = map[string]int{}
		}
		want.Posts++
		w.Posts++
		slices.Sort(tags)
		once := slices.Compact(slices.Clone(tags))
		for _, tag := range once {
			w.Languages[language][tag]++
		}
		if len(once) < len(tags) {
			twice++
		}
		capitals += strings.Count(c.Text, "#SEOUL")
		wide += strings.Count(c.Text, "＃")
	}
	if diff := cmp.Diff(want, truth, cmpopts.IgnoreUnexported(posts.Truth{})); diff != "" {
		t.Error(diff)
	}
	if len(truth.Windows) != 3 || len(truth.Windows[0].Languages) != 8 {
		t.Errorf("got %d windows and %d languages, want 3 and 8", len(truth.Windows), len(truth.Windows[0].Languages))
	}
	if near := func(got int, want float64) bool { return math.Abs(float64(got)/want-1) < 0.1 }; !near(truth.Duplicates, 1410) || !near(truth.Malformed, 887) {
		t.Errorf("got %d duplicates and %d malformed", truth.Duplicates, truth.Malformed)
	}
	if twice == 0 || capitals == 0 || wide == 0 {
		t.Errorf("%d posts have a hashtag twice, %d hashtags are in capitals, %d have a wide number sign", twice, capitals, wide)
	}
}

// TestZipf checks that few hashtags are frequent and most are rare, and that
// there are as many as asked for.
func TestZipf(t *testing.T) {
	for _, hashtags := range []int{1, 10, 300, 2000} {
		truth := posts.NewTruth(time.Hour)
		for _, r := range makeRecords(t, posts.Options{Hashtags: hashtags, Size: 300}, start, 30_000) {
			truth.Add(r)
		}
		top := truth.Top("", math.MaxInt)
		if len(top) > hashtags || hashtags <= 300 && len(top) < hashtags*95/100 {
			t.Errorf("%d hashtags, want about %d", len(top), hashtags)
		}
		if hashtags > 10 && (top[0].Count < top[1].Count*3/2 || top[0].Count < 20*top[100].Count) {
			t.Errorf("with %d hashtags, counts are %v, %v, ... %v", hashtags, top[0], top[1], top[100])
		}
	}
}

func TestSize(t *testing.T) {
	for _, size := range []int{300, 1000, 20_000} {
		total, records := 0, makeRecords(t, posts.Options{Size: size}, start, 2000)
		for _, r := range records {
			total += len(r.Data)
		}
		if mean := total / len(records); mean < size-20 || mean > size+25 {
			t.Errorf("posts of %d bytes have %d on average", size, mean)
		}
	}
}

// TestMalformed checks that each kind is there and is no post.
func TestMalformed(t *testing.T) {
	kinds := map[string]int{}
	for _, r := range makeRecords(t, posts.Options{Malformed: 1}, start, 2000) {
		if r.Post != nil || r.PartitionKey == "" {
			t.Fatalf("got post %v and partition key %q", r.Post, r.PartitionKey)
		}
		var c content
		err := json.Unmarshal(r.Data, &c)
		switch {
		case !utf8.Valid(r.Data):
			kinds["invalid UTF-8"]++
		case strings.ContainsRune(c.Text, utf8.RuneError):
			kinds["half a surrogate pair"]++
		case !json.Valid(r.Data) && r.Data[0] == '{':
			kinds["cut"]++
		case !json.Valid(r.Data):
			kinds["not JSON"]++
		case err != nil:
			kinds["wrong type"]++
		case c.ID == "":
			kinds["no ID"]++
		case c.Text == "":
			kinds["no text"]++
		default:
			t.Fatalf("%s is a post", r.Data)
		}
	}
	if len(kinds) != 7 {
		t.Errorf("got only %v", kinds)
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, o := range map[string]posts.Options{
		"hashtags": {Hashtags: -1}, "small": {Size: 299}, "large": {Size: 60_001},
		"duplicates": {Duplicates: 1.1}, "malformed": {Malformed: -0.1}, "not a number": {Malformed: math.NaN()},
	} {
		if _, err := posts.NewGenerator(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	g, err := posts.NewGenerator(posts.Options{Duplicates: 0.01})
	if err != nil {
		b.Fatal(err)
	}
	truth := posts.NewTruth(time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		truth.Add(g.Next(time.Now()))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}
