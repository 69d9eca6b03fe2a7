package posts

import (
	_ "embed"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:embed languages.json
var languagesJSON []byte

// language is what posts in a language are made of.
type language struct {
	Code     string   // as it counts
	Tags     []string // as posts name it
	Share    int      // of posts
	Joiner   string   // between the words of a hashtag
	Hashtags []string // the words that hashtags are made of
	Phrases  [][]string

	vocabulary []*hashtag // the most frequent first
	zipf       *rand.Zipf
}

// hashtag is a hashtag by its key, and how people write it.
type hashtag struct {
	key       string
	spellings [8]string
}

// readLanguages returns the languages with a number of hashtags in all. A ninth
// of them is in every language.
func readLanguages(hashtags int, random *rand.Rand) []*language {
	var file struct {
		Shared    []string
		Languages []*language
	}
	if err := json.Unmarshal(languagesJSON, &file); err != nil {
		panic(err) // the file is part of the program
	}
	groups := len(file.Languages) + 1
	shared := combine(file.Shared, "", (hashtags+groups-1)/groups)
	for i, l := range file.Languages {
		own := combine(l.Hashtags, l.Joiner, (hashtags+groups-2-i)/groups)
		for rank, tag := range shared {
			l.vocabulary = append(l.vocabulary, tag)
			if rank < len(own) {
				l.vocabulary = append(l.vocabulary, own[rank])
			}
		}
		l.zipf = rand.NewZipf(random, 1.05, 2, uint64(len(l.vocabulary)-1))
	}
	return file.Languages
}

// combine returns count hashtags: the words, then pairs of them, then pairs with a
// number.
func combine(words []string, joiner string, count int) []*hashtag {
	tags := make([]*hashtag, count)
	for i := range tags {
		key, pair := words[i%len(words)], i-len(words)
		if pair >= 0 {
			key += joiner + words[(pair/len(words)+pair)%len(words)]
		}
		if round := pair / (len(words) * len(words)); round > 0 {
			key += strconv.Itoa(round + 1)
		}
		tags[i] = newHashtag(norm.NFC.String(key))
	}
	return tags
}

func newHashtag(key string) *hashtag {
	_, first := utf8.DecodeRuneInString(key)
	capital := strings.ToUpper(key[:first]) + key[first:]
	return &hashtag{key, [8]string{
		"#" + key, "#" + key, "#" + key, "#" + capital, "#" + capital,
		"#" + strings.ToUpper(key), "#" + norm.NFD.String(key), "＃" + key,
	}}
}
