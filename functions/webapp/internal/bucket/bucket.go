// Package bucket is the S3 buckets with an album's photos and thumbnails.
package bucket

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/noidle/noidle/functions/internal/album"
)

// How long signed URLs work.
const (
	uploadLifetime    = 5 * time.Minute
	thumbnailLifetime = 15 * time.Minute
)

// Files is an [album.Files]. It needs s3:PutObject and s3:DeleteObject on the photos
// and s3:GetObject on the thumbnails: a signed URL allows what its signer may do
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
type Files struct {
	client              *s3.Client
	signer              *s3.PresignClient
	uploads, thumbnails string
}

// New returns the Files in the named buckets.
func New(cfg aws.Config, uploads, thumbnails string) *Files {
	client := s3.NewFromConfig(cfg)
	return &Files{client: client, signer: s3.NewPresignClient(client), uploads: uploads, thumbnails: thumbnails}
}

// SignUpload signs a PUT of the photo, with Content-Length and Content-Type, that
// works for 5 minutes.
func (f *Files) SignUpload(ctx context.Context, e album.Entry) (string, error) {
	signed, err := f.signer.PresignPutObject(ctx, &s3.PutObjectInput{
		Bucket: &f.uploads, Key: aws.String(e.Key()), ContentType: &e.Type, ContentLength: &e.Bytes,
	}, s3.WithPresignExpires(uploadLifetime))
	if err != nil {
		return "", err
	}
	return signed.URL, nil
}

// SignThumbnail signs a GET that works for 15 minutes.
func (f *Files) SignThumbnail(ctx context.Context, key string) (string, error) {
	signed, err := f.signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &f.thumbnails, Key: &key},
		s3.WithPresignExpires(thumbnailLifetime))
	if err != nil {
		return "", err
	}
	return signed.URL, nil
}

// Delete removes a photo.
func (f *Files) Delete(ctx context.Context, key string) error {
	_, err := f.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &f.uploads, Key: &key})
	return err
}
