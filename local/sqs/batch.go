package sqs

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"

	"github.com/noidle/noidle/local/api"
)

// entry is what the entries of batches, and requests for one message, have.
type entry struct {
	target
	ID string `json:"Id"`
}

func (e entry) id() string { return e.ID }

func (entry) size() int { return 0 }

type entryResult struct {
	ID string `json:"Id,omitempty"`
}

type batchInput[E any] struct {
	target
	Entries []E
}

type batchOutput[R any] struct {
	Successful []R
	Failed     []entryFailure `json:",omitempty"`
}

type entryFailure struct {
	ID          string `json:"Id"`
	Code        string
	Message     string
	SenderFault bool
}

var entryID = regexp.MustCompile(`^[\w-]{1,80}$`)

// batch makes a batch operation of one for a single message: entries fail one
// by one (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html).
func batch[E interface {
	id() string
	size() int
}, R any](one func(*queue, *api.Call, *E) (R, error)) func(*queue, *api.Call, *batchInput[E]) (batchOutput[R], error) {
	return func(q *queue, call *api.Call, in *batchInput[E]) (out batchOutput[R], err error) {
		switch n := len(in.Entries); {
		case n == 0:
			return out, fail("EmptyBatchRequest", "There should be at least one entry in the request.")
		case n > 10:
			return out, fail("TooManyEntriesInBatchRequest", fmt.Sprintf("Maximum number of entries per request are 10. You have sent %d.", n))
		}
		seen, size := map[string]bool{}, 0
		for _, e := range in.Entries {
			switch {
			case !entryID.MatchString(e.id()):
				return out, fail("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
			case seen[e.id()]:
				return out, fail("BatchEntryIdsNotDistinct", "Id "+e.id()+" repeated.")
			}
			seen[e.id()] = true
			size += e.size()
		}
		if size > 1<<20 {
			return out, fail("BatchRequestTooLong", fmt.Sprintf("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", 1<<20, size))
		}
		out.Successful = []R{}
		for i := range in.Entries {
			result, err := one(q, call, &in.Entries[i])
			if failure, ok := errors.AsType[*api.Error](err); ok {
				out.Failed = append(out.Failed, entryFailure{in.Entries[i].id(), cmp.Or(failure.QueryCode, failure.Code), failure.Message, true})
			} else {
				out.Successful = append(out.Successful, result)
			}
		}
		return out, nil
	}
}
