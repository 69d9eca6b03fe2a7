package index

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/noidle/noidle/functions/internal/thumbnail"
)

type item = map[string]types.AttributeValue

// record is an entry as it stands in the table. An entry whose first thumbnails are
// being made has little more than its key.
type record struct {
	Key        string    `dynamodbav:"key"`
	Status     string    `dynamodbav:"status"`
	Code       string    `dynamodbav:"code"`
	Reason     string    `dynamodbav:"reason"`
	ETag       string    `dynamodbav:"eTag"`
	VersionID  string    `dynamodbav:"versionId"`
	Bytes      int64     `dynamodbav:"bytes"`
	Format     string    `dynamodbav:"format"`
	Width      int       `dynamodbav:"width"`
	Height     int       `dynamodbav:"height"`
	Thumbnails []made    `dynamodbav:"thumbnails"`
	Recipe     string    `dynamodbav:"recipe"`
	UpdatedAt  time.Time `dynamodbav:"updatedAt"`
	Objects    []string  `dynamodbav:"objects,stringset,omitempty"`
	LeaseOwner string    `dynamodbav:"leaseOwner,omitempty"`
	LeaseUntil int64     `dynamodbav:"leaseUntil,omitempty"`
}

// made is a thumbnail as it stands in a record.
type made struct {
	Name   string `dynamodbav:"name"`
	Key    string `dynamodbav:"key"`
	Width  int    `dynamodbav:"width"`
	Height int    `dynamodbav:"height"`
	Bytes  int    `dynamodbav:"bytes"`
}

// encode returns an entry as an item. The item has no lease.
func encode(e thumbnail.Entry) (item, error) {
	r := record{
		Key: e.Key, Status: string(e.Status), Code: e.Code, Reason: e.Reason,
		ETag: e.ETag, VersionID: e.VersionID, Bytes: e.Bytes,
		Format: e.Format, Width: e.Width, Height: e.Height,
		Thumbnails: []made{},
		Recipe:     e.Recipe, UpdatedAt: e.UpdatedAt, Objects: e.Objects,
	}
	for _, t := range e.Thumbnails {
		r.Thumbnails = append(r.Thumbnails, made(t))
	}
	return attributevalue.MarshalMap(r)
}

// decode reads an item. What is not there is zero; what is of another type is an
// error.
func decode(m item) (thumbnail.Entry, error) {
	var r record
	if err := attributevalue.UnmarshalMap(m, &r); err != nil {
		return thumbnail.Entry{}, fmt.Errorf("index: %w", err)
	}
	e := thumbnail.Entry{
		Key: r.Key, Status: thumbnail.Status(r.Status), Code: r.Code, Reason: r.Reason,
		Source: thumbnail.Source{ETag: r.ETag, VersionID: r.VersionID, Bytes: r.Bytes},
		Format: r.Format, Width: r.Width, Height: r.Height,
		Recipe: r.Recipe, UpdatedAt: r.UpdatedAt, Objects: r.Objects,
	}
	for _, t := range r.Thumbnails {
		e.Thumbnails = append(e.Thumbnails, thumbnail.Thumbnail(t))
	}
	if r.LeaseOwner != "" {
		e.Lease = &thumbnail.Lease{Owner: r.LeaseOwner, Until: time.UnixMilli(r.LeaseUntil)}
	}
	return e, nil
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func millis(t time.Time) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.UnixMilli(), 10)}
}
