package sqs

import (
	"cmp"
	"time"

	"github.com/tidwall/btree"
)

// state is where a message is. A message that is not in a queue yet, or was
// removed, is gone.
type state int

const (
	gone state = iota
	delayed
	visible
	inFlight
	states
)

type message struct {
	id, body, sender, trace string
	groupID, duplicateID    string
	attributes              map[string]attribute
	deadLetterSource        string
	order                   uint64
	sent, firstReceived     time.Time
	lastReceived            time.Time
	// receives counts across queues, deliveries in this queue.
	receives, deliveries int

	state     state
	visibleAt time.Time
	group     *group
}

// group is a message group of a FIFO queue. In a standard queue all messages
// are in one group, which nothing blocks.
type group struct {
	id                 string
	visible            *btree.BTreeG[*message]
	head               uint64
	messages, inFlight int
}

type queue struct {
	configuration
	name                      string
	fifo                      bool
	created, modified, purged time.Time
	tags                      map[string]string

	messages map[string]*message
	// timed are the messages in flight and delayed, by when they turn visible.
	timed *btree.BTreeG[*message]
	// stored are all messages by their age.
	stored *btree.BTreeG[*message]
	count  [states]int
	groups map[string]*group
	// available are the groups that have a message to receive.
	available *btree.BTreeG[*group]
	recent    recent
	tasks     []*task
	// changed is closed when something happens that a receive waits for.
	changed chan struct{}
}

func ordered[T any](compare func(a, b T) int) *btree.BTreeG[T] {
	return btree.NewBTreeGOptions(func(a, b T) bool { return compare(a, b) < 0 }, btree.Options{NoLocks: true})
}

func byOrder(a, b *message) int { return cmp.Compare(a.order, b.order) }

func newQueue(name string, fifo bool, now time.Time) *queue {
	return &queue{
		name: name, fifo: fifo, created: now, modified: now, tags: map[string]string{},
		messages:  map[string]*message{},
		groups:    map[string]*group{},
		timed:     ordered(func(a, b *message) int { return cmp.Or(a.visibleAt.Compare(b.visibleAt), byOrder(a, b)) }),
		stored:    ordered(func(a, b *message) int { return cmp.Or(a.sent.Compare(b.sent), byOrder(a, b)) }),
		available: ordered(func(a, b *group) int { return cmp.Compare(a.head, b.head) }),
		recent:    recent{sent: map[string]sendOutput{}},
	}
}

// add puts a message that is gone into the queue: visible at once, or later.
func (q *queue) add(m *message, visibleAt time.Time) {
	id := ""
	if q.fifo {
		id = m.groupID
	}
	m.group = q.groups[id]
	if m.group == nil {
		m.group = &group{id: id, visible: ordered(byOrder)}
		q.groups[id] = m.group
	}
	q.messages[m.id] = m
	q.stored.Set(m)
	m.group.messages++
	m.deliveries = 0
	to := visible
	if !visibleAt.IsZero() {
		to = delayed
	}
	q.change(m, to, visibleAt)
}

// change moves a message of the queue to another state, in which it stays
// until visibleAt.
func (q *queue) change(m *message, to state, visibleAt time.Time) {
	g := m.group
	q.available.Delete(g)
	switch m.state {
	case visible:
		g.visible.Delete(m)
	case delayed:
		q.timed.Delete(m)
	case inFlight:
		q.timed.Delete(m)
		g.inFlight--
	}
	q.count[m.state]--
	m.state, m.visibleAt = to, visibleAt
	q.count[to]++
	switch to {
	case visible:
		g.visible.Set(m)
	case delayed:
		q.timed.Set(m)
	case inFlight:
		q.timed.Set(m)
		g.inFlight++
	case gone:
		delete(q.messages, m.id)
		q.stored.Delete(m)
		g.messages--
	}
	q.offer(g)
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// offer makes a group available when it has visible messages and, in a FIFO
// queue, none in flight
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html).
func (q *queue) offer(g *group) {
	if g.messages == 0 {
		delete(q.groups, g.id)
	}
	if head, ok := g.visible.Min(); ok && (!q.fifo || g.inFlight == 0) {
		g.head = head.order
		q.available.Set(g)
	}
}

// advance brings the queue up to date: messages turn visible, and those older
// than the retention period expire.
func (q *queue) advance(now time.Time) {
	for m, ok := q.timed.Min(); ok && !m.visibleAt.After(now); m, ok = q.timed.Min() {
		q.change(m, visible, time.Time{})
	}
	oldest := now.Add(-q.seconds("MessageRetentionPeriod"))
	for m, ok := q.stored.Min(); ok && !m.sent.After(oldest); m, ok = q.stored.Min() {
		q.change(m, gone, time.Time{})
	}
}

// oldest is how long the oldest message has been in the queue. One that was received
// more than three times does not count while there are others
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
func (q *queue) oldest(now time.Time) (age time.Duration) {
	q.stored.Scan(func(m *message) bool {
		age = max(age, now.Sub(m.sent))
		if m.receives <= 3 {
			age = now.Sub(m.sent)
		}
		return m.receives > 3
	})
	return age
}

// recent remembers what was sent in the last five minutes to a FIFO queue
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html).
type recent struct {
	sent map[string]sendOutput
	keys []recentKey
}

type recentKey struct {
	key     string
	expires time.Time
}

func (r *recent) find(key string, now time.Time) (sendOutput, bool) {
	for len(r.keys) > 0 && !r.keys[0].expires.After(now) {
		delete(r.sent, r.keys[0].key)
		r.keys = r.keys[1:]
	}
	found, ok := r.sent[key]
	return found, ok
}

func (r *recent) add(key string, sent sendOutput, now time.Time) {
	r.sent[key] = sent
	r.keys = append(r.keys, recentKey{key, now.Add(5 * time.Minute)})
}
