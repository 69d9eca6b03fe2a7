package posts_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/posts"
)

// stream is a client of a stream that remembers what it took.
type stream struct {
	// fail returns the error of a request.
	fail func(ctx context.Context, request int) error
	// refuse returns the error code of a record, none if it is taken.
	refuse func(request, record int) string

	mutex    sync.Mutex
	requests int
	sizes    []int
	created  []time.Time // of what was taken
	taken    map[string]int
}

func (s *stream) PutRecords(ctx context.Context, in *kinesis.PutRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error) {
	s.mutex.Lock()
	s.requests++
	request := s.requests
	s.sizes = append(s.sizes, len(in.Records))
	s.mutex.Unlock()
	time.Sleep(10 * time.Millisecond) // of the bubble
	var err error
	if s.fail != nil {
		err = s.fail(ctx, request)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err != nil {
		return nil, err
	}
	out := &kinesis.PutRecordsOutput{FailedRecordCount: new(int32(0))}
	for i, record := range in.Records {
		code := ""
		if s.refuse != nil {
			code = s.refuse(request, i)
		}
		if code != "" {
			*out.FailedRecordCount++
			out.Records = append(out.Records, types.PutRecordsResultEntry{ErrorCode: &code})
			continue
		}
		if created, err := time.Parse(`2006-01-02T15:04:05.999Z"}`, string(record.Data[max(0, len(record.Data)-26):])); err == nil {
			s.created = append(s.created, created)
		}
		if s.taken == nil {
			s.taken = map[string]int{}
		}
		s.taken[*record.PartitionKey]++
		out.Records = append(out.Records, types.PutRecordsResultEntry{SequenceNumber: new("1")})
	}
	return out, nil
}

// send sends in a bubble, where time is that of the test.
func send(t *testing.T, ctx context.Context, s *stream, g posts.Options, o posts.SendOptions) (*posts.Truth, error) {
	t.Helper()
	generator, err := posts.NewGenerator(g)
	if err != nil {
		t.Fatal(err)
	}
	o.Window, o.Clock = time.Minute, clockwork.NewRealClock()
	return posts.Send(ctx, s, "posts", generator, o)
}

// TestPace checks that records are made at the rate, each at its time, and sent
// in requests of at most 500
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
func TestPace(t *testing.T) {
	for name, test := range map[string]struct {
		rate     float64
		duration time.Duration
		size     int
		records  int
		largest  int
	}{
		"slow":            {rate: 0.5, duration: 10 * time.Second, records: 5, largest: 1},
		"usual":           {rate: 1000, duration: 20 * time.Second, records: 20_000, largest: 50},
		"full requests":   {rate: 20_000, duration: time.Second, records: 20_000, largest: 500},
		"requests of 5MB": {rate: 3000, duration: time.Second, size: 50_000, records: 3000, largest: 105},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s stream
				var seen []posts.Progress
				began := time.Now()
				truth, err := send(t, t.Context(), &s, posts.Options{Size: test.size, Duplicates: 0.1}, posts.SendOptions{
					Rate: test.rate, Duration: test.duration, Progress: func(p posts.Progress) { seen = append(seen, p) },
				})
				if err != nil || truth.Records != test.records {
					t.Fatalf("%d records, error %v", truth.Records, err)
				}
				if elapsed := time.Since(began); elapsed > test.duration+200*time.Millisecond || elapsed < test.duration*4/5 {
					t.Errorf("took %s", elapsed)
				}
				if largest := slices.Max(s.sizes); largest > test.largest || largest < test.largest*9/10 {
					t.Errorf("a request had %d records, want up to %d", largest, test.largest)
				}
				slices.SortFunc(s.created, time.Time.Compare)
				middle := s.created[len(s.created)/2].Sub(began)
				if half := test.duration / 2; middle < half*7/10 || middle > half*13/10 {
					t.Errorf("half of the posts are created within %s", middle)
				}
				last := seen[len(seen)-1]
				if calls := int(test.duration / (5 * time.Second)); len(seen) < calls || len(seen) > calls+1 || last.Records != test.records || last.Retries != 0 {
					t.Errorf("progress %v", seen)
				}
			})
		})
	}
}

// TestRefusedRecordsAreSentAgain checks that only the refused records of a
// request are sent again, see the codes in
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsResultEntry.html.
func TestRefusedRecordsAreSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream{refuse: func(request, record int) string {
			switch {
			case record%7 == 0 && request%2 == 1:
				return "ProvisionedThroughputExceededException"
			case record%11 == 3:
				return "InternalFailure"
			}
			return ""
		}}
		var last posts.Progress
		truth, err := send(t, t.Context(), &s, posts.Options{Duplicates: 0.2, Malformed: 0.1}, posts.SendOptions{
			Rate: 2000, Duration: 5 * time.Second, Progress: func(p posts.Progress) { last = p },
		})
		if err != nil {
			t.Fatal(err)
		}
		if truth.Records != 10_000 || truth.Posts+truth.Malformed != len(s.taken) || truth.Unknown != nil {
			t.Errorf("truth %d records, %d posts, %d malformed, unknown %v, taken %d", truth.Records, truth.Posts, truth.Malformed, truth.Unknown, len(s.taken))
		}
		if truth.Records != truth.Posts+truth.Duplicates+truth.Malformed || truth.Duplicates == 0 {
			t.Errorf("%d records are not %d posts, %d duplicates, %d malformed", truth.Records, truth.Posts, truth.Duplicates, truth.Malformed)
		}
		sent := 0
		for _, size := range s.sizes {
			sent += size
		}
		if last.Retries == 0 || sent != truth.Records+last.Retries {
			t.Errorf("sent %d records for %d, with %d retries", sent, truth.Records, last.Retries)
		}
	})
}

