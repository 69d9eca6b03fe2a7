package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/analytics/internal/failures"
	"github.com/noidle/noidle/functions/internal/trend"
	"github.com/noidle/noidle/functions/kit/kpl"
)

var (
	settings  = trend.Settings{Window: time.Minute, Lateness: 5 * time.Minute}
	ten       = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	errBroken = errors.New("broken")
)

const streamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/posts"

// backend is the table and the queue. What fails may have had its effect.
type backend struct {
	mutex    sync.Mutex
	parts    map[string]trend.Part
	memories map[string][]byte
	lasts    map[string]string
	parked   []failures.Record
	fails    func() bool
}

func newBackend() *backend {
	return &backend{parts: map[string]trend.Part{}, memories: map[string][]byte{}, lasts: map[string]string{}, fails: func() bool { return false }}
}

func (b *backend) result() error {
	if b.fails() {
		return errBroken
	}
	return nil
}

func (b *backend) PutPart(_ context.Context, shard string, p trend.Part) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.parts[fmt.Sprint(shard, p.Start, p.Bucket, p.First)] = p
	return b.result()
}

func (b *backend) Memory(_ context.Context, shard string) ([]byte, error) {
	return b.memories[shard], b.result()
}

func (b *backend) PutMemory(_ context.Context, shard, last string, memory []byte, end time.Time) error {
	b.memories[shard], b.lasts[shard] = memory, last
	if end.Second() != 0 {
		return fmt.Errorf("end of the window is %v", end)
	}
	return b.result()
}

func (b *backend) Park(_ context.Context, records []failures.Record) error {
	for _, r := range records {
		r.Data = bytes.Clone(r.Data)
		r.SequenceNumber = strings.Clone(r.SequenceNumber)
		b.parked = append(b.parked, r)
	}
	return b.result()
}

func (b *backend) counts(t *testing.T) map[string]uint64 {
	t.Helper()
	counts := map[string]uint64{}
	for _, p := range b.parts {
		if _, err := trend.Read(p.Data, func(language, hashtag []byte, count uint64) {
			counts[p.Start.Format("15:04 ")+string(language)+" "+string(hashtag)] += count
		}); err != nil {
			t.Fatal(err)
		}
	}
	return counts
}

func newHandler(b *backend) *handler {
	return &handler{settings: settings, results: b, failures: b}
}

func write(id, text string, created time.Time) []byte {
	data, err := json.Marshal(map[string]any{"id": id, "text": text, "lang": "ko", "createdAt": created})
	if err != nil {
		panic(err)
	}
	return data
}

func kinesisRecord(sequence string, arrival time.Time, data []byte) events.KinesisEventRecord {
	return events.KinesisEventRecord{
		EventID: "shardId-000000000001:" + sequence,
		Kinesis: events.KinesisRecord{
			SequenceNumber: sequence, PartitionKey: "p", Data: data,
			ApproximateArrivalTimestamp: events.SecondsEpochTime{Time: arrival},
		},
	}
}

func windowEvent(state []byte, start time.Time, final bool, records ...events.KinesisEventRecord) map[string]any {
	if records == nil {
		records = []events.KinesisEventRecord{}
	}
	return map[string]any{
		"Records": records, "state": json.RawMessage(state), "shardId": "shardId-000000000001", "eventSourceARN": streamARN,
		"window":                 map[string]any{"start": start, "end": start.Add(time.Minute)},
		"isFinalInvokeForWindow": final, "isWindowTerminatedEarly": false,
	}
}

// invoke returns the state and the sequence number that failed, "" for none.
func invoke(t *testing.T, h *handler, event map[string]any) (state []byte, failed string, err error) {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	response, err := h.Invoke(t.Context(), payload)
	if err != nil {
		return nil, "", err
	}
	var decoded struct {
		State             json.RawMessage
		BatchItemFailures []events.KinesisBatchItemFailure
	}
	if err := json.Unmarshal(response, &decoded); err != nil {
		t.Fatalf("response %s: %v", response, err)
	}
	if len(decoded.BatchItemFailures) > 0 {
		failed = decoded.BatchItemFailures[0].ItemIdentifier
	}
	return decoded.State, failed, nil
}

