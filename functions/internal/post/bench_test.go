package post_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/noidle/noidle/functions/internal/hashtag"
	"github.com/noidle/noidle/functions/internal/post"
)

// lines returns posts of 1 KB, every other one in Korean, with three hashtags
// out of 500 and a line break that JSON escapes.
func lines(count int) [][]byte {
	var result [][]byte
	for i := range count {
		sentence := "The stream of posts goes on. "
		if i%2 == 0 {
			sentence = "오늘은 날씨가 참 좋습니다. "
		}
		tags := fmt.Sprintf("\n#Go%d #서울%d #stream%d", i%100, i%200, i%200)
		text := strings.Repeat(sentence, 850/len(sentence)) + tags
		line, _ := json.Marshal(map[string]string{
			"id": fmt.Sprintf("post-%d", i), "user": fmt.Sprintf("user-%d", i%1000), "text": text,
			"lang": "ko", "createdAt": "2026-01-31T09:30:00.250Z",
		})
		result = append(result, line)
	}
	return result
}

func BenchmarkCount(b *testing.B) {
	parsers := []struct {
		name  string
		parse func([]byte, *post.Post) error
	}{
		{"scanner", post.Parse},
		{"encoding-json", func(data []byte, p *post.Post) error { return json.Unmarshal(data, p) }},
	}
	input := lines(10_000)
	for _, parser := range parsers {
		b.Run(parser.name, func(b *testing.B) {
			var finder hashtag.Finder
			counts := map[string]*int{}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				var p post.Post
				if err := parser.parse(input[i%len(input)], &p); err != nil {
					b.Fatal(err)
				}
				for _, key := range finder.Find(p.Text) {
					count := counts[string(key)]
					if count == nil {
						count = new(int)
						counts[string(key)] = count
					}
					*count++
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	input := lines(10_000)
	b.SetBytes(int64(len(input[0])))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var p post.Post
		if err := post.Parse(input[i%len(input)], &p); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}
