package firehose_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/firehose"
	"github.com/noidle/noidle/local/kinesis"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// object is what was put.
type object struct {
	Key    string
	Body   string
	Header http.Header
}

// pipe is a stream, and a bucket that fails as long as failure is set.
type pipe struct {
	*testing.T
	clock    *clockwork.FakeClock
	streams  *kinesis.Service
	hose     *firehose.Service
	stream   firehose.DeliveryStream
	denied   map[string]bool // actions of the source role
	asked    []string
	failure  error
	attempts []string // keys
	objects  []object
	reports  []string
}

// newPipe has one goroutine of the Firehose stream work only while the clock is
// advanced: tests read what it wrote after that.
func newPipe(t *testing.T, shards int, stream firehose.DeliveryStream) *pipe {
	p := &pipe{T: t, clock: clockwork.NewFakeClockAt(start), denied: map[string]bool{}}
	p.streams = kinesis.New(kinesis.Options{Clock: p.clock})
	if err := p.streams.CreateStream(kinesis.Stream{Name: "posts", Shards: shards}); err != nil {
		t.Fatal(err)
	}
	operations := p.streams.Operations()
	p.hose = firehose.New(firehose.Options{
		Clock: p.clock,
		Call: func(call *api.Call, service, operation string, input []byte) ([]byte, error) {
			if service != "kinesis" {
				t.Errorf("service %s is called", service)
			}
			return operations.Call(call, operation, input)
		},
		Put: func(call *api.Call, bucket, key string, header http.Header, body []byte) error {
			if call.Principal.ARN != "writer" || bucket != "archive" {
				t.Errorf("%s puts into %s", call.Principal.ARN, bucket)
			}
			p.attempts = append(p.attempts, key)
			if p.failure == nil {
				p.objects = append(p.objects, object{key, string(body), header})
			}
			return p.failure
		},
		Report: func(message string) { p.reports = append(p.reports, message) },
	})
	t.Cleanup(p.hose.Close)
	stream.Name, stream.Source, stream.Bucket = "raw", kinesis.StreamARN("posts"), "archive"
	stream.SizeInMBs = max(stream.SizeInMBs, 1)
	stream.Role = &api.Principal{ARN: "writer"}
	stream.SourceRole = &api.Principal{ARN: "reader", Allow: func(action, resource string, _ api.Keys) error {
		p.asked = append(p.asked, action+" "+resource)
		if p.denied[action] {
			return &api.Error{Code: "AccessDeniedException", Message: "no " + action}
		}
		return nil
	}}
	if err := stream.Check(); err != nil {
		t.Fatal(err)
	}
	p.stream = stream
	return p
}

func (p *pipe) create() {
	p.Helper()
	if err := p.hose.Create(p.stream); err != nil {
		p.Fatal(err)
	}
	p.idle()
}

func (p *pipe) idle() {
	p.Helper()
	if err := p.clock.BlockUntilContext(p.Context(), 1); err != nil {
		p.Fatal(err)
	}
}

// pass lets time pass, second by second.
func (p *pipe) pass(d time.Duration) {
	p.Helper()
	for ; d > 0; d -= time.Second {
		p.clock.Advance(time.Second)
		p.idle()
	}
}

func (p *pipe) put(texts ...string) {
	p.Helper()
	for _, text := range texts {
		input, err := json.Marshal(map[string]any{"StreamName": "posts", "PartitionKey": text[:min(len(text), 5)], "Data": []byte(text)})
		if err != nil {
			p.Fatal(err)
		}
		if _, err := p.streams.Operations().Call(&api.Call{Context: p.Context()}, "PutRecord", input); err != nil {
			p.Fatal(err)
		}
	}
}

func (p *pipe) want(bodies ...string) {
	p.Helper()
	var got []string
	for _, o := range p.objects {
		got = append(got, o.Body)
	}
	if diff := cmp.Diff(bodies, got); diff != "" {
		p.Errorf("objects (-want +got):\n%s", diff)
	}
}

// A buffer is delivered after the interval since its first record, or when it is
// full (https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html).
func TestBufferingByTime(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{IntervalInSeconds: 60})
	p.create()
	p.pass(100 * time.Second)
	p.put("a", "b")
	p.pass(30 * time.Second)
	p.put("c")
	p.pass(30 * time.Second)
	p.want()
	p.pass(time.Second) // as the records were read a second after they came
	p.want("abc")
	p.put("d")
	p.pass(60 * time.Second)
	p.want("abc")
	p.pass(time.Second)
	p.want("abc", "d")
	if len(p.reports) != 0 {
		t.Errorf("reports %q", p.reports)
	}
}

