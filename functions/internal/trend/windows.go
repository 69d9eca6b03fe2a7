package trend

import (
	"maps"
	"slices"
)

// The counters of a shard take bounded memory. When there are too many, those
// with the lowest estimates go, at least a quarter. What goes raises the floor of
// its window: a hashtag without a counter came at most so often, as in the
// Space-Saving algorithm. With n hashtags of posts counted and room for m
// counters, no floor is over n/(3m/4).
const (
	// maximumSize is how many bytes the counters of a shard take when encoded, in
	// all windows.
	maximumSize = 320 << 10
	// counterSize is what a counter takes beside its key, at most.
	counterSize = 10
)

// windows are the counters of a shard by the start of the window, in seconds
// since 1970.
type windows struct {
	all map[int64]*window
	// current is the window that was opened last.
	current *window
	start   int64
	size    int
}

// window has the counters of a window. The keys are a language, a zero byte and a
// hashtag.
type window struct {
	counters map[string]*counter
	floor    uint64
}

// counter says how often a hashtag came. It came at most so often as well before
// it had the counter as missed says.
type counter struct {
	count, missed uint64
}

// estimate is how often the hashtag came at most.
func (c *counter) estimate() uint64 { return c.count + c.missed }

// open selects the window to add to.
func (w *windows) open(start int64) {
	if w.current != nil && w.start == start {
		return
	}
	if w.all == nil {
		w.all = map[int64]*window{}
	}
	if w.all[start] == nil {
		w.all[start] = &window{counters: map[string]*counter{}}
	}
	w.current, w.start = w.all[start], start
}

// add counts a key in the open window.
func (w *windows) add(key []byte) {
	c := w.current.counters[string(key)]
	if c == nil {
		if w.size+len(key)+counterSize > maximumSize {
			w.evict()
		}
		c = w.insert(string(key), counter{missed: w.current.floor})
	}
	c.count++
}

// insert adds a counter to the open window.
func (w *windows) insert(key string, c counter) *counter {
	w.size += len(key) + counterSize
	w.current.counters[key] = &c
	return &c
}

// evict removes the counters with the lowest estimates, of equal ones all.
func (w *windows) evict() {
	sizes := map[uint64]int{}
	for _, window := range w.all {
		for key, c := range window.counters {
			sizes[c.estimate()] += len(key) + counterSize
		}
	}
	var highest uint64
	for _, estimate := range slices.Sorted(maps.Keys(sizes)) {
		if w.size <= maximumSize/4*3 {
			break
		}
		highest = estimate
		w.size -= sizes[estimate]
	}
	for _, window := range w.all {
		for key, c := range window.counters {
			if c.estimate() <= highest {
				delete(window.counters, key)
				window.floor = max(window.floor, c.estimate())
			}
		}
	}
}

// starts returns the starts of the windows in order.
func (w *windows) starts() []int64 { return slices.Sorted(maps.Keys(w.all)) }
