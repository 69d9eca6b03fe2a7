package trend

// hashSet is a set of hashes, which are even enough to be their own places: a
// table of a power of two slots, at most half of them taken, in which a hash is at
// the first free slot from its place on. A shard makes one for each batch, so it
// has to be quicker to fill than a map.
type hashSet struct {
	slots []uint64
	count int
}

// newHashSet returns a set with room for some hashes.
func newHashSet(count int) hashSet {
	size := 16
	for size < 2*count {
		size *= 2
	}
	return hashSet{slots: make([]uint64, size)}
}

// slot is what a hash is in a slot. Zero is a free one.
func slot(hash uint64) uint64 { return max(hash, 1) }

// find returns the place of a slot, or of the free one where it would be.
func (s *hashSet) find(slot uint64) int {
	mask := len(s.slots) - 1
	at := int(slot) & mask
	for s.slots[at] != 0 && s.slots[at] != slot {
		at = (at + 1) & mask
	}
	return at
}

// add returns whether the hash was not there.
func (s *hashSet) add(hash uint64) bool {
	if 2*s.count >= len(s.slots) {
		s.grow()
	}
	at := s.find(slot(hash))
	if s.slots[at] != 0 {
		return false
	}
	s.slots[at] = slot(hash)
	s.count++
	return true
}

func (s *hashSet) grow() {
	larger := newHashSet(s.count + 1)
	for _, slot := range s.slots {
		if slot != 0 {
			larger.slots[larger.find(slot)] = slot
		}
	}
	s.slots = larger.slots
}

// remove removes a hash that is there, and moves those after it to where they are
// found without it.
func (s *hashSet) remove(hash uint64) {
	mask := len(s.slots) - 1
	free := s.find(slot(hash))
	s.slots[free] = 0
	s.count--
	for at := (free + 1) & mask; s.slots[at] != 0; at = (at + 1) & mask {
		moved := s.slots[at]
		s.slots[at] = 0
		s.slots[s.find(moved)] = moved
	}
}
