package s3

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

// Event is what a bucket tells EventBridge of
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
type Event struct {
	// DetailType is Object Created or Object Deleted.
	DetailType string
	// Resources are the bucket's ARN.
	Resources []string
	// Detail says what happened.
	Detail EventDetail
}

// EventDetail is the detail of an [Event].
type EventDetail struct {
	Version         string      `json:"version"`
	Bucket          EventBucket `json:"bucket"`
	Object          EventObject `json:"object"`
	RequestID       string      `json:"request-id"`
	Requester       string      `json:"requester"`
	SourceIPAddress string      `json:"source-ip-address"`
	// Reason is the operation: PutObject, CopyObject, CompleteMultipartUpload or
	// DeleteObject.
	Reason string `json:"reason"`
	// DeletionType is Permanently Deleted or Delete Marker Created.
	DeletionType string `json:"deletion-type,omitempty"`
}

// EventBucket names the bucket of an [Event].
type EventBucket struct {
	Name string `json:"name"`
}

// EventObject is the object of an [Event].
type EventObject struct {
	// Key is the object's key, as it is.
	Key string `json:"key"`
	// Size is in bytes. Deleted objects have none.
	Size *int64 `json:"size,omitempty"`
	// ETag has no quotes.
	ETag string `json:"etag"`
	// VersionID is that of the version, or delete marker, if the bucket keeps
	// versions.
	VersionID string `json:"version-id,omitempty"`
	// Sequencer is a hexadecimal number that grows with each event.
	Sequencer string `json:"sequencer"`
}

func (s *store) created(ctx context.Context, b *bucket, v *version, reason string) {
	s.send(ctx, b, v, "Object Created", EventDetail{Reason: reason, Object: EventObject{Size: &v.size}})
}

func (s *store) deleted(ctx context.Context, b *bucket, v *version, kind string) {
	s.send(ctx, b, v, "Object Deleted", EventDetail{Reason: "DeleteObject", DeletionType: kind})
}

// send publishes an event of a version, if the bucket does so. The caller holds
// mu: events are in the order of the changes.
func (s *store) send(ctx context.Context, b *bucket, v *version, detailType string, detail EventDetail) {
	if !b.events {
		return
	}
	// The sequencer is the time in seconds and a fraction, but never the same.
	now := s.clock.Now()
	fraction := uint64(now.Nanosecond()) << 32 / uint64(time.Second)
	s.sequencer = max(s.sequencer+1, uint64(now.Unix())<<32|fraction)
	detail.Version = "0"
	detail.Bucket.Name = b.name
	detail.Object.Key, detail.Object.ETag = v.key, strings.Trim(v.etag, `"`)
	detail.Object.Sequencer = fmt.Sprintf("%016x", s.sequencer)
	if b.versioning != "" {
		detail.Object.VersionID = v.id
	}
	detail.RequestID, _ = ctx.Value("request-id").(string)
	detail.Requester, detail.SourceIPAddress = api.Account, grantOf(ctx).address
	s.publish(Event{DetailType: detailType, Resources: []string{ARN(b.name)}, Detail: detail})
}