func TestNoBufferingByTime(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{IntervalInSeconds: 0})
	p.create()
	p.put("a")
	p.pass(time.Second)
	p.want("a")
}

func TestBufferingBySize(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{IntervalInSeconds: 60, SizeInMBs: 1})
	p.create()
	part := func(letter string) string { return strings.Repeat(letter, 400<<10) }
	p.put(part("a"), part("b"))
	p.pass(time.Second)
	p.want()
	p.put(part("c"), part("d"))
	p.pass(time.Second)
	p.want(part("a") + part("b") + part("c"))
	// The interval of what is left starts anew.
	p.pass(59 * time.Second)
	p.want(part("a") + part("b") + part("c"))
	p.pass(time.Second)
	p.want(part("a")+part("b")+part("c"), part("d"))
}

// Reading starts at the position LATEST, and reads all shards
// (https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html).
func TestLatest(t *testing.T) {
	p := newPipe(t, 150, firehose.DeliveryStream{})
	p.put("before")
	p.create()
	var sent []string
	for i := range 300 {
		sent = append(sent, fmt.Sprintf("%05d", i))
	}
	p.put(sent...)
	p.pass(time.Second)
	var got []string
	for chunk := range slices.Chunk([]byte(p.objects[0].Body), 5) {
		got = append(got, string(chunk))
	}
	slices.Sort(got)
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("delivered (-sent +got):\n%s", diff)
	}
}

// An iterator expires after five minutes
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html).
func TestExpiredIterator(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{})
	p.put("before")
	p.clock.Advance(time.Millisecond)
	p.create()
	for _, text := range []string{"a", "b"} {
		p.put(text)
		p.clock.Advance(10 * time.Minute)
		p.idle()
		p.pass(time.Second)
	}
	p.want("a", "b")
}

// More than one call returns, 10 MiB, is read on where it ended, also with a new
// iterator (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html).
func TestBacklog(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{})
	p.create()
	p.denied["kinesis:GetRecords"] = true
	var want []string
	for i := range 30 {
		want = append(want, strings.Repeat(fmt.Sprintf("%02d", i), 200<<10))
		p.put(want[i])
		p.pass(time.Second)
	}
	delete(p.denied, "kinesis:GetRecords")
	p.pass(time.Second)
	p.clock.Advance(10 * time.Minute)
	p.idle()
	p.pass(10 * time.Second)
	var got strings.Builder
	for _, o := range p.objects {
		got.WriteString(o.Body)
	}
	if got.String() != strings.Join(want, "") {
		t.Errorf("%d bytes are delivered, want the %d that were put, in order", got.Len(), len(strings.Join(want, "")))
	}
}

// https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
func TestObjects(t *testing.T) {
	tests := []struct {
		name      string
		stream    firehose.DeliveryStream
		key, body string
		encoding  []string
	}{
		{"default", firehose.DeliveryStream{}, `2026/01/02/03/raw-1-2026-01-02-03-04-05-UUID`, "ab", nil},
		{"delimiter", firehose.DeliveryStream{AppendDelimiter: true, Prefix: "x/"}, `x/2026/01/02/03/raw-1-2026-01-02-03-04-05-UUID`, "a\nb\n", nil},
		{"gzip", firehose.DeliveryStream{GZIP: true}, `2026/01/02/03/raw-1-2026-01-02-03-04-05-UUID\.gz`, "ab", []string{"gzip"}},
		{"extension", firehose.DeliveryStream{GZIP: true, FileExtension: ".json.gz"}, `2026/01/02/03/raw-1-2026-01-02-03-04-05-UUID\.json\.gz`, "ab", []string{"gzip"}},
		{"expressions", firehose.DeliveryStream{Prefix: "!{firehose:random-string}/!{timestamp:HH}/!{timestamp:ss}/", ErrorOutputPrefix: "e"}, `[0-9a-f]{8}-[0-9a-f]{2}/03/05/raw-1-2026-01-02-03-04-05-UUID`, "ab", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.stream.IntervalInSeconds = 10
			p := newPipe(t, 1, tt.stream)
			p.create()
			p.put("a")
			p.pass(5 * time.Second)
			p.put("b")
			p.pass(10 * time.Second)
			if len(p.objects) != 1 {
				t.Fatalf("%d objects", len(p.objects))
			}
			o := p.objects[0]
			if pattern := "^" + strings.ReplaceAll(tt.key, "UUID", `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`) + "$"; !regexp.MustCompile(pattern).MatchString(o.Key) {
				t.Errorf("key is %s, want %s", o.Key, pattern)
			}
			if diff := cmp.Diff(tt.encoding, o.Header["Content-Encoding"]); diff != "" {
				t.Errorf("encoding (-want +got):\n%s", diff)
			}
			if got := o.Header.Get("Content-Type"); got != "application/octet-stream" {
				t.Errorf("content type is %q", got)
			}
			if tt.stream.GZIP {
				o.Body = unzip(t, o.Body)
			}
			if o.Body != tt.body {
				t.Errorf("body is %q, want %q", o.Body, tt.body)
			}
		})
	}
}

