package post

// states of a walk through UTF-8: the text so far is invalid or whole, or a
// character needs more bytes, of which the first may be limited. A state is
// the place of its six bits in a row of transitions.
const (
	invalidText = 6 * iota
	wholeText
	needsOne
	needsTwo
	needsThree
	afterE0
	afterED
	afterF0
	afterF4
)

// transitions has for every byte the state that follows each state. Text is
// read without branches, which scripts whose words have few bytes mispredict:
//
//	state = transitions[b] >> (state & 63)
//
// The well-formed sequences are those of The Unicode Standard, table 3-7.
var transitions = func() (rows [256]uint64) {
	for _, step := range [...]struct{ first, last, from, to int }{
		{0x00, 0x7f, wholeText, wholeText},
		{0xc2, 0xdf, wholeText, needsOne},
		{0xe0, 0xe0, wholeText, afterE0},
		{0xe1, 0xec, wholeText, needsTwo},
		{0xed, 0xed, wholeText, afterED},
		{0xee, 0xef, wholeText, needsTwo},
		{0xf0, 0xf0, wholeText, afterF0},
		{0xf1, 0xf3, wholeText, needsThree},
		{0xf4, 0xf4, wholeText, afterF4},
		{0x80, 0xbf, needsOne, wholeText},
		{0x80, 0xbf, needsTwo, needsOne},
		{0x80, 0xbf, needsThree, needsTwo},
		{0xa0, 0xbf, afterE0, needsOne},
		{0x80, 0x9f, afterED, needsOne},
		{0x90, 0xbf, afterF0, needsTwo},
		{0x80, 0x8f, afterF4, needsTwo},
	} {
		for b := step.first; b <= step.last; b++ {
			rows[b] |= uint64(step.to) << step.from
		}
	}
	return rows
}()
