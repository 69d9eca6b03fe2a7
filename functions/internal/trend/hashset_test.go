package trend

import (
	"math/rand/v2"
	"testing"
)

// The set is as a map, also for hashes that want the same place.
func TestHashSet(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	set, want := newHashSet(0), map[uint64]bool{}
	for i := range 200_000 {
		hash := random.Uint64N(40) << 60 >> random.IntN(60)
		if i%100_000 > 50_000 {
			hash = random.Uint64N(5000)
		}
		if hash == 1 {
			continue // the same as 0
		}
		if random.IntN(2) == 0 {
			if set.add(hash) == want[hash] {
				t.Fatalf("step %d: adding %x says %t", i, hash, !want[hash])
			}
			want[hash] = true
		} else if want[hash] {
			set.remove(hash)
			delete(want, hash)
		}
		if set.count != len(want) || 2*set.count > len(set.slots) {
			t.Fatalf("step %d: %d hashes in %d slots, want %d", i, set.count, len(set.slots), len(want))
		}
	}
}