func TestInvoke(t *testing.T) {
	b := newBackend()
	h := newHandler(b)
	state, failed, err := invoke(t, h, windowEvent([]byte("{}"), ten, false,
		kinesisRecord("1", ten, write("a", "#Go #서울", ten)),
		kinesisRecord("2", ten.Add(time.Second), []byte(`{"id":`)),
		kinesisRecord("3", ten.Add(time.Second), write("a", "#Go #서울", ten)),
		kinesisRecord("4", ten.Add(time.Second), write("b", "#go", ten.Add(-time.Minute))),
	))
	if err != nil || failed != "" {
		t.Fatal(err, failed)
	}
	if len(b.parts) > 0 {
		t.Error("the window is not over, but counts are put")
	}
	if state, failed, err = invoke(t, h, windowEvent(state, ten, true)); err != nil || failed != "" || string(state) != "{}" {
		t.Fatal(err, failed, string(state))
	}
	want := map[string]uint64{"10:00 ko go": 1, "10:00 ko 서울": 1, "09:59 ko go": 1}
	if diff := cmp.Diff(want, b.counts(t)); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	wantParked := []failures.Record{{
		Stream: streamARN, Shard: "shardId-000000000001", SequenceNumber: "2", Arrival: ten.Add(time.Second), Data: []byte(`{"id":`),
		Reason: "post: is not valid JSON at byte 6: expected a string",
	}}
	if diff := cmp.Diff(wantParked, b.parked); diff != "" {
		t.Errorf("parked (-want +got):\n%s", diff)
	}
	if b.lasts["shardId-000000000001"] != "4" {
		t.Errorf("the memory is of record %s", b.lasts["shardId-000000000001"])
	}
}

// A record of several posts, as a producer aggregates them, counts them all, and
// parks what is no post alone.
func TestInvokeAggregated(t *testing.T) {
	b := newBackend()
	data := kpl.Aggregate([]kpl.Record{
		{PartitionKey: "p", Data: write("a", "#Go", ten)},
		{PartitionKey: "p", Data: []byte("no post")},
		{PartitionKey: "p", Data: write("b", "#Go", ten)},
	})
	if _, failed, err := invoke(t, newHandler(b), windowEvent([]byte("{}"), ten, true, kinesisRecord("1", ten, data))); err != nil || failed != "" {
		t.Fatal(err, failed)
	}
	if diff := cmp.Diff(map[string]uint64{"10:00 ko go": 2}, b.counts(t)); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if len(b.parked) != 1 || string(b.parked[0].Data) != "no post" {
		t.Errorf("parked %v", b.parked)
	}
}

// A record that makes the function panic fails alone, with the state of those
// before it.
func TestInvokePanics(t *testing.T) {
	b := newBackend()
	h := newHandler(b)
	h.settings.Window = 0 // divides by zero
	state, failed, err := invoke(t, h, windowEvent([]byte("{}"), ten, true,
		kinesisRecord("1", ten, []byte("no post")),
		kinesisRecord("2", ten, write("a", "#Go", ten)),
		kinesisRecord("3", ten, []byte("no post")),
	))
	if err != nil || failed != "2" || string(state) == "{}" {
		t.Errorf("failed is %q, %v, state %s", failed, err, state)
	}
	if len(b.parked) != 1 || len(b.memories) != 0 {
		t.Errorf("parked %v, %d memories", b.parked, len(b.memories))
	}
}

