package cloudfront

import (
	"container/list"
	"net/http"
	"sync"
	"time"
)

// The limits of a distribution's cache, in bytes: of all that is in it, and of one
// object, beyond which it is passed on without being cached. Overhead is what an
// answer counts beside its body and path, as S3 limits the metadata of an object
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
const (
	maxCache  = 32 << 20
	maxObject = 8 << 20
	overhead  = 4 << 10
)

// key is what an answer is cached by.
type key struct{ method, path string }

// answer is an answer of the origin. It does not change once it is in the cache.
type answer struct {
	status int
	header http.Header
	body   []byte
	size   int64 // of the object, which is not that of the body in answers to HEAD
	large  bool  // the body is too large to be cached, and missing
	// When the answer came, and when it expires.
	stored, expires time.Time
}

// cache keeps answers, and forgets those that nobody asked for for the longest time.
// It is safe for concurrent use.
type cache struct {
	mu      sync.Mutex
	entries map[key]*list.Element // of *entry
	recent  list.List             // the most recently used first
	size    int
	asking  map[key]*question
}

type entry struct {
	key
	*answer
}

func (e *entry) cost() int { return len(e.body) + len(e.path) + overhead }

// question is a request that is under way to the origin.
type question struct {
	done   chan struct{}
	answer *answer
}

func newCache() *cache {
	return &cache{entries: map[key]*list.Element{}, asking: map[key]*question{}}
}

// find returns what is cached by a key, expired or not, or nil. The caller holds mu.
func (c *cache) find(k key) *answer {
	element, ok := c.entries[k]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(element)
	return element.Value.(*entry).answer
}

// put keeps an answer in place of what was cached by the key, unless it has expired
// already. The caller holds mu.
func (c *cache) put(k key, a *answer) {
	if element, ok := c.entries[k]; ok {
		c.remove(element)
	}
	if !a.expires.After(a.stored) {
		return
	}
	e := &entry{k, a}
	c.entries[k] = c.recent.PushFront(e)
	c.size += e.cost()
	for c.size > maxCache {
		c.remove(c.recent.Back())
	}
}

func (c *cache) remove(element *list.Element) {
	e := c.recent.Remove(element).(*entry)
	delete(c.entries, e.key)
	c.size -= e.cost()
}

// get returns what is cached by a key and has not expired, or else what ask returns,
// given what has expired or nil. While ask is under way others wait for its answer
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html#request-s3-traffic-spikes).
func (c *cache) get(k key, now time.Time, ask func(expired *answer) *answer) *answer {
	c.mu.Lock()
	expired := c.find(k)
	if expired != nil && now.Before(expired.expires) {
		c.mu.Unlock()
		return expired
	}
	if q, ok := c.asking[k]; ok {
		c.mu.Unlock()
		<-q.done
		return q.answer
	}
	q := &question{done: make(chan struct{})}
	c.asking[k] = q
	c.mu.Unlock()

	q.answer = ask(expired)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asking[k] == q { // and nobody has invalidated it
		c.put(k, q.answer)
		delete(c.asking, k)
	}
	close(q.done)
	return q.answer
}

// has says whether something is cached by a key that has not expired.
func (c *cache) has(k key, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.find(k)
	return a != nil && now.Before(a.expires)
}
