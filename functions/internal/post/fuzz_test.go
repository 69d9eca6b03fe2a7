package post

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var seeds = []string{
	`{"id":"1","user":"ann","text":"hi #go","lang":"en","createdAt":"2026-01-31T09:30:00Z"}`,
	`{"id":"1","text":"\ud83c\udf89\n","a":[1,{"b":null}],"c":-0.5e+10,"d":"\ud800"}`,
	`{"id":"1","id":"2","text":"안녕"}`,
	`{"id":"1","text":"t","createdAt":"2026-01-31T18:30:00.250+09:00"} x`,
	`{"\u0069d":"1","text":"t","e":true,"f":false}`,
	`{"id":"\/1\"","user":"\u00e9\\","text":"é한😀\t١","lang":"\u006bo","createdAt":"2026-02-28T09:30:00.5\u005a"}`,
}

func FuzzParse(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(compare)
}

// TestParseMutated compares Parse with encoding/json on texts with pieces of
// JSON put into or taken from good ones.
func TestParseMutated(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{`"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, `null`, `0`, `1`, `-`, `.`, `e`, `\u`, `\ud83c`, `\udf89`, "\n", " ", "\x00", "한", "\xed", "id", `"lang":"k",`, "é", "😀", `\n`, `\u00e9`, "\xe0", "\x9f"}
	for range 20_000 {
		data := []byte(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(3) {
			at := random.IntN(len(data) + 1)
			end := min(len(data), at+random.IntN(3))
			data = []byte(string(data[:at]) + pieces[random.IntN(len(pieces))] + string(data[end:]))
		}
		compare(t, data)
	}
}

// compare checks that Parse takes exactly what encoding/json and the rules of
// posts take, with the same values, and that it leaves other data as it is.
func compare(t *testing.T, data []byte) {
	var got Post
	parsed := bytes.Clone(data)
	err := Parse(parsed, &got)
	want, good := expected(data)
	if err != nil && !bytes.Equal(data, parsed) {
		t.Fatalf("%q: error %v left %q", data, err, parsed)
	}
	if good != (err == nil) {
		t.Fatalf("%q: error %v, want good %t", data, err, good)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q: %s", data, diff)
	}
}

func expected(data []byte) (Post, bool) {
	var raw map[string]json.RawMessage
	if !utf8.Valid(data) || len(data) > MaxSize || json.Unmarshal(data, &raw) != nil || raw == nil || !once(data) {
		return Post{}, false
	}
	values := map[string]string{}
	for name, limit := range map[string]int{"id": MaxID, "user": MaxID, "text": MaxText, "lang": MaxLang, "createdAt": 35} {
		value, there := raw[name]
		if !there || string(value) == "null" {
			continue
		}
		var text string
		if json.Unmarshal(value, &text) != nil || len(text) > limit || halved(string(value), text) {
			return Post{}, false
		}
		values[name] = text
	}
	p := Post{ID: values["id"], User: values["user"], Text: values["text"], Lang: values["lang"]}
	if p.ID == "" || p.Text == "" || checkLang(p.Lang) != nil {
		return Post{}, false
	}
	if created, there := values["createdAt"]; there {
		quoted, _ := json.Marshal(created)
		if json.Unmarshal(quoted, &p.CreatedAt) != nil {
			return Post{}, false
		}
		p.CreatedAt = p.CreatedAt.In(time.UTC)
	}
	return p, true
}

// halved says whether encoding/json put U+FFFD for half a surrogate pair.
func halved(raw, text string) bool {
	count := strings.Count(raw, "\ufffd")
	for rest := strings.ReplaceAll(raw, `\\`, ""); len(rest) > 0; {
		_, after, found := strings.Cut(rest, `\u`)
		if !found {
			break
		}
		if strings.EqualFold(after[:4], "fffd") {
			count++
		}
		rest = after
	}
	return strings.Count(text, "\ufffd") != count
}

// once says whether no field of a post is there twice.
func once(data []byte) bool {
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	_, _ = decoder.Token()
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok || seen[name] {
			return false
		}
		switch name {
		case "id", "user", "text", "lang", "createdAt":
			seen[name] = true
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return false
		}
	}
	return true
}
