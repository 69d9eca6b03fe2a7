package hashtag

import (
	"strings"
	"testing"
)

func BenchmarkFind(b *testing.B) {
	benchmarks := []struct{ name, sentence, tags string }{
		{"latin", "The stream of posts goes on and on. ", "#golang #Serverless #aws #GoLang #stream2026"},
		{"korean", "오늘은 날씨가 참 좋습니다. ", "#서울 #한국어 #날씨 #2026년 #서울"},
		{"folded", "Das Wetter ist schön. ", "#Straße #CAFÉ #Überall #ÉCOLE #ΣΊΣΥΦΟΣ"},
	}
	for _, benchmark := range benchmarks {
		text := strings.Repeat(benchmark.sentence, 1000/len(benchmark.sentence)) + benchmark.tags
		b.Run(benchmark.name, func(b *testing.B) {
			var finder Finder
			b.ReportAllocs()
			for b.Loop() {
				finder.Find(text)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
		})
	}
}
