package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// The events of a window have all posts, in batches that fit.
func TestInput(t *testing.T) {
	in, err := newInput(8000)
	if err != nil {
		t.Fatal(err)
	}
	records := 0
	last := ""
	for i, batch := range in.batches {
		if len(batch) > batchSize+2 || i < len(in.batches)-1 && len(batch) < batchSize*9/10 {
			t.Errorf("batch %d has %d bytes", i, len(batch))
		}
		var event events.KinesisTimeWindowEvent
		if err := json.Unmarshal(in.event(7, batch, json.RawMessage("{}"), i == 2), &event); err != nil {
			t.Fatal(err)
		}
		if event.ShardID != "shardId-000000000007" || event.IsFinalInvokeForWindow != (i == 2) {
			t.Errorf("event of %s, final: %t", event.ShardID, event.IsFinalInvokeForWindow)
		}
		for _, r := range event.Records {
			records++
			at := r.Kinesis.ApproximateArrivalTimestamp
			if r.Kinesis.SequenceNumber <= last || at.Before(event.Window.Start.Time) || !at.Before(event.Window.End.Time) {
				t.Errorf("record %s arrives at %v, after %s", r.Kinesis.SequenceNumber, at, last)
			}
			last = r.Kinesis.SequenceNumber
		}
	}
	if truth := in.truth; records != 8000 || in.posts != 8000 || truth.Posts+truth.Duplicates != 8000 || truth.Duplicates == 0 {
		t.Errorf("%d records of %d posts, of which %d are new", records, in.posts, truth.Posts)
	}
}

// What a side counted is compared with the truth.
func TestChecks(t *testing.T) {
	in, err := newInput(500)
	if err != nil {
		t.Fatal(err)
	}
	right := map[string]int{}
	for language, hashtags := range in.truth.Windows[0].Languages {
		for hashtag, count := range hashtags {
			right[language+" "+hashtag] = count
		}
	}
	line, err := json.Marshal(right)
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.Replace(string(line), ":1,", ":2,", 1)
	log := fmt.Sprintf(`{"posts":%d,"duplicates":%d}`+"\n"+`{"msg":"late posts"}`+"\n", in.truth.Posts, in.truth.Duplicates)
	tests := []struct {
		name    string
		check   func(*input, int, []byte) error
		windows int
		printed string
		want    string
	}{
		{"log", checkLog, 1, log, ""},
		{"log of two windows", checkLog, 2, log, "are counted, there are"},
		{"counts", checkCounts, 1, string(line) + "\n", ""},
		{"a window too few", checkCounts, 2, string(line) + "\n", "1 windows are counted, want 2"},
		{"another count", checkCounts, 1, wrong + "\n", "is counted 2 times, it is there 1 times"},
		{"no counts", checkCounts, 1, "{}\n", "0 hashtags are counted, there are"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.check(in, tt.windows, []byte(tt.printed))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}
