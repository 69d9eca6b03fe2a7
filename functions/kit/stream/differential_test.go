package stream_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noidle/noidle/functions/kit/stream"
)

// Any event decodes to what encoding/json and events.KinesisTimeWindowEvent say,
// whatever its order, white space and escapes.
func TestDecodeLikeJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var reused stream.Event
	for range 600 {
		payload := randomEvent(r)
		original := bytes.Clone(payload)
		if err := json.Unmarshal(payload, new(events.KinesisTimeWindowEvent)); err != nil {
			t.Fatalf("%v\n%q", err, payload)
		}
		if err := stream.Decode(payload, &reused); err != nil {
			t.Fatalf("%v\n%q", err, original)
		}
		if diff := differences(t, original, reused); diff != "" {
			t.Fatalf("%s\n%q", diff, original)
		}
	}
}

// differences compares an event to what encoding/json reads, if it reads it.
func differences(t *testing.T, payload []byte, got stream.Event) string {
	t.Helper()
	var e struct {
		events.KinesisTimeWindowEvent
		Window *events.Window `json:"window"`
	}
	if json.Unmarshal(payload, &e) != nil {
		return ""
	}
	want := stream.Event{ShardID: e.ShardID, EventSourceARN: e.EventSourceARN}
	for _, r := range e.Records {
		if shard, _, ok := strings.Cut(r.EventID, ":"); ok {
			want.ShardID = cmp.Or(want.ShardID, shard)
		}
		want.EventSourceARN = cmp.Or(want.EventSourceARN, r.EventSourceArn)
		want.Records = append(want.Records, stream.Record{
			SequenceNumber: r.Kinesis.SequenceNumber,
			PartitionKey:   r.Kinesis.PartitionKey,
			Arrival:        r.Kinesis.ApproximateArrivalTimestamp.UTC(),
			Data:           r.Kinesis.Data,
		})
	}
	if e.Window != nil {
		want.Window = &stream.Window{Start: e.Window.Start.Time, End: e.Window.End.Time, Final: e.IsFinalInvokeForWindow, TerminatedEarly: e.IsWindowTerminatedEarly}
		var state map[string]string
		if got.Window != nil && got.Window.State != nil {
			if err := json.Unmarshal(got.Window.State, &state); err != nil {
				t.Fatalf("state %q: %v", got.Window.State, err)
			}
			got.Window.State = nil
		}
		if diff := gocmp.Diff(e.State, state); diff != "" {
			return diff
		}
	}
	for i := range min(len(got.Records), len(want.Records)) {
		// encoding/json reads null as the year 1970.
		if want.Records[i].Arrival.Equal(time.Unix(0, 0)) {
			got.Records[i].Arrival = want.Records[i].Arrival
		}
	}
	return gocmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(time.Millisecond))
}

func randomEvent(r *rand.Rand) []byte {
	records := []any{}
	for range r.IntN(4) {
		data := make([]byte, r.IntN(200))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		records = append(records, map[string]any{
			"kinesis": map[string]any{
				"sequenceNumber":              strconv.FormatUint(r.Uint64(), 10),
				"partitionKey":                randomText(r),
				"data":                        data,
				"approximateArrivalTimestamp": float64(r.Int64N(4e12)) / 1000,
			},
			"eventID":        "shardId-" + randomText(r) + ":1",
			"eventSourceARN": "arn:" + randomText(r),
			randomText(r):    randomValue(r, 3),
		})
	}
	event := map[string]any{"Records": records, randomText(r): randomValue(r, 3)}
	if r.IntN(2) == 0 {
		start := time.Unix(r.Int64N(1e10), 0)
		event["window"] = map[string]any{"start": start.UTC(), "end": start.Add(time.Minute).UTC()}
		event["state"] = map[string]any{randomText(r): randomText(r), randomText(r): randomText(r)}
		event["shardId"] = randomText(r)
		event["eventSourceARN"] = randomText(r)
		event["isFinalInvokeForWindow"] = r.IntN(2) == 0
		event["isWindowTerminatedEarly"] = r.IntN(2) == 0
	}
	return appendRandom(r, nil, event)
}

func randomText(r *rand.Rand) string {
	text := []rune("x") // no member of an event has such a name
	for range r.IntN(20) {
		text = append(text, []rune("ab/\"\\\n\x1f\x7f éß€😀\u2028:{[")[r.IntN(17)])
	}
	return string(text)
}