func TestInvokeFails(t *testing.T) {
	good := kinesisRecord("1", ten, write("a", "#Go", ten))
	tests := []struct {
		name, want string
		fails      bool
		event      map[string]any
	}{
		{"no window", "has no window: set the tumbling window", false, map[string]any{"Records": []any{}}},
		{"state of another function", "is not of this function", false, windowEvent([]byte(`{"counts":7}`), ten, false, good)},
		{"state of another version", "state of a shard: it has version 2", false, windowEvent([]byte(`{"counts":"Ag=="}`), ten, false, good)},
		{"the table fails", "broken", true, windowEvent([]byte("{}"), ten, false, good)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBackend()
			b.fails = func() bool { return tt.fails }
			if _, _, err := invoke(t, newHandler(b), tt.event); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}

func TestDecodeState(t *testing.T) {
	shard, err := trend.NewShard(settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	shard.Process("42")
	k := &kept{shard: shard}
	if _, err := k.encode(nil, ""); err != nil {
		t.Fatal(err)
	}
	want := shard.AppendState(nil)
	text := string(k.state)
	for name, text := range map[string]string{
		"as it was":   text,
		"with spaces": strings.ReplaceAll(text, ":", " : "),
		"escaped":     strings.Replace(text, `:"A`, `:"\u0041`, 1),
	} {
		if got, err := decodeState([]byte(text)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := decodeState([]byte("{}")); err != nil || got != nil {
		t.Errorf("no state: %q, %v", got, err)
	}
}

// An instance that counts for many shards goes on with each of them, from whatever
// state comes.
func TestManyShards(t *testing.T) {
	b := newBackend()
	h := newHandler(b)
	states := map[string][]byte{}
	send := func(shard string, final bool, records ...events.KinesisEventRecord) {
		t.Helper()
		state := states[shard]
		if state == nil {
			state = []byte("{}")
		}
		event := windowEvent(state, ten, final, records...)
		event["shardId"] = shard
		state, failed, err := invoke(t, h, event)
		if err != nil || failed != "" {
			t.Fatal(err, failed)
		}
		states[shard] = state
	}
	const rounds = 3
	for round := range rounds {
		for i := range 2 * maximumKept {
			shard := fmt.Sprint("shardId-", i)
			send(shard, false, kinesisRecord(fmt.Sprint(round+1), ten, write(fmt.Sprint(shard, round), "#Go", ten)))
		}
	}
	if len(h.kept) > maximumKept {
		t.Errorf("%d shards are kept", len(h.kept))
	}
	for shard := range states {
		send(shard, true)
	}
	if diff := cmp.Diff(map[string]uint64{"10:00 ko go": rounds * 2 * maximumKept}, b.counts(t)); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestLog(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	defer slog.SetDefault(old)
	_, _, err := invoke(t, newHandler(newBackend()), windowEvent([]byte("{}"), ten, false,
		kinesisRecord("1", ten, write("a", "#Go", ten)),
		kinesisRecord("2", ten, write("a", "#Go", ten)),
		kinesisRecord("3", ten, write("b", "#Go", ten.Add(-time.Hour))),
		kinesisRecord("4", ten, write("c", "#Go", ten.Add(time.Hour))),
		kinesisRecord("5", ten, []byte("{}")),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"level": "INFO", "msg": "batch counted", "records": 5.0, "posts": 1.0, "duplicates": 1.0},
		{"level": "WARN", "msg": "late posts", "count": 1.0},
		{"level": "WARN", "msg": "early posts", "count": 1.0},
		{"level": "WARN", "msg": "malformed records", "count": 1.0, "sequenceNumber": "5", "first": "post: field id is missing; give it as a string of 1 to 128 bytes"},
	}
	var got []map[string]any
	for line := range bytes.Lines(log.Bytes()) {
		var entry map[string]any
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		if entry["shard"] != "shardId-000000000001" {
			t.Errorf("line %s is of no shard", line)
		}
		delete(entry, "time")
		delete(entry, "shard")
		got = append(got, entry)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// lambda invokes the handler as an event source mapping with tumbling windows and
// bisection does: a batch that failed comes again, whole or in halves, and at times
// a batch comes again that succeeded.
type lambda struct {
	t       *testing.T
	random  *rand.Rand
	handler *handler
	state   []byte
	start   time.Time
}

func (l *lambda) process(records []events.KinesisEventRecord) {
	for len(records) > 0 {
		if l.random.IntN(10) == 0 {
			l.handler = newHandler(l.handler.results.(*backend)) // another instance
		}
		state, failed, err := invoke(l.t, l.handler, windowEvent(l.state, l.start, false, records...))
		switch {
		case err != nil && len(records) > 1 && l.random.IntN(2) == 0:
			l.process(records[:len(records)/2])
			records = records[len(records)/2:]
			continue
		case err != nil:
			continue
		case failed != "":
			l.t.Fatal("record failed", failed)
		case l.random.IntN(10) > 0: // otherwise the answer is lost
			l.state = state
			if l.random.IntN(10) > 0 { // otherwise the checkpoint is lost
				return
			}
		}
	}
}

func (l *lambda) finish() {
	for again := true; again; {
		state, _, err := invoke(l.t, l.handler, windowEvent(l.state, l.start, true))
		if err == nil {
			again = l.random.IntN(4) == 0
		}
		if !again {
			l.state = state
		}
	}
}

// Whatever fails, comes again or is split, the counts are the truth, and every
// malformed record is parked.
func TestExactlyOnce(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			b := newBackend()
			var mutex sync.Mutex
			b.fails = func() bool {
				mutex.Lock()
				defer mutex.Unlock()
				return random.IntN(10) == 0
			}
			l := &lambda{t: t, random: rand.New(rand.NewPCG(seed, 2)), handler: newHandler(b), state: []byte("{}"), start: ten}
			want, malformed := map[string]uint64{}, map[string]bool{}
			sequence, arrival := 0, ten
			for range 5 {
				var records []events.KinesisEventRecord
				for arrival.Before(l.start.Add(time.Minute)) {
					sequence++
					id := strconv.Itoa(sequence)
					created := arrival.Add(-time.Duration(l.random.IntN(90)) * time.Second)
					tag := strconv.Itoa(l.random.IntN(30)) + "a"
					data := write(id, "#"+tag, created)
					switch {
					case l.random.IntN(20) == 0:
						data, malformed[id] = []byte("{"), true
					case l.random.IntN(20) == 0 && len(records) > 0:
						data = records[len(records)-1].Kinesis.Data
						malformed[id] = string(data) == "{"
					default:
						want[created.Truncate(time.Minute).Format("15:04")+" ko "+tag]++
					}
					records = append(records, kinesisRecord(id, arrival, data))
					arrival = arrival.Add(time.Duration(l.random.IntN(700)) * time.Millisecond)
				}
				for batch := range slices.Chunk(records, 1+l.random.IntN(60)) {
					l.process(batch)
				}
				l.finish()
				l.start = l.start.Add(time.Minute)
			}
			if diff := cmp.Diff(want, b.counts(t)); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			maps.DeleteFunc(malformed, func(_ string, malformed bool) bool { return !malformed })
			parked := map[string]bool{}
			for _, r := range b.parked {
				parked[r.SequenceNumber] = true
			}
			if diff := cmp.Diff(malformed, parked); diff != "" {
				t.Errorf("parked records (-want +got):\n%s", diff)
			}
		})
	}
}
