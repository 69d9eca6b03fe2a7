package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/internal/thumbnail"
	"github.com/noidle/noidle/functions/kit/batch"
)

type handler struct {
	bucket string
	maker  *thumbnail.Maker
}

// handle brings the thumbnails of every photo that a message tells of up to date,
// and returns the other messages for redelivery. A message that tells of none
// fails each time and so comes to the dead-letter queue.
func (h handler) handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	return batch.SQS(ctx, e, func(ctx context.Context, m events.SQSMessage) error {
		key, err := h.key(m.Body)
		if err != nil {
			return err
		}
		outcome, entry, err := h.maker.Update(ctx, key)
		if err != nil {
			return err
		}
		log(ctx, outcome, entry)
		return nil
	})
}

// key finds the photo's key in an event of S3, where it is not encoded as it is in
// a notification of S3
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
func (h handler) key(message string) (string, error) {
	var event struct {
		Detail struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key string `json:"key"`
			} `json:"object"`
		} `json:"detail"`
	}
	if err := json.Unmarshal([]byte(message), &event); err != nil {
		return "", fmt.Errorf("the message is no event: %w", err)
	}
	if event.Detail.Bucket.Name != h.bucket {
		return "", fmt.Errorf("the event is of bucket %q, not %q", event.Detail.Bucket.Name, h.bucket)
	}
	if event.Detail.Object.Key == "" {
		return "", fmt.Errorf("the event is of no object: %s", message)
	}
	return event.Detail.Object.Key, nil
}

// rejected is what the log says of a photo that was rejected. The construct counts
// these lines.
const rejected = "photo rejected"

func log(ctx context.Context, outcome thumbnail.Outcome, e thumbnail.Entry) {
	if outcome == thumbnail.Refused {
		slog.WarnContext(ctx, rejected, "key", e.Key, "code", e.Code, "reason", e.Reason, "format", e.Format, "bytes", e.Bytes, "width", e.Width, "height", e.Height)
		return
	}
	slog.InfoContext(ctx, "photo "+string(outcome), "key", e.Key, "format", e.Format, "bytes", e.Bytes, "width", e.Width, "height", e.Height)
}
