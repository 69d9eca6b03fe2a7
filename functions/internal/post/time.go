package post

import (
	"strconv"
	"time"
)

// parseTime reads a time of https://www.rfc-editor.org/rfc/rfc3339 and returns
// it in UTC. Package time allocates for some offsets, but not for Z.
func parseTime(value string) (t time.Time, err error) {
	var memory [64]byte
	text := append(memory[:0], value...)
	local := max(0, len(value)-len("+00:00"))
	shift, ok := offset(value[local:])
	if ok {
		text = append(text[:local], 'Z')
	}
	if t.UnmarshalText(text) != nil {
		return time.Time{}, invalid("createdAt", "is %q; give a time of RFC 3339 such as 2026-01-31T09:30:00Z", value)
	}
	return t.Add(-shift).UTC(), nil
}

// offset reads an offset from UTC such as +09:00.
func offset(text string) (shift time.Duration, ok bool) {
	if len(text) != len("+00:00") || text[0] != '+' && text[0] != '-' || text[3] != ':' {
		return 0, false
	}
	hours, err := strconv.ParseUint(text[1:3], 10, 8)
	minutes, err2 := strconv.ParseUint(text[4:], 10, 8)
	if err != nil || err2 != nil || hours > 23 || minutes > 59 {
		return 0, false
	}
	shift = time.Duration(60*hours+minutes) * time.Minute
	if text[0] == '-' {
		shift = -shift
	}
	return shift, true
}
