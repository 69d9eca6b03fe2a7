package firehose

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// delivery is a Firehose stream at work: one goroutine reads, buffers and delivers,
// so that while nothing can be delivered, records stay in the source.
type delivery struct {
	DeliveryStream
	service   *Service
	shards    []*shard
	retention time.Duration // of the source

	// buffer has records since a time, and size is that of their data.
	buffer []record
	since  time.Time
	size   int
	// reported is the last error that was reported since a delivery.
	reported string
}

const (
	// readInterval is how often a shard is read
	// (https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html).
	readInterval = time.Second
	// The waits before an object is put again, each twice the one before.
	firstBackoff   = time.Second
	longestBackoff = time.Minute
)

// run reads for ever, whatever fails
// (https://docs.aws.amazon.com/firehose/latest/dev/troubleshooting.html).
func (d *delivery) run() {
	for d.service.wait(readInterval) {
		for _, s := range d.shards {
			if err := d.read(s); err != nil && !api.Throttled(err) {
				d.report("reading " + s.id + ": " + err.Error())
			}
			for d.size >= d.SizeInMBs<<20 {
				d.deliver()
			}
		}
		if len(d.buffer) > 0 && d.service.Clock.Since(d.since) >= time.Duration(d.IntervalInSeconds)*time.Second {
			d.deliver()
		}
	}
}

// add buffers a record.
func (d *delivery) add(r record) {
	if len(d.buffer) == 0 {
		d.since = d.service.Clock.Now()
	}
	d.buffer = append(d.buffer, r)
	d.size += len(r.Data)
}

// cut takes the records of the next object out of the buffer.
func (d *delivery) cut() (records []record) {
	n, size := 0, 0
	for ; n < len(d.buffer) && size < d.SizeInMBs<<20; n++ {
		size += len(d.buffer[n].Data)
	}
	records, d.buffer = d.buffer[:n:n], d.buffer[n:]
	d.size, d.since = d.size-size, d.service.Clock.Now()
	return records
}

// deliver puts an object, again and again until it is there, its records are older
// than the source keeps them, or the service closes. Every attempt is at the same
// object (https://docs.aws.amazon.com/firehose/latest/dev/retry.html#dd-retry-s3).
func (d *delivery) deliver() {
	records := d.cut()
	key := d.key(records)
	for backoff := firstBackoff; len(records) > 0; backoff = min(2*backoff, longestBackoff) {
		err := d.put(key, records)
		if err == nil {
			d.reported = ""
			return
		}
		d.report("delivering to " + d.Bucket + ": " + err.Error())
		if !d.service.wait(backoff) {
			return
		}
		n := len(records)
		records = slices.DeleteFunc(records, func(r record) bool {
			return d.service.Clock.Since(r.ApproximateArrivalTimestamp.Time) > d.retention
		})
		if lost := n - len(records); lost > 0 {
			d.report(fmt.Sprintf("%d records are lost: they could not be delivered for %s", lost, d.retention))
		}
	}
}

// key returns an object's key. The time in it, in UTC, is when the object's oldest
// record arrived (https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html).
func (d *delivery) key(records []record) string {
	oldest := slices.MinFunc(records, func(a, b record) int {
		return a.ApproximateArrivalTimestamp.Compare(b.ApproximateArrivalTimestamp.Time)
	}).ApproximateArrivalTimestamp
	extension := d.FileExtension
	if d.GZIP {
		extension = cmp.Or(extension, ".gz")
	}
	prefix, _ := evaluate(d.Prefix, oldest.Time) // Check found no error in it.
	return fmt.Sprintf("%s%s-1-%s-%s%s", prefix, d.Name, oldest.UTC().Format("2006-01-02-15-04-05"), uuid.NewString(), extension)
}

// put puts records as an object.
func (d *delivery) put(key string, records []record) error {
	var body bytes.Buffer
	for _, r := range records {
		body.Write(r.Data)
		if d.AppendDelimiter {
			body.WriteByte('\n')
		}
	}
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	if d.GZIP {
		header.Set("Content-Encoding", "gzip")
		var compressed bytes.Buffer
		w := gzip.NewWriter(&compressed)
		_, err := body.WriteTo(w)
		if err := errors.Join(err, w.Close()); err != nil {
			return err
		}
		body = compressed
	}
	return d.service.Put(d.service.as(d.Role), d.Bucket, key, header, body.Bytes())
}

// report reports what is wrong, unless it is what was reported last.
func (d *delivery) report(message string) {
	if message != d.reported {
		d.reported = message
		d.service.Report(ARN(d.Name) + ": " + message)
	}
}
