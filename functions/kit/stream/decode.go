package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/segmentio/asm/base64"
)

// Decode reads a payload into e and overwrites both. From then on the payload
// belongs to e, for as long as the package says. The memory of e.Records is used
// again: an Event serves one invocation after the other, never two at once, which
// functions with more than one invocation at a time have to see to.
//
// Members that an Event does not have are skipped, and null is as if the member
// were missing. The error tells the place in the payload, and leaves e empty.
func Decode(payload []byte, e *Event) error {
	*e = Event{Records: e.Records[:0]}
	d := decoder{scanner: scanner{json: payload}, Event: e}
	d.event()
	if d.next(); d.at < len(payload) {
		d.unexpected("the end")
	}
	if d.err != nil {
		*e = Event{Records: e.Records[:0]}
		return fmt.Errorf("event of a Kinesis stream: %w", d.err)
	}
	return nil
}

type decoder struct {
	scanner
	*Event
	// members are those of the record before that are strings.
	members [8][]byte
}

func (d *decoder) event() {
	var window Window
	var bounds *struct{ Start, End time.Time }
	for name := range d.values('{') {
		switch string(name) {
		case "Records":
			d.records()
		case "window":
			d.value(&bounds)
		case "state":
			if state := d.raw(); string(state) != "null" {
				window.State = state
			}
		case "shardId":
			d.value(&d.ShardID)
		case "eventSourceARN":
			d.value(&d.EventSourceARN)
		case "isFinalInvokeForWindow":
			d.value(&window.Final)
		case "isWindowTerminatedEarly":
			d.value(&window.TerminatedEarly)
		default:
			d.raw()
		}
	}
	if bounds != nil {
		window.Start, window.End = bounds.Start, bounds.End
		d.Window = &window
	}
}

// value reads what an event has once into v.
func (d *decoder) value(v any) {
	start := d.at
	if err := json.Unmarshal(d.raw(), v); err != nil {
		d.fail(start, "%w", err)
	}
}

func (d *decoder) records() {
	d.Records = d.Records[:0]
	for range d.values('[') {
		start, i := d.at, len(d.Records)
		d.Records = append(d.Records, Record{})
		d.record(&d.Records[i])
		if d.err == nil && d.Records[i].SequenceNumber == "" {
			d.fail(start, "there is no sequence number: is the event source a Kinesis stream?")
		}
		if d.err != nil {
			d.err = fmt.Errorf("record %d: %w", i, d.err)
		}
	}
}

// record reads a record. Most of its members are the same as in the record before.
func (d *decoder) record(r *Record) {
	if d.next() == 'n' {
		d.word()
		return
	}
	d.depth++
	d.expect('{')
	for i, more := 0, d.next() != '}'; more; i, more = i+1, d.accept(',') {
		if !d.repeated(i) {
			d.member(i, r)
		}
	}
	d.expect('}')
	d.depth--
}

// repeated passes a member of a record, by its number, that is the same as in the
// record before.
func (d *decoder) repeated(i int) bool {
	if d.next(); i >= len(d.members) || d.members[i] == nil || !bytes.HasPrefix(d.json[d.at:], d.members[i]) {
		return false
	}
	d.at += len(d.members[i])
	return true
}

func (d *decoder) member(i int, r *Record) {
	start := d.at
	name := d.quoted()
	if d.expect(':'); d.err != nil {
		return
	}
	kind := d.next()
	switch string(name) {
	case "kinesis":
		d.kinesis(r)
		return
	case "eventID": // shardId-000000000006:49590338271490256608559692538361571095921575989136588898
		if shard, _, ok := strings.Cut(d.string(), ":"); ok && d.ShardID == "" {
			d.ShardID = shard
		}
	case "eventSourceARN":
		if arn := d.string(); d.EventSourceARN == "" {
			d.EventSourceARN = arn
		}
	default:
		d.raw()
	}
	// A string ends with a quote, so what starts with it is the same string.
	if kind == '"' && i < len(d.members) {
		d.members[i] = d.json[start:d.at]
	}
}

func (d *decoder) kinesis(r *Record) {
	for name := range d.values('{') {
		switch string(name) {
		case "sequenceNumber":
			r.SequenceNumber = d.string()
		case "partitionKey":
			r.PartitionKey = d.string()
		case "data":
			r.Data = d.data()
		case "approximateArrivalTimestamp":
			r.Arrival = d.arrival()
		default:
			d.raw()
		}
	}
}

// data decodes base64 in place: each step of the decoder reads before it writes,
// and writes nothing that is still to be read.
func (d *decoder) data() []byte {
	start := d.at
	text := d.encoded()
	n, err := base64.StdEncoding.Decode(text, text)
	// The decoder ignores line breaks. They make the data shorter than expected.
	if err != nil || len(text)%4 != 0 || n < len(text)/4*3-len("==") {
		d.fail(start, "want base64 with padding and without line breaks")
	}
	return text[:n:n]
}

// encoded is text for a string that is long, seldom has escapes, and is yet to be
// checked for characters that base64 does not have.
func (d *decoder) encoded() []byte {
	if d.next() == '"' {
		text := d.json[d.at+1:]
		size := bytes.IndexByte(text, '"')
		if size >= 0 && bytes.IndexByte(text[:size], '\\') < 0 {
			d.at += size + len(`""`)
			return text[:size]
		}
	}
	return d.text()
}

// arrival reads a number of seconds since 1970.
func (d *decoder) arrival() time.Time {
	d.next()
	if milliseconds, size := milliseconds(d.json[d.at:]); size > 0 {
		d.at += size
		return time.UnixMilli(milliseconds).UTC()
	}
	start := d.at
	number := d.raw()
	if string(number) == "null" {
		return time.Time{}
	}
	seconds, err := strconv.ParseFloat(alias(number), 64)
	const year10000 = 253402300800
	if err != nil || seconds < 0 || seconds >= year10000 {
		d.fail(start, "want seconds since 1970, have %.20q", number)
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}

// milliseconds reads seconds as Lambda writes them, such as 1607497475.000. Size is
// zero for all else.
func milliseconds(text []byte) (milliseconds int64, size int) {
	const whole, length = len("1607497475"), len("1607497475.000")
	if len(text) <= length || text[0] == '0' || text[whole] != '.' {
		return 0, 0
	}
	for i, c := range text[:length] {
		switch {
		case i == whole:
		case c < '0' || c > '9':
			return 0, 0
		default:
			milliseconds = 10*milliseconds + int64(c-'0')
		}
	}
	if next := text[length]; next != ',' && next != '}' {
		return 0, 0
	}
	return milliseconds, length
}

func (d *decoder) string() string { return alias(d.text()) }

func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
