package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/cmd/noidle/posts"
)

// BenchmarkInvoke counts the posts of a window of a shard that is used to the full.
func BenchmarkInvoke(b *testing.B) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	generator, err := posts.NewGenerator(posts.Options{Seed: 1, Size: 1024, Duplicates: 0.01})
	if err != nil {
		b.Fatal(err)
	}
	const size, batches = 3300, 18
	var records [][]byte
	for i := range size * batches {
		at := ten.Add(time.Duration(i) * time.Millisecond)
		record, err := json.Marshal(kinesisRecord(strconv.Itoa(i+1), at, generator.Next(at).Data))
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, record)
	}
	h := newHandler(newBackend())
	counted := 0
	for b.Loop() {
		h.results = newBackend()
		state := []byte("{}")
		for batch := range slices.Chunk(records, size) {
			b.StopTimer()
			payload := []byte(`{"Records":[`)
			for i, r := range batch {
				if i > 0 {
					payload = append(payload, ',')
				}
				payload = append(payload, r...)
			}
			end := windowEvent(state, ten, false, []events.KinesisEventRecord{}...)
			delete(end, "Records")
			rest, err := json.Marshal(end)
			if err != nil {
				b.Fatal(err)
			}
			payload = append(append(payload, `],`...), rest[1:]...)
			b.StartTimer()
			response, err := h.Invoke(b.Context(), payload)
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			var decoded struct{ State json.RawMessage }
			if err := json.Unmarshal(response, &decoded); err != nil {
				b.Fatal(err)
			}
			state = decoded.State
			counted += size
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(counted)/b.Elapsed().Seconds(), "posts/s")
}