func unzip(t *testing.T, body string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Records that the Kinesis Producer Library aggregated are delivered one by one
// (https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html).
func TestAggregatedRecords(t *testing.T) {
	aggregate := func(texts ...string) string {
		message := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "\x1A\x01x")
		for _, text := range texts {
			record := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 0)
			record = protowire.AppendString(protowire.AppendTag(record, 3, protowire.BytesType), text)
			message = protowire.AppendBytes(protowire.AppendTag(message, 3, protowire.BytesType), record)
		}
		sum := md5.Sum(message)
		return "\xF3\x89\x9A\xC2" + string(message) + string(sum[:])
	}
	broken := aggregate("x", "y")
	broken = broken[:len(broken)-1] + string(broken[len(broken)-1]^1)
	p := newPipe(t, 1, firehose.DeliveryStream{AppendDelimiter: true})
	p.create()
	p.put("a", aggregate("b", "c", ""), "\xF3\x89\x9A\xC2", broken, "d")
	p.pass(time.Second)
	p.want("a\nb\nc\n\n\xF3\x89\x9A\xC2\n" + broken + "\nd\n")
}

// What cannot be delivered is tried again until it is: the same object, and meanwhile
// nothing else (https://docs.aws.amazon.com/firehose/latest/dev/retry.html#dd-retry-s3).
func TestRetries(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{})
	p.create()
	p.failure = errors.New("slow down")
	p.put("a", "b")
	p.pass(time.Second)
	p.put("c")
	p.pass((1 + 2 + 4 + 8 + 16 + 32 + 60 + 60) * time.Second)
	if n := len(p.attempts); n != 9 || len(slices.Compact(slices.Clone(p.attempts))) != 1 {
		t.Errorf("%d attempts: %q", n, p.attempts)
	}
	p.failure = nil
	p.pass(60 * time.Second)
	p.want("ab")
	p.pass(time.Second)
	p.want("ab", "c")
	p.failure = errors.New("slow down")
	p.put("d")
	p.pass(2 * time.Second)
	told := firehose.ARN("raw") + ": delivering to archive: slow down"
	if diff := cmp.Diff([]string{told, told}, p.reports); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

// Records are given up when the source would not have them any more
// (https://docs.aws.amazon.com/firehose/latest/dev/retry.html#dd-retry-s3).
func TestRetention(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{IntervalInSeconds: 900})
	p.create()
	p.failure = errors.New("no bucket")
	p.put("a")
	p.pass(10 * time.Minute)
	p.put("b")
	p.pass(6 * time.Minute)
	p.clock.Advance(24*time.Hour - 10*time.Minute)
	p.idle()
	p.failure = nil
	p.pass(time.Minute)
	p.want("b")
	if want := firehose.ARN("raw") + ": 1 records are lost: they could not be delivered for 24h0m0s"; !slices.Contains(p.reports, want) {
		t.Errorf("reports %q, want %q", p.reports, want)
	}
}

func TestRetentionOfAll(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{})
	p.create()
	p.failure = errors.New("no bucket")
	p.put("a")
	p.pass(time.Second)
	p.clock.Advance(25 * time.Hour)
	p.idle()
	p.failure = nil
	p.put("b")
	p.pass(3 * time.Second)
	p.want("b")
}

// Reading takes these permissions, and is tried for ever without them
// (https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3,
// https://docs.aws.amazon.com/firehose/latest/dev/troubleshooting.html).
func TestPermissions(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{})
	p.denied["kinesis:DescribeStream"] = true
	if err := p.hose.Create(p.stream); err == nil || !strings.Contains(err.Error(), "no kinesis:DescribeStream") {
		t.Errorf("error is %v", err)
	}
	p.denied = map[string]bool{"kinesis:GetShardIterator": true, "kinesis:GetRecords": true}
	p.create()
	p.put("a")
	p.pass(3 * time.Second)
	delete(p.denied, "kinesis:GetShardIterator")
	p.pass(3 * time.Second)
	delete(p.denied, "kinesis:GetRecords")
	p.pass(time.Second)
	p.want("a")
	shard := firehose.ARN("raw") + ": reading shardId-000000000000: AccessDeniedException: no kinesis:"
	if diff := cmp.Diff([]string{shard + "GetShardIterator", shard + "GetRecords"}, p.reports); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	slices.Sort(p.asked)
	want := []string{"kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator"}
	for i := range want {
		want[i] += " " + kinesis.StreamARN("posts")
	}
	if diff := cmp.Diff(want, slices.Compact(p.asked)); diff != "" {
		t.Errorf("permissions asked for (-want +got):\n%s", diff)
	}
}

