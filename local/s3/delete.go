package s3

import (
	"cmp"
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"

	"github.com/noidle/noidle/local/api"
)

// emptyETag is that of nothing, which is what a delete marker holds.
const emptyETag = `"d41d8cd98f00b204e9800998ecf8427e"`

// DeleteObject implements backend.Backend.
func (s *store) DeleteObject(ctx context.Context, in *sdk.DeleteObjectInput) (*sdk.DeleteObjectOutput, error) {
	in = own(in)
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(in.Bucket)
	if err != nil {
		return nil, err
	}
	if v := b.current(*in.Key); v != nil {
		err = backend.EvaluateObjectDeletePreconditions(v.etag, v.modified, v.size, backend.ObjectDeletePreconditions{
			IfMatch: in.IfMatch, IfMatchLastModTime: in.IfMatchLastModifiedTime, IfMatchSize: in.IfMatchSize,
		})
	}
	if err != nil {
		return nil, err
	}
	return s.delete(ctx, b, *in.Key, aws.ToString(in.VersionId)), nil
}

// delete deletes a version for good, or marks an object as deleted in a bucket
// that keeps versions, and publishes that. What does not exist is deleted, too
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html).
// The caller holds mu.
func (s *store) delete(ctx context.Context, b *bucket, key, id string) *sdk.DeleteObjectOutput {
	if id == "" && b.versioning != "" {
		marker := &version{key: key, modified: s.now(), deleted: true, content: content{etag: emptyETag}}
		b.add(marker)
		s.deleted(ctx, b, marker, "Delete Marker Created")
		return &sdk.DeleteObjectOutput{DeleteMarker: new(true), VersionId: &marker.id}
	}
	out := &sdk.DeleteObjectOutput{}
	if id != "" {
		out.VersionId = &id
	} else {
		id = nullVersion
	}
	if removed := b.remove(key, id); removed != nil {
		s.deleted(ctx, b, removed, "Permanently Deleted")
		if removed.deleted {
			out.DeleteMarker = new(true)
		}
	}
	return out
}

// DeleteObjects implements backend.Backend.
func (s *store) DeleteObjects(ctx context.Context, in *sdk.DeleteObjectsInput) (s3response.DeleteResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var result s3response.DeleteResult
	b, err := s.bucket(in.Bucket)
	if err != nil {
		return result, err
	}
	denied := grantOf(ctx).denied
	for _, object := range in.Delete.Objects {
		id := objectID{aws.ToString(object.Key), aws.ToString(object.VersionId)}
		if err := s.undeletable(b, object); err != nil || denied[id] != nil {
			code, message := errorOf(denied[id], err)
			result.Error = append(result.Error, types.Error{Key: object.Key, VersionId: object.VersionId, Code: &code, Message: &message})
			continue
		}
		out := s.delete(ctx, b, id.key, id.version)
		deleted := types.DeletedObject{Key: object.Key, VersionId: object.VersionId, DeleteMarker: out.DeleteMarker}
		if aws.ToBool(out.DeleteMarker) {
			deleted.DeleteMarkerVersionId = out.VersionId
		}
		result.Deleted = append(result.Deleted, deleted)
	}
	return result, nil
}

// undeletable says why one of several objects may not be deleted: by what the
// request says of it.
func (s *store) undeletable(b *bucket, object types.ObjectIdentifier) error {
	v := b.current(aws.ToString(object.Key))
	if v == nil {
		return nil
	}
	return backend.EvaluateObjectDeletePreconditions(v.etag, v.modified, v.size, backend.ObjectDeletePreconditions{
		IfMatch: backend.TrimEtag(object.ETag), IfMatchLastModTime: object.LastModifiedTime, IfMatchSize: object.Size,
	})
}

// errorOf returns the code and message of the error that denies, or else of the
// other.
func errorOf(denies, other error) (code, message string) {
	if failure, ok := errors.AsType[*api.Error](denies); ok {
		return cmp.Or(codes[failure.Code], failure.Code), failure.Message
	}
	if known, ok := errors.AsType[s3err.S3Error](other); ok {
		return known.BaseError().Code, known.BaseError().Description
	}
	return "InternalError", errors.Join(denies, other).Error()
}
