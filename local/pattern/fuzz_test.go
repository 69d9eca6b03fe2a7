package pattern_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local/pattern"
)

// FuzzPattern checks that parsing and matching never panic, say the same every
// time, and are fast.
func FuzzPattern(f *testing.F) {
	seeds := [][2]string{
		{`{"a": ["x", 1, null, true, {"prefix": "x"}]}`, `{"a":["x",1,null]}`},
		{`{"a": {"b": [{"exists": false}]}, "c": [{"anything-but": ["x"]}]}`, `{"a":[{"b":1},{"b":[]}],"c":"y"}`},
		{`{"$or": [{"a": [{"numeric": [">", 0, "<=", 5]}]}, {"b": [{"cidr": "::/0"}]}]}`, `{"a":1e400,"b":"::1"}`},
		{`{"a": [{"wildcard": "` + strings.Repeat("*a", 200) + `*b"}]}`, `{"a":"` + strings.Repeat("a", 20000) + `"}`},
		{`{"a": [{"wildcard": "\\*\\\\*"}]}`, `{"a":"*\\"}`},
		{`{"a": [{"suffix": {"equals-ignore-case": "ſK"}}]}`, `{"a":"SK"}`},
		{`{"a": [{"anything-but": {"wildcard": ["*x*", "y*"]}}]}`, `{"a":"z"}`},
	}
	for _, seed := range seeds {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, source, data []byte) {
		start := time.Now()
		p, err := pattern.Parse(source)
		if err != nil || !json.Valid(data) {
			return
		}
		again, err := pattern.Parse(source)
		if err != nil {
			t.Fatalf("parses once only: %v", err)
		}
		event := decode(t, string(data))
		first := p.Match(event)
		if p.Match(event) != first || again.Match(event) != first {
			t.Errorf("%s matches %s sometimes", source, data)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("took %s", took)
		}
	})
}
