package trend

import "github.com/cespare/xxhash/v2"

// What a shard remembers of posts, so that one that is sent again is known.
const (
	// Remembered is how many posts are remembered at most: the newest.
	Remembered = 1 << 15
	// Horizon is how many seconds a post is remembered.
	Horizon = 120
)

// recent remembers the newest posts by the hashes of their IDs.
type recent struct {
	// hashes are in the order of arrival, and runs say when they arrived.
	hashes []uint64
	runs   []run
	known  hashSet
}

// run is the number of posts that arrived in one second, since 1970.
type run struct {
	second int64
	posts  int
}

// add remembers a post and returns whether it is new.
func (r *recent) add(id string, second int64) bool {
	if n := len(r.runs); n > 0 {
		second = max(second, r.runs[n-1].second)
	}
	r.forget(second - Horizon)
	if !r.append(xxhash.Sum64String(id), second) {
		return false
	}
	if len(r.hashes) > Remembered {
		r.drop(1)
	}
	return true
}

// append remembers a hash and returns whether it is new.
func (r *recent) append(hash uint64, second int64) bool {
	if !r.known.add(hash) {
		return false
	}
	r.hashes = append(r.hashes, hash)
	if n := len(r.runs); n == 0 || r.runs[n-1].second != second {
		r.runs = append(r.runs, run{second: second})
	}
	r.runs[len(r.runs)-1].posts++
	return true
}

// forget forgets the posts that arrived before a second.
func (r *recent) forget(second int64) {
	for len(r.runs) > 0 && r.runs[0].second < second {
		r.drop(r.runs[0].posts)
	}
}

// drop forgets the oldest n posts, which are of the first run.
func (r *recent) drop(n int) {
	for _, hash := range r.hashes[:n] {
		r.known.remove(hash)
	}
	r.hashes = r.hashes[n:]
	r.runs[0].posts -= n
	if r.runs[0].posts == 0 {
		r.runs = r.runs[1:]
	}
}
