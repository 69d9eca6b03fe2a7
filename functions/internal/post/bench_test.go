package post_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
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
		result = append(result, line(i, text))
	}
	return result
}

// mixed returns posts of 1 KB in the scripts and with the hashtags of many
// languages, half of them in Latin letters, with hashtags at the end or within.
func mixed(count int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	languages := [][2]string{
		{"the stream of posts goes on and \"on\", isn't it?", "golang Serverless AWS stream2026"},
		{"it's time for coffee\n and a walk 🎉 in the park 😀", "party🎉 ❤️ Happy love"},
		{"das Wetter ist schön, der Kaffee heiß und früh", "Straße CAFÉ Überall niño"},
		{"오늘은 날씨가 참 좋습니다. 그래서 한강에 갔다 왔어요!", "서울 한국어 2026년 날씨"},
		{"今日は、 とても いい天気 ですね！ （たぶん） 散歩 しましょう。", "東京タワー ひらがな アニメ スター・ウォーズ"},
		{"اليوم الطقس جميل جدا، وسنذهب إلى البحر", "العربية القاهرة السعودية كأس_العالم"},
	}
	var result [][]byte
	for i := range count {
		language := languages[random.IntN(3)+i%2*3]
		words, tags := strings.Split(language[0], " "), strings.Split(language[1], " ")
		var text strings.Builder
		for text.Len() < 850 {
			text.WriteString(words[random.IntN(len(words))] + " ")
			if i%4 < 2 && random.IntN(40) == 0 {
				fmt.Fprintf(&text, "#%s%d ", tags[random.IntN(len(tags))], random.IntN(100))
			}
		}
		for range 3 - i%4 {
			fmt.Fprintf(&text, "#%s%d ", tags[random.IntN(len(tags))], random.IntN(100))
		}
		result = append(result, line(i, text.String()))
	}
	return result
}

func line(i int, text string) []byte {
	data, _ := json.Marshal(map[string]string{
		"id": fmt.Sprintf("post-%d", i), "user": fmt.Sprintf("user-%d", i%1000), "text": text,
		"lang": "ko", "createdAt": "2026-01-31T09:30:00.250Z",
	})
	return data
}

func BenchmarkCount(b *testing.B) {
	benchmarks := []struct {
		name  string
		input [][]byte
		parse func([]byte, *post.Post) error
	}{
		{"scanner", lines(10_000), post.Parse},
		{"scanner-mixed", mixed(10_000), post.Parse},
		{"encoding-json", lines(10_000), func(data []byte, p *post.Post) error { return json.Unmarshal(data, p) }},
	}
	for _, benchmark := range benchmarks {
		b.Run(benchmark.name, func(b *testing.B) {
			var finder hashtag.Finder
			counts := map[string]*int{}
			var data []byte
			var p post.Post
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				data = append(data[:0], benchmark.input[i%len(benchmark.input)]...)
				p = post.Post{}
				if err := benchmark.parse(data, &p); err != nil {
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
	var data []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var p post.Post
		data = append(data[:0], input[i%len(input)]...)
		if err := post.Parse(data, &p); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}
