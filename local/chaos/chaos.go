// Package chaos decides which faults the local cloud injects. The decisions
// follow from a seed: the same subject meets the same faults in the same order
// in every run, whatever else happens at the same time.
package chaos

import (
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"sync"
)

// Kind is a kind of fault.
type Kind string

// The kinds of faults.
const (
	DuplicateDelivery Kind = "duplicate delivery"       // a batch of messages is delivered twice
	CrashBefore       Kind = "function crash before"    // a process ends before it gets the event
	CrashAfter        Kind = "function crash after"     // a process ends after it handled the event
	Timeout           Kind = "function timeout"         // the time is over after the event was handled
	ThrottledCall     Kind = "throttled call"           // a call to a service is throttled
	FailedCall        Kind = "failed call"              // a call fails without effect
	LostAnswer        Kind = "failed call after effect" // a call fails although it had its effect
	SlowCall          Kind = "slow call"                // a call is answered late
	PartialBatch      Kind = "partial batch"            // a message of a batch is reported as failed after it was handled
)

// Faults injects faults at a rate. It is safe for concurrent use.
type Faults struct {
	rate float64
	seed uint64

	mu       sync.Mutex
	subjects map[string]*rand.Rand
	counts   map[Kind]int
}

// New returns Faults that strike each opportunity with a probability of rate, 0
// to 1. The seed decides which.
func New(rate float64, seed uint64) *Faults {
	return &Faults{rate: rate, seed: seed, subjects: map[string]*rand.Rand{}, counts: map[Kind]int{}}
}

// Next returns the fault that strikes the subject's next opportunity, one of
// kinds, or none: the empty Kind.
func (f *Faults) Next(subject string, kinds ...Kind) Kind {
	if f.rate == 0 {
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	random, ok := f.subjects[subject]
	if !ok {
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(subject))
		random = rand.New(rand.NewPCG(f.seed, hash.Sum64()))
		f.subjects[subject] = random
	}
	strikes, which := random.Float64() < f.rate, random.IntN(len(kinds))
	if !strikes {
		return ""
	}
	f.counts[kinds[which]]++
	return kinds[which]
}

// Counts returns how many faults of each kind were injected.
func (f *Faults) Counts() map[Kind]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.counts)
}
