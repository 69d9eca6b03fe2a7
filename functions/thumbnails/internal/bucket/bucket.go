// Package bucket keeps photos and thumbnails in S3 buckets. [Uploads] and
// [Thumbnails] implement the ports of the domain.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/noidle/noidle/functions/internal/photo"
	"github.com/noidle/noidle/functions/internal/thumbnail"
)

// UploadsClient is the part of the S3 client that [Uploads] uses.
type UploadsClient interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Uploads is a [thumbnail.Uploads]. It needs s3:GetObject on the photos, and
// s3:ListBucket on the bucket, without which S3 answers 403 rather than 404 for
// what is not there
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
type Uploads struct {
	client UploadsClient
	name   string
}

// NewUploads returns the photos in the named bucket.
func NewUploads(client UploadsClient, name string) *Uploads {
	return &Uploads{client: client, name: name}
}

// Stat returns what is there now.
func (u *Uploads) Stat(ctx context.Context, key string) (thumbnail.Source, error) {
	out, err := u.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &u.name, Key: &key})
	if err != nil {
		return thumbnail.Source{}, translate(err)
	}
	return source(out.ETag, out.VersionId, out.ContentLength), nil
}

// Open returns what is there now and its content.
func (u *Uploads) Open(ctx context.Context, key string) (thumbnail.Source, io.ReadCloser, error) {
	out, err := u.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &u.name, Key: &key})
	if err != nil {
		return thumbnail.Source{}, nil, translate(err)
	}
	return source(out.ETag, out.VersionId, out.ContentLength), out.Body, nil
}

func source(eTag, versionID *string, bytes *int64) thumbnail.Source {
	return thumbnail.Source{
		ETag:      strings.Trim(aws.ToString(eTag), `"`),
		VersionID: aws.ToString(versionID),
		Bytes:     aws.ToInt64(bytes),
	}
}

// translate finds the domain's errors in those of S3: an object that is not there
// (a HEAD has no body to say so in), or one in an archive.
func translate(err error) error {
	if _, ok := errors.AsType[*types.NoSuchKey](err); ok {
		return thumbnail.ErrNotFound
	}
	if _, ok := errors.AsType[*types.NotFound](err); ok {
		return thumbnail.ErrNotFound
	}
	if _, ok := errors.AsType[*types.InvalidObjectState](err); ok {
		return &photo.Rejected{Code: thumbnail.Archived, Reason: "the file is in an archive storage class: restore it and put it in again"}
	}
	return err
}

// ThumbnailsClient is the part of the S3 client that [Thumbnails] uses.
type ThumbnailsClient interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
}

// Thumbnails is a [thumbnail.Store]. It needs s3:PutObject and s3:DeleteObject on
// the thumbnails.
type Thumbnails struct {
	client ThumbnailsClient
	name   string
}

// NewThumbnails returns the thumbnails in the named bucket.
func NewThumbnails(client ThumbnailsClient, name string) *Thumbnails {
	return &Thumbnails{client: client, name: name}
}

// Put writes an object, over one that is there.
func (t *Thumbnails) Put(ctx context.Context, key, contentType, cacheControl string, data []byte) error {
	_, err := t.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:       &t.name,
		Key:          &key,
		ContentType:  &contentType,
		CacheControl: &cacheControl,
		Body:         bytes.NewReader(data),
	})
	return err
}

// Delete removes up to 1000 objects, the most that S3 takes at once
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
func (t *Thumbnails) Delete(ctx context.Context, keys []string) error {
	var objects []types.ObjectIdentifier
	for _, key := range keys {
		objects = append(objects, types.ObjectIdentifier{Key: &key})
	}
	out, err := t.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &t.name,
		Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return err
	}
	var problems []error
	for _, failed := range out.Errors {
		problems = append(problems, fmt.Errorf("%s: %s: %s", aws.ToString(failed.Key), aws.ToString(failed.Code), aws.ToString(failed.Message)))
	}
	return errors.Join(problems...)
}
