package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/noidle/noidle/functions/internal/site"
)

// objects is the part of the S3 client that the function uses.
type objects interface {
	s3.ListObjectsV2APIClient
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
}

// bucket is a [site.Bucket] in S3.
type bucket struct {
	objects objects
	name    string
}

func (b bucket) List(ctx context.Context) (map[string]string, error) {
	etags := map[string]string{}
	pages := s3.NewListObjectsV2Paginator(b.objects, &s3.ListObjectsV2Input{Bucket: &b.name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("bucket %s: %w", b.name, err)
		}
		for _, object := range page.Contents {
			etags[aws.ToString(object.Key)] = strings.Trim(aws.ToString(object.ETag), `"`)
		}
	}
	return etags, nil
}

func (b bucket) Put(ctx context.Context, f site.File, content io.ReadSeeker) error {
	_, err := b.objects.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &f.Key, Body: content, ContentType: &f.ContentType, CacheControl: &f.CacheControl,
	})
	return err
}

// Delete removes objects, 1000 at once, the most that S3 takes
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html). In a
// bucket that is gone there are none.
func (b bucket) Delete(ctx context.Context, keys []string) error {
	for some := range slices.Chunk(keys, 1000) {
		var identifiers []types.ObjectIdentifier
		for _, key := range some {
			identifiers = append(identifiers, types.ObjectIdentifier{Key: &key})
		}
		out, err := b.objects.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &b.name, Delete: &types.Delete{Objects: identifiers, Quiet: new(true)}})
		if failure, ok := errors.AsType[smithy.APIError](err); ok && failure.ErrorCode() == "NoSuchBucket" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("bucket %s: %w", b.name, err)
		}
		for _, failure := range out.Errors {
			return fmt.Errorf("bucket %s: %q: %s: %s", b.name, aws.ToString(failure.Key), aws.ToString(failure.Code), aws.ToString(failure.Message))
		}
	}
	return nil
}
