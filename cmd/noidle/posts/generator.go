// Package posts makes posts of a social network, puts them into a Kinesis data
// stream, and keeps the truth: how often each hashtag is in what was put.
package posts

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// Options say which posts a [Generator] makes.
type Options struct {
	// Seed decides everything but times and IDs.
	Seed uint64
	// Hashtags is how many different hashtags there are, 2,000 by default.
	Hashtags int
	// Size is about how many bytes of JSON a post has, 300 to 60,000, by default
	// 1,000.
	Size int
	// Duplicates is the share of posts, 0 to 1, that come again among the next
	// thousand.
	Duplicates float64
	// Malformed is the share of records, 0 to 1, that are no posts.
	Malformed float64
}

// Post is what is to be counted of a post.
type Post struct {
	// ID is unlike that of any other post, also of a run with the same seed.
	ID string
	// Language is the primary subtag of the language, such as pt.
	Language string
	// CreatedAt is in UTC and in whole milliseconds.
	CreatedAt time.Time
	// Hashtags are the keys of the hashtags, each once: in lower case and in
	// Unicode Normalization Form C, without number sign.
	Hashtags []string

	counted bool
}

// Record is a record for the stream.
type Record struct {
	// PartitionKey is the post's ID, so that all that is sent under it goes to
	// the same shard.
	PartitionKey string
	// Data is the post in JSON.
	Data []byte
	// Post is the post, the same when it comes again, and nil if Data is none.
	Post *Post
}

// Generator makes posts in several languages, with hashtags of which a few are
// frequent and many are rare, after Zipf's law. It serves one goroutine at a time.
type Generator struct {
	options   Options
	random    *rand.Rand
	languages []*language // each as often as its share says
	run       string      // what the IDs start with
	made      int
	again     [distance][]Record // the duplicates to come
	spellings []string
}

// distance is how many new records there are at most between a post and its
// duplicate.
const distance = 1000

// NewGenerator returns a Generator. It returns an error if an option is out of
// its range.
func NewGenerator(o Options) (*Generator, error) {
	o.Hashtags, o.Size = cmp.Or(o.Hashtags, 2000), cmp.Or(o.Size, 1000)
	share := func(f float64) bool { return f >= 0 && f <= 1 }
	if o.Hashtags < 1 || o.Size < 300 || o.Size > 60_000 || !share(o.Duplicates) || !share(o.Malformed) {
		return nil, fmt.Errorf("%d hashtags, size %d, duplicates %v, malformed %v: want 1 or more, 300 to 60000, 0 to 1 and 0 to 1",
			o.Hashtags, o.Size, o.Duplicates, o.Malformed)
	}
	g := &Generator{options: o, random: rand.New(rand.NewPCG(o.Seed, 0))}
	for _, l := range readLanguages(o.Hashtags, g.random) {
		g.languages = append(g.languages, slices.Repeat([]*language{l}, l.Share)...)
	}
	return g, nil
}

// Next returns the next record, with a post created now or one that comes again.
func (g *Generator) Next(now time.Time) Record {
	if again := &g.again[g.made%distance]; len(*again) > 0 {
		record := (*again)[0]
		*again = (*again)[1:]
		return record
	}
	if g.made == 0 {
		g.run = fmt.Sprintf("%d-%s-", g.options.Seed, strconv.FormatInt(now.UnixNano(), 36))
	}
	record := g.post(now)
	if g.random.Float64() < g.options.Malformed {
		damage := pick(g.random, damages)
		record = Record{record.PartitionKey, bytes.Replace(record.Data, []byte(damage[0]), []byte(damage[1]), 1), nil}
	} else if g.random.Float64() < g.options.Duplicates {
		due := (g.made + 1 + g.random.IntN(distance-1)) % distance
		g.again[due] = append(g.again[due], record)
	}
	g.made++
	return record
}

func (g *Generator) post(now time.Time) Record {
	l := pick(g.random, g.languages)
	p := &Post{ID: g.run + strconv.Itoa(g.made), Language: l.Code, CreatedAt: now.UTC().Truncate(time.Millisecond)}
	g.addHashtags(p, l)
	data := make([]byte, 0, g.options.Size+256)
	data = fmt.Appendf(data, `{"id":"%s","user":"user-%d","text":"`, p.ID, g.random.IntN(10_000))
	data = g.appendText(data, l)
	data = fmt.Appendf(data, `","lang":"%s","createdAt":"`, pick(g.random, l.Tags))
	data = p.CreatedAt.AppendFormat(data, "2006-01-02T15:04:05.000Z")
	return Record{PartitionKey: p.ID, Data: append(data, `"}`...), Post: p}
}

// counts are how many hashtags posts have.
var counts = []int{0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4}

// addHashtags gives a post its hashtags, and spellings what its text has of them:
// a hashtag may be there twice.
func (g *Generator) addHashtags(p *Post, l *language) {
	g.spellings = g.spellings[:0]
	for range pick(g.random, counts) {
		tag := l.vocabulary[l.zipf.Uint64()]
		g.spellings = append(g.spellings, pick(g.random, tag.spellings[:]))
		if !slices.Contains(p.Hashtags, tag.key) {
			p.Hashtags = append(p.Hashtags, tag.key)
		}
	}
}

// appendText appends sentences, with the hashtags between and after them, up to
// the size of a post.
func (g *Generator) appendText(data []byte, l *language) []byte {
	end := g.options.Size - 80 // of the sentences alone; the rest is after the text
	for _, spelling := range g.spellings {
		end -= len(spelling) + 1
	}
	for tags := g.spellings; len(data) < end || len(tags) > 0; {
		if len(data) < end {
			for _, phrases := range l.Phrases {
				data = append(append(data, pick(g.random, phrases)...), ' ')
			}
		}
		if len(tags) > 0 && (len(data) >= end || g.random.IntN(2) == 0) {
			data = append(append(data, tags[0]...), pick(g.random, separators)...)
			end += len(tags[0]) + 1
			tags = tags[1:]
		}
	}
	return bytes.TrimSuffix(data, []byte(" "))
}

// separators follow a hashtag, in JSON.
var separators = []string{" ", " ", " ", `\n`}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// damages make a post something else, by the second text instead of the first.
var damages = [][2]string{
	{`{"id":"`, `hello `},
	{`{"id":"`, `[{"id":"`},
	{`"id":"`, `"name":"`},
	{`"id":"`, `"id":"","name":"`},
	{`"id":"`, `"id":7,"name":"`},
	{`"text":"`, `"text":null,"body":"`},
	{`"text":"`, `"text":["a post"],"body":"`},
	{`"text":"`, `"text":"` + "\xff"},
	{`"text":"`, `"text":"\ud83c `},
	{`"createdAt":"`, `"createdAt":"about `},
	{`Z"}`, ``},
}
