package s3_test

import (
	"testing"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/s3"
)

// A service that nobody used ends at once.
func TestCloseAtOnce(t *testing.T) {
	for range 100 {
		service := s3.New(s3.Options{Clock: clockwork.NewFakeClockAt(start)})
		if err := service.CreateBucket(s3.Bucket{Name: "photos"}); err != nil {
			t.Fatal(err)
		}
		service.Close()
	}
}
