package lambda

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"sync"

	"github.com/noidle/noidle/local/api"
)

// accountConcurrency is how many events all functions without a reservation of
// their own handle at once, by default
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html).
const accountConcurrency = 1000

// concurrency is how many events may be handled at once, and how many are.
type concurrency struct {
	mu     sync.Mutex
	limit  int
	inUse  int
	reason string
}

func (c *concurrency) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inUse >= c.limit {
		return &api.Error{
			Code:    "TooManyRequestsException",
			Message: "Rate Exceeded.",
			Status:  http.StatusTooManyRequests,
			Members: map[string]any{"Reason": c.reason, "Type": "User"},
		}
	}
	c.inUse++
	return nil
}

func (c *concurrency) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inUse--
}

// starts limits how many processes start at the same time. Starting keeps a
// processor busy: more at once would only be slower each, and an event that
// waits for its turn takes a process that becomes free in the meantime.
type starts chan struct{}

func newStarts() starts { return make(starts, runtime.NumCPU()) }

// pool holds the warm sandboxes of one function.
type pool struct {
	start  func() (*Sandbox, error)
	starts starts
	freed  chan *Sandbox // hands a sandbox to an event that waits for one

	mu     sync.Mutex
	idle   []*Sandbox // the last used is the last
	all    map[*Sandbox]bool
	closed bool
}

func newPool(starts starts, start func() (*Sandbox, error)) *pool {
	return &pool{start: start, starts: starts, freed: make(chan *Sandbox), all: map[*Sandbox]bool{}}
}

var errClosed = errors.New("lambda: the service is closed")

// acquire returns a sandbox for one event, and whether it was started for it.
func (p *pool) acquire(ctx context.Context) (s *Sandbox, cold bool, err error) {
	if s := p.takeIdle(); s != nil {
		return s, false, nil
	}
	select {
	case s := <-p.freed:
		return s, false, nil
	case p.starts <- struct{}{}:
		defer func() { <-p.starts }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if s := p.takeIdle(); s != nil {
		return s, false, nil
	}
	s, err = p.start()
	if err != nil {
		return nil, false, err
	}
	p.mu.Lock()
	closed := p.closed
	p.all[s] = true
	p.mu.Unlock()
	if closed {
		s.Close()
		return nil, false, errClosed
	}
	return s, true, nil
}

func (p *pool) takeIdle() *Sandbox {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	last := len(p.idle) - 1
	s := p.idle[last]
	p.idle = p.idle[:last]
	return s
}

// release gives a sandbox back that can handle further events.
func (p *pool) release(s *Sandbox) {
	select {
	case p.freed <- s:
		return
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, s)
}

// discard ends a sandbox that cannot.
func (p *pool) discard(s *Sandbox) {
	p.mu.Lock()
	delete(p.all, s)
	p.mu.Unlock()
	s.Close()
}

// close ends every sandbox, also those that handle an event.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	all := p.all
	p.all, p.idle = map[*Sandbox]bool{}, nil
	p.mu.Unlock()
	for s := range all {
		s.Close()
	}
}

// pids are the processes of the sandboxes.
func (p *pool) pids() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var pids []int
	for s := range p.all {
		pids = append(pids, s.process.Process.Pid)
	}
	slices.Sort(pids)
	return pids
}