// TestSlowStream checks that nothing is made that would have to wait, beyond
// eight requests, and that all is made in the end.
func TestSlowStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream{refuse: func(int, int) string {
			if time.Now().Second() < 20 {
				return "ProvisionedThroughputExceededException"
			}
			return ""
		}}
		truth, err := send(t, t.Context(), &s, posts.Options{}, posts.SendOptions{Rate: 1000, Duration: 10 * time.Second})
		if err != nil || truth.Records != 10_000 {
			t.Fatalf("%d records, error %v", truth.Records, err)
		}
		early := 0
		for _, created := range s.created {
			if created.Second() < 20 {
				early++
			}
		}
		if want := 8 * 50; early != want {
			t.Errorf("%d posts are made before the stream took any, want %d: 8 requests", early, want)
		}
	})
}

// TestEnd checks what is known when sending ends early.
func TestEnd(t *testing.T) {
	broken := errors.New("no such stream")
	for name, test := range map[string]struct {
		fail    func(ctx context.Context, request int) error
		refuse  func(request, record int) string
		want    error
		unknown bool
		elapsed time.Duration
	}{
		"all in flight arrives": {elapsed: 2 * time.Second},
		"some is never taken": {
			refuse: func(int, int) string {
				if time.Now().Second() >= 1 {
					return "InternalFailure"
				}
				return ""
			},
			unknown: true, elapsed: 12 * time.Second,
		},
		"an answer is lost": {
			fail: func(ctx context.Context, request int) error {
				if request > 5 {
					<-ctx.Done()
				}
				return ctx.Err()
			},
			unknown: true, elapsed: 12 * time.Second,
		},
		"an error": {
			fail: func(_ context.Context, request int) error {
				if request > 20 {
					return broken
				}
				return nil
			},
			want: broken, unknown: true, elapsed: time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				s, began := stream{fail: test.fail, refuse: test.refuse}, time.Now()
				truth, err := send(t, ctx, &s, posts.Options{Duplicates: 0.5}, posts.SendOptions{Rate: 1000, Duration: time.Minute})
				if !errors.Is(err, test.want) {
					t.Errorf("got error %v, want %v", err, test.want)
				}
				if elapsed := time.Since(began); elapsed < test.elapsed || elapsed > test.elapsed+100*time.Millisecond {
					t.Errorf("ended after %s, want %s", elapsed, test.elapsed)
				}
				if truth.Posts != len(s.taken) || truth.Posts == 0 {
					t.Errorf("%d posts, taken %d", truth.Posts, len(s.taken))
				}
				if (len(truth.Unknown) > 0) != test.unknown {
					t.Errorf("unknown are %v", truth.Unknown)
				}
				for i, id := range truth.Unknown {
					if s.taken[id] > 0 || i > 0 && id <= truth.Unknown[i-1] {
						t.Errorf("unknown is %s, which is counted or there twice", id)
					}
				}
			})
		})
	}
}

func TestSendRefused(t *testing.T) {
	for name, o := range map[string]posts.SendOptions{
		"rate":     {Duration: time.Second, Window: time.Second},
		"duration": {Rate: 1, Window: time.Second},
		"window":   {Rate: 1, Duration: time.Second, Window: 1500 * time.Millisecond},
	} {
		if _, err := posts.Send(t.Context(), &stream{}, "posts", nil, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTruthAsJSON(t *testing.T) {
	truth := posts.NewTruth(time.Minute)
	for _, r := range makeRecords(t, posts.Options{Duplicates: 0.1, Malformed: 0.1}, start, 31_000) {
		truth.Add(r)
	}
	truth.Unknown = []string{"1-a-7"}
	text, err := json.Marshal(truth)
	if err != nil {
		t.Fatal(err)
	}
	var got posts.Truth
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(truth, &got, cmpopts.IgnoreUnexported(posts.Truth{})); diff != "" {
		t.Error(diff)
	}
}

func TestTop(t *testing.T) {
	truth := posts.NewTruth(time.Minute)
	for i, p := range []posts.Post{
		{Language: "en", CreatedAt: start, Hashtags: []string{"go", "seoul"}},
		{Language: "ko", CreatedAt: start.Add(time.Minute), Hashtags: []string{"서울", "go"}},
		{Language: "ko", CreatedAt: start, Hashtags: []string{"서울", "seoul"}},
		{Language: "ko", CreatedAt: start.Add(29999 * time.Millisecond), Hashtags: []string{"🎉", "go"}},
		{Language: "en", CreatedAt: start.Add(30 * time.Second)},
	} {
		truth.Add(posts.Record{Post: &p})
		if i == 0 {
			truth.Add(posts.Record{Post: &p})
		}
	}
	if truth.Posts != 5 || truth.Duplicates != 1 || len(truth.Windows) != 2 || truth.Windows[0].Posts != 3 || truth.Windows[1].Posts != 2 {
		t.Fatalf("got %+v", truth)
	}
	first := truth.Windows[0]
	for _, test := range []struct {
		name      string
		got, want any
	}{
		{"all", truth.Top("", 9), []posts.Trend{{"go", 3}, {"seoul", 2}, {"서울", 2}, {"🎉", 1}}},
		{"language", truth.Top("ko", 2), []posts.Trend{{"go", 2}, {"서울", 2}}},
		{"window", first.Top("", 3), []posts.Trend{{"go", 2}, {"seoul", 2}, {"서울", 1}}},
		{"window and language", first.Top("en", 9), []posts.Trend{{"go", 1}, {"seoul", 1}}},
		{"count", first.Count("", "seoul"), 2},
		{"count of a language", first.Count("ko", "seoul"), 1},
		{"name", first.String(), "10:00-10:01"},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