func randomValue(r *rand.Rand, depth int) any {
	switch r.IntN(7) {
	case 0:
		return r.NormFloat64()
	case 1:
		return r.IntN(100) - 50
	case 2:
		return []any{nil, true, false, ""}[r.IntN(4)]
	case 3, 4:
		if depth > 0 {
			return map[string]any{randomText(r): randomValue(r, depth-1), randomText(r): randomValue(r, depth-1)}
		}
	case 5:
		if depth > 0 {
			return []any{randomValue(r, depth-1), randomValue(r, depth-1)}
		}
	}
	return randomText(r)
}

// appendRandom appends JSON in one of the ways it can be written.
func appendRandom(r *rand.Rand, out []byte, value any) []byte {
	space := func() { out = append(out, strings.Repeat(" \n\t\r", 2)[r.IntN(5):][:max(0, r.IntN(5)-2)]...) }
	space()
	switch v := value.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		out = append(out, '{')
		for i, name := range names {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(appendRandom(r, out, name), ':')
			out = appendRandom(r, out, v[name])
		}
		space()
		out = append(out, '}')
	case []any:
		out = append(out, '[')
		for i, element := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendRandom(r, out, element)
		}
		space()
		out = append(out, ']')
	case []byte:
		out = appendRandom(r, out, base64.StdEncoding.EncodeToString(v))
	case string:
		out = appendRandomText(r, out, v)
	case float64:
		out = strconv.AppendFloat(out, v, "efE"[r.IntN(3)], -1, 64)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		out = append(out, text...)
	}
	space()
	return out
}

func appendRandomText(r *rand.Rand, out []byte, text string) []byte {
	seldom := r.IntN(3) * 10 // never, sometimes, rarely
	out = append(out, '"')
	for _, c := range text {
		switch {
		case seldom > 0 && r.IntN(seldom) == 0:
			for _, unit := range utf16.Encode([]rune{c}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		case seldom > 0 && c == '/', c == '"', c == '\\':
			out = append(out, '\\', byte(c))
		case c < ' ':
			out = fmt.Appendf(out, `\u%04X`, c)
		default:
			out = utf8.AppendRune(out, c)
		}
	}
	return append(out, '"')
}

// FuzzDecode checks that Decode never panics, accepts nothing but JSON, and reads
// what encoding/json reads.
func FuzzDecode(f *testing.F) {
	for _, file := range []string{"testdata/batch.json", "testdata/window.json"} {
		payload, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		f.Add(randomEvent(r))
	}
	f.Add([]byte(`{"Records":[{"kinesis":{"sequenceNumber":"1","data":"QUJD\u000aQUJD","approximateArrivalTimestamp":-1e3}}],"state":null}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		original := bytes.Clone(payload)
		var got stream.Event
		err := stream.Decode(payload, &got)
		if err == nil && !json.Valid(original) {
			t.Fatalf("accepts what is not JSON: %q", original)
		}
		if ambiguous(original) {
			return
		}
		if err == nil {
			if diff := differences(t, original, got); diff != "" {
				t.Fatalf("%s\n%q", diff, original)
			}
			return
		}
		var event events.KinesisTimeWindowEvent
		stricter := func(part string) bool { return strings.Contains(err.Error(), part) }
		if json.Unmarshal(original, &event) == nil && !slices.ContainsFunc([]string{"no sequence number", "seconds since 1970", "line breaks"}, stricter) {
			t.Fatalf("%v, but encoding/json accepts %q", err, original)
		}
	})
}

// ambiguous returns whether encoding/json may take text as something else: names
// in other capitals, names twice, which it merges, and what is not UTF-8.
func ambiguous(payload []byte) bool {
	names := []string{"Records", "window", "state", "shardId", "eventSourceARN", "isFinalInvokeForWindow", "isWindowTerminatedEarly",
		"kinesis", "eventID", "sequenceNumber", "partitionKey", "data", "approximateArrivalTimestamp", "start", "end"}
	count := map[string]int{}
	for decoder := json.NewDecoder(bytes.NewReader(payload)); ; {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		text, ok := token.(string)
		if !ok {
			continue
		}
		for _, name := range names {
			if strings.EqualFold(text, name) {
				count[name]++
				if text != name {
					return true
				}
			}
		}
	}
	return count["Records"] > 1 || count["state"] > 1 || count["window"] > 1 || !utf8.Valid(payload)
}
