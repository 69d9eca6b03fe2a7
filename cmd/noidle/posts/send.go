package posts

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/jonboulle/clockwork"
)

// A request has at most 500 records and 10 MiB
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
// One that has reached 5 MiB gets no further record.
const (
	maximumRecords = 500
	fullRequest    = 5 << 20
)

const (
	requestsInFlight = 8
	makeEvery        = 50 * time.Millisecond
	progressEvery    = 5 * time.Second
	firstBackoff     = 100 * time.Millisecond
	longestBackoff   = 2 * time.Second
	// patience is how long what is in flight is still sent after the context's end.
	patience = 10 * time.Second
)

// Client is the part of the Kinesis client that [Send] uses.
type Client interface {
	PutRecords(context.Context, *kinesis.PutRecordsInput, ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error)
}

// SendOptions say how records are sent. All but Progress are required.
type SendOptions struct {
	// Rate is how many records a second are made.
	Rate float64
	// Duration is for how long records are made.
	Duration time.Duration
	// Window is the length of the windows of the truth, in whole seconds.
	Window time.Duration
	Clock  clockwork.Clock
	// Progress is called about every five seconds and at the end.
	Progress func(Progress)
}

// Progress says how far sending is.
type Progress struct {
	// Elapsed is the time since the start.
	Elapsed time.Duration
	// Records is how many records the stream has taken.
	Records int
	// Retries is how many records had to be sent again.
	Retries int
}

// Rate returns how many records a second the stream has taken.
func (p Progress) Rate() float64 { return float64(p.Records) / max(p.Elapsed.Seconds(), 1e-3) }

// Send puts what a generator makes into a stream, and returns what the stream
// took. What the stream refuses is sent again until it is taken; a slow stream
// makes it last longer. When ctx is done no more is made, what is in flight has
// ten seconds to arrive, and that is no error. An error of a whole request, which
// the client has retried by itself, ends it in the same way, and is returned
// beside the truth.
func Send(ctx context.Context, client Client, stream string, g *Generator, o SendOptions) (*Truth, error) {
	if !(o.Rate > 0) || o.Duration <= 0 || o.Window <= 0 || o.Window%time.Second != 0 {
		return nil, fmt.Errorf("rate %v, duration %s, window %s: want more than 0, and a window of whole seconds", o.Rate, o.Duration, o.Window)
	}
	making, stop := context.WithCancel(ctx)
	defer stop()
	sending, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	defer context.AfterFunc(making, func() {
		if pause(sending, o.Clock, patience) {
			abandon()
		}
	})()
	now := o.Clock.Now()
	s := &sender{SendOptions: o, client: client, stream: stream, stop: stop, started: now, reported: now, truth: NewTruth(o.Window)}
	s.run(making, sending, g)
	s.report(0)
	s.noteUnknown()
	return s.truth, s.failure
}

// pause returns whether the time has passed before ctx was done.
func pause(ctx context.Context, clock clockwork.Clock, d time.Duration) bool {
	select {
	case <-clock.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

type sender struct {
	SendOptions
	client  Client
	stream  string
	stop    func()
	started time.Time

	mutex    sync.Mutex
	truth    *Truth
	retries  int
	reported time.Time
	left     []Record // no answer said that they were taken
	failure  error
}

// run makes records until they are all made or making is done, and returns once
// none is in flight.
func (s *sender) run(making, sending context.Context, g *Generator) {
	var requests sync.WaitGroup
	defer requests.Wait()
	free := make(chan struct{}, requestsInFlight)
	for made, total := 0, s.due(s.Duration); made < total; {
		due := s.due(min(s.Clock.Since(s.started), s.Duration)) - made
		if due == 0 {
			if !pause(making, s.Clock, makeEvery) {
				return
			}
			continue
		}
		select {
		case free <- struct{}{}:
		case <-making.Done():
			return
		}
		batch := make([]Record, 0, min(due, maximumRecords))
		for size := 0; len(batch) < cap(batch) && size < fullRequest; {
			record := g.Next(s.Clock.Now())
			size += len(record.PartitionKey) + len(record.Data)
			batch = append(batch, record)
		}
		made += len(batch)
		requests.Go(func() {
			s.put(sending, batch)
			<-free
		})
	}
}

// due returns how many records are to be made in a time since the start.
func (s *sender) due(elapsed time.Duration) int {
	return int(math.Round(s.Rate * elapsed.Seconds()))
}

// put sends records until the stream has taken them all.
func (s *sender) put(ctx context.Context, batch []Record) {
	for backoff := firstBackoff; ; backoff = min(2*backoff, longestBackoff) {
		in := &kinesis.PutRecordsInput{StreamName: &s.stream, Records: make([]types.PutRecordsRequestEntry, len(batch))}
		for i := range batch {
			in.Records[i] = types.PutRecordsRequestEntry{Data: batch[i].Data, PartitionKey: &batch[i].PartitionKey}
		}
		out, err := s.client.PutRecords(ctx, in)
		if err == nil {
			if batch = s.take(batch, out.Records); len(batch) == 0 {
				return
			}
		}
		if err != nil || !pause(ctx, s.Clock, backoff/2+rand.N(backoff/2)) {
			s.leave(ctx, batch, err)
			return
		}
	}
}

// take counts what the stream took and returns the rest.
func (s *sender) take(batch []Record, results []types.PutRecordsResultEntry) []Record {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var rest []Record
	for i, record := range batch {
		if results[i].ErrorCode == nil {
			s.truth.Add(record)
		} else {
			rest = append(rest, record)
		}
	}
	s.retries += len(rest)
	s.report(progressEvery)
	return rest
}

// report calls Progress if the last call is some time ago.
func (s *sender) report(after time.Duration) {
	if now := s.Clock.Now(); s.Progress != nil && now.Sub(s.reported) >= after {
		s.reported = now
		s.Progress(Progress{Elapsed: now.Sub(s.started), Records: s.truth.Records, Retries: s.retries})
	}
}

// leave gives records up, because of an error or because ctx is done.
func (s *sender) leave(ctx context.Context, batch []Record, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.left = append(s.left, batch...)
	if err != nil && ctx.Err() == nil && s.failure == nil {
		s.failure = fmt.Errorf("putting records into stream %s: %w", s.stream, err)
	}
	s.stop()
}

// noteUnknown notes which posts may be in the stream without being counted.
func (s *sender) noteUnknown() {
	for _, record := range s.left {
		if record.Post != nil && !record.Post.counted {
			s.truth.Unknown = append(s.truth.Unknown, record.Post.ID)
		}
	}
	slices.Sort(s.truth.Unknown)
	s.truth.Unknown = slices.Compact(s.truth.Unknown)
}