// Other readers of the shard may leave too little of its throughput
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html).
func TestThrottledReads(t *testing.T) {
	p := newPipe(t, 1, firehose.DeliveryStream{})
	p.create()
	p.put("a")
	iterator, err := p.streams.Operations().Call(&api.Call{Context: t.Context()}, "GetShardIterator",
		[]byte(`{"StreamName": "posts", "ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}`))
	if err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(999 * time.Millisecond)
	for range 5 {
		if _, err := p.streams.Operations().Call(&api.Call{Context: t.Context()}, "GetRecords", iterator); err != nil {
			t.Fatal(err)
		}
	}
	p.clock.Advance(time.Millisecond)
	p.idle()
	p.want()
	p.pass(time.Second)
	p.want("a")
	if len(p.reports) != 0 {
		t.Errorf("reports %q", p.reports)
	}
}

// Close delivers nothing, as if the power went.
func TestClose(t *testing.T) {
	for _, failure := range []error{nil, errors.New("no bucket")} {
		p := newPipe(t, 1, firehose.DeliveryStream{IntervalInSeconds: 2})
		p.create()
		p.failure = failure
		p.put("a")
		p.pass(2 * time.Second)
		if failure != nil {
			p.pass(2 * time.Second)
		}
		attempts := len(p.attempts)
		p.hose.Close()
		if len(p.attempts) != attempts || len(p.objects) != 0 {
			t.Errorf("%d attempts at closing, %d objects", len(p.attempts)-attempts, len(p.objects))
		}
	}
}

func TestChecks(t *testing.T) {
	tests := []struct {
		name   string
		change func(*firehose.DeliveryStream)
		want   string
	}{
		{"name", func(s *firehose.DeliveryStream) { s.Name = "a b" }, `name "a b": want`},
		{"long name", func(s *firehose.DeliveryStream) { s.Name = strings.Repeat("a", 65) }, `: want 1 to 64`},
		// https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html
		{"negative interval", func(s *firehose.DeliveryStream) { s.IntervalInSeconds = -1 }, "IntervalInSeconds -1: want 0 to 900"},
		{"long interval", func(s *firehose.DeliveryStream) { s.IntervalInSeconds = 901 }, "IntervalInSeconds 901: want 0 to 900"},
		{"no size", func(s *firehose.DeliveryStream) { s.SizeInMBs = 0 }, "SizeInMBs 0: want 1 to 128"},
		{"large size", func(s *firehose.DeliveryStream) { s.SizeInMBs = 129 }, "SizeInMBs 129: want 1 to 128"},
		// https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
		{"extension", func(s *firehose.DeliveryStream) { s.FileExtension = "json" }, `FileExtension "json": want a period`},
		{"prefix", func(s *firehose.DeliveryStream) { s.Prefix = "!{timestamp:YYYY}" }, "!{timestamp:YYYY} is not supported"},
		{"error prefix", func(s *firehose.DeliveryStream) { s.ErrorOutputPrefix = "!{x}" }, "ErrorOutputPrefix"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := firehose.DeliveryStream{Name: "raw", IntervalInSeconds: 900, SizeInMBs: 128}
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			tt.change(&s)
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

// The records of a shard stay in order, whatever fails, and none is lost.
func TestOrder(t *testing.T) {
	p := newPipe(t, 2, firehose.DeliveryStream{IntervalInSeconds: 3, AppendDelimiter: true})
	p.create()
	for i := range 200 {
		p.put(fmt.Sprintf("key-%d %d", i%4, i))
		p.failure = nil
		if i%3 == 0 {
			p.failure = errors.New("slow down")
		}
		p.denied["kinesis:GetRecords"] = i%7 == 0
		p.pass(time.Second)
	}
	p.failure = nil
	p.pass(2 * time.Minute)
	last, count := map[string]int{}, 0
	for _, o := range p.objects {
		for line := range bytes.Lines([]byte(o.Body)) {
			var key string
			var number int
			if _, err := fmt.Sscan(string(line), &key, &number); err != nil {
				t.Fatal(err)
			}
			if previous, ok := last[key]; ok && number != previous+4 {
				t.Errorf("%s: %d follows %d", key, number, previous)
			}
			last[key] = number
			count++
		}
	}
	if count != 200 {
		t.Errorf("%d records are delivered, want 200", count)
	}
}
