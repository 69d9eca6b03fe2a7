// Package firehose is Amazon Data Firehose for the local cloud: it reads Kinesis
// data streams and delivers their records to S3 buckets
// (https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html).
//
// Nobody puts records straight to a Firehose stream, and its version is always 1.
package firehose

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// DeliveryStream delivers the records of a Kinesis data stream to a bucket
// (https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html).
type DeliveryStream struct {
	// Name is 1 to 64 letters, digits, underscores, hyphens and periods.
	Name string
	// Source is the ARN of the data stream, and SourceRole who reads it.
	Source     string
	SourceRole *api.Principal
	// Bucket is the bucket's name, and Role who puts objects there.
	Bucket string
	Role   *api.Principal
	// IntervalInSeconds, 0 to 900, and SizeInMBs, 1 to 128 MiB, are for how long and
	// how much data is buffered before it is delivered, whichever comes first
	// (https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html).
	IntervalInSeconds, SizeInMBs int
	// GZIP has objects compressed.
	GZIP bool
	// AppendDelimiter has a new line follow each record
	// (https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html).
	AppendDelimiter bool
	// Prefix is what keys start with. It may have expressions, and ErrorOutputPrefix
	// is needed then, though no record ends there
	// (https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html).
	Prefix, ErrorOutputPrefix string
	// FileExtension is what keys end with. Empty means .gz if objects are compressed.
	FileExtension string
}

// ARN returns the Amazon Resource Name of the Firehose stream with a name.
func ARN(name string) string { return api.ARN("firehose", "deliverystream/"+name) }

var (
	streamName    = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)
	fileExtension = regexp.MustCompile(`^$|^\.[0-9a-z!\-_.*'()]{1,127}$`)
)

// Check returns what AWS would refuse in the settings, or is not supported locally.
func (s DeliveryStream) Check() error {
	switch {
	case !streamName.MatchString(s.Name):
		return fmt.Errorf("name %q: want 1 to 64 letters, digits, underscores, hyphens and periods", s.Name)
	case s.IntervalInSeconds < 0 || s.IntervalInSeconds > 900:
		return fmt.Errorf("IntervalInSeconds %d: want 0 to 900", s.IntervalInSeconds)
	case s.SizeInMBs < 1 || s.SizeInMBs > 128:
		return fmt.Errorf("SizeInMBs %d: want 1 to 128", s.SizeInMBs)
	case !fileExtension.MatchString(s.FileExtension):
		return fmt.Errorf("FileExtension %q: want a period and then up to 127 of 0-9a-z!-_.*'()", s.FileExtension)
	}
	return checkPrefixes(s.Prefix, s.ErrorOutputPrefix)
}

// Options are what a Service needs of the rest of the cloud.
type Options struct {
	Clock clockwork.Clock
	// Call calls an operation of another service.
	Call func(call *api.Call, service, operation string, input []byte) ([]byte, error)
	// Put puts an object into a bucket.
	Put func(call *api.Call, bucket, key string, header http.Header, body []byte) error
	// Report is told what goes wrong.
	Report func(message string)
}

// Service runs delivery streams.
type Service struct {
	Options
	open    context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New returns a Service without delivery streams. Close it after use.
func New(options Options) *Service {
	s := &Service{Options: options}
	s.open, s.stop = context.WithCancel(context.Background())
	return s
}

// Close ends the delivery streams. What they have buffered is not delivered.
func (s *Service) Close() {
	s.stop()
	s.running.Wait()
}

// Create starts a stream that Check is content with. It delivers the records that
// come from now on. The error says that the source cannot be described.
func (s *Service) Create(stream DeliveryStream) error {
	d := &delivery{DeliveryStream: stream, service: s}
	if err := d.describe(); err != nil {
		return fmt.Errorf("source %s: %w", stream.Source, err)
	}
	s.running.Go(d.run)
	return nil
}

// wait returns false if the service closes before the time is over.
func (s *Service) wait(d time.Duration) bool {
	timer := s.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return true
	case <-s.open.Done():
		return false
	}
}

// as returns a call by a role. It is not cut short when the service closes.
func (s *Service) as(role *api.Principal) *api.Call {
	return &api.Call{Context: context.WithoutCancel(s.open), Principal: role, RequestID: uuid.NewString()}
}
