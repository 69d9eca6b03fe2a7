package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// copyMembers sets the members of an output, of which it gets the address, that
// another struct has, too, by the same name and type.
func copyMembers(output, from any) {
	to, of := reflect.ValueOf(output).Elem(), reflect.Indirect(reflect.ValueOf(from))
	for _, field := range reflect.VisibleFields(of.Type()) {
		if member := to.FieldByName(field.Name); member.IsValid() && member.Type() == field.Type && field.IsExported() {
			member.Set(of.FieldByIndex(field.Index))
		}
	}
}

// own returns an input with texts of its own: those that the gateway gives are
// overwritten by its next request.
func own[T any](in T) T {
	v := reflect.ValueOf(&in).Elem()
	if v.Kind() == reflect.Pointer {
		copied := reflect.New(v.Type().Elem())
		copied.Elem().Set(v.Elem())
		v.Set(copied)
		v = copied.Elem()
	}
	for _, field := range v.Fields() {
		if !field.CanSet() {
			continue
		}
		switch value := field.Interface().(type) {
		case *string:
			if value != nil {
				field.Set(reflect.ValueOf(new(strings.Clone(*value))))
			}
		case map[string]string:
			field.Set(reflect.ValueOf(ownMap(value)))
		default:
			if field.Kind() == reflect.String {
				field.SetString(strings.Clone(field.String()))
			}
		}
	}
	return in
}

func ownMap(texts map[string]string) map[string]string {
	owned := map[string]string{}
	for key, value := range texts {
		owned[strings.Clone(key)] = strings.Clone(value)
	}
	return owned
}

// admit says whether something may be put: there is a bucket for it, and the
// preconditions hold. The caller holds mu.
func (s *store) admit(bucketName, key, ifMatch, ifNoneMatch *string) (*bucket, error) {
	b, err := s.bucket(bucketName)
	if err != nil {
		return nil, err
	}
	etag, exists := b.etag(*key)
	return b, backend.EvaluateObjectPutPreconditions(etag, ifMatch, ifNoneMatch, exists)
}

// PutObject implements backend.Backend.
func (s *store) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	var out s3response.PutObjectOutput
	in = own(in)
	v := &version{key: *in.Key, metadata: in.Metadata}
	copyMembers(&v.headers, in)
	err := func() (err error) {
		if v.tags, err = backend.ParseObjectTags(aws.ToString(in.Tagging)); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		_, err = s.admit(in.Bucket, in.Key, in.IfMatch, in.IfNoneMatch)
		return err
	}()
	if err != nil {
		return out, err
	}
	want := checksumIn(in)
	if want.algorithm == "" {
		want.algorithm = in.ChecksumAlgorithm
	}
	if v.content, err = s.spool(in.Body, aws.ToInt64(in.ContentLength), want); err != nil {
		return out, err
	}
	v.sum = v.whole()
	id, err := s.commit(ctx, in.Bucket, v, in.IfMatch, in.IfNoneMatch, "PutObject")
	if err != nil {
		return out, err
	}
	out = s3response.PutObjectOutput{ETag: v.etag, VersionID: aws.ToString(id)}
	v.sum.tell(&out)
	return out, nil
}

// commit makes a version the newest of its object, if the preconditions hold, and
// publishes that. It returns the version's ID if the bucket keeps versions.
func (s *store) commit(ctx context.Context, bucketName *string, v *version, ifMatch, ifNoneMatch *string, reason string) (*string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.admit(bucketName, &v.key, ifMatch, ifNoneMatch)
	if err != nil {
		v.discard()
		return nil, err
	}
	v.modified = s.now()
	b.add(v)
	s.created(ctx, b, v, reason)
	return b.versionID(v), nil
}

// HeadObject implements backend.Backend.
func (s *store) HeadObject(_ context.Context, in *sdk.HeadObjectInput) (*sdk.HeadObjectOutput, error) {
	get := &sdk.GetObjectInput{}
	copyMembers(get, in)
	object, file, err := s.open(get)
	if object == nil {
		return nil, err
	}
	if file != nil {
		_ = file.Close()
	}
	out := &sdk.HeadObjectOutput{}
	copyMembers(out, object)
	return out, err
}

// GetObject implements backend.Backend.
func (s *store) GetObject(_ context.Context, in *sdk.GetObjectInput) (*sdk.GetObjectOutput, error) {
	object, file, err := s.open(in)
	if err != nil {
		return object, err
	}
	object.Body = file
	return object, nil
}

// open finds an object and opens the part of it that is asked for. For a deleted
// one it returns, with the error, when it was deleted.
func (s *store) open(in *sdk.GetObjectInput) (*sdk.GetObjectOutput, io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(in.Bucket)
	if err != nil {
		return nil, nil, err
	}
	v, err := b.read(*in.Key, aws.ToString(in.VersionId))
	if err != nil {
		if v == nil {
			return nil, nil, err
		}
		return &sdk.GetObjectOutput{LastModified: &v.modified, DeleteMarker: new(true)}, nil, err
	}
	// Times are whole seconds, and an object is not modified since it was modified.
	err = backend.EvaluatePreconditions(v.etag, v.modified.Add(-time.Nanosecond), backend.PreConditions{
		IfMatch: in.IfMatch, IfNoneMatch: in.IfNoneMatch, IfModSince: in.IfModifiedSince, IfUnmodeSince: in.IfUnmodifiedSince,
	})
	if err != nil {
		return nil, nil, err
	}
	offset, length, partial, err := v.extent(in.PartNumber, aws.ToString(in.Range))
	if err != nil {
		return nil, nil, err
	}
	out := &sdk.GetObjectOutput{
		AcceptRanges: new("bytes"), ContentLength: &length, ETag: &v.etag, LastModified: &v.modified,
		Metadata: v.metadata, ExpiresString: v.headers.Expires, VersionId: b.versionID(v),
	}
	copyMembers(out, v.headers)
	if len(v.tags) > 0 {
		out.TagCount = new(int32(len(v.tags)))
	}
	if partial {
		out.ContentRange = new(fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, v.size))
	} else if in.ChecksumMode == types.ChecksumModeEnabled {
		v.sum.tell(out)
	}
	if in.PartNumber != nil && v.parts != nil {
		out.PartsCount = new(int32(len(v.parts)))
	}
	file, err := os.Open(v.path)
	if err != nil {
		return nil, nil, err
	}
	return out, &backend.FileSectionReadCloser{R: io.NewSectionReader(file, offset, length), F: file}, nil
}

// extent returns which bytes of a version are asked for, and whether that is
// less than all, or one part of several.
func (v *version) extent(part *int32, rangeHeader string) (offset, length int64, partial bool, err error) {
	if part == nil {
		return backend.ParseObjectRange(v.size, rangeHeader)
	}
	ends := v.parts
	if ends == nil {
		ends = []int64{v.size}
	}
	n := int(*part)
	if n > len(ends) {
		return 0, 0, false, s3err.GetInvalidPartNumberRangeErr(int32(len(ends)), *part)
	}
	if n > 1 {
		offset = ends[n-2]
	}
	return offset, ends[n-1] - offset, v.size > 0, nil
}

// GetObjectAttributes implements backend.Backend.
func (s *store) GetObjectAttributes(ctx context.Context, in *sdk.GetObjectAttributesInput) (s3response.GetObjectAttributesResponse, error) {
	head := &sdk.HeadObjectInput{ChecksumMode: types.ChecksumModeEnabled}
	copyMembers(head, in)
	object, err := s.HeadObject(ctx, head)
	if err != nil {
		return s3response.GetObjectAttributesResponse{}, err
	}
	out := s3response.GetObjectAttributesResponse{Checksum: &types.Checksum{}, StorageClass: types.StorageClassStandard}
	copyMembers(&out, object)
	copyMembers(out.Checksum, object)
	out.ETag, out.ObjectSize = backend.TrimEtag(object.ETag), object.ContentLength
	return out, nil
}

// source is what a copy is made of.
type source struct {
	*version
	id   *string
	file *os.File
}

// openSource finds and opens what is to be copied.
func (s *store) openSource(header string, conditions backend.PreConditions) (source, error) {
	name, key, id, err := backend.ParseCopySource(header)
	if err != nil {
		return source{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(&name)
	if err != nil {
		return source{}, err
	}
	v, err := b.read(key, id)
	if err != nil {
		return source{}, err
	}
	err = backend.EvaluatePreconditions(v.etag, v.modified.Add(-time.Nanosecond), conditions)
	if errors.Is(err, s3err.GetAPIError(s3err.ErrNotModified)) {
		err = s3err.GetAPIError(s3err.ErrPreconditionFailed)
	}
	if err != nil {
		return source{}, err
	}
	file, err := os.Open(v.path)
	found := *v // whose tags may change
	return source{&found, b.versionID(v), file}, err
}

// CopyObject implements backend.Backend.
func (s *store) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	var out s3response.CopyObjectOutput
	in = own(in)
	from, err := s.openSource(*in.CopySource, backend.PreConditions{
		IfMatch: in.CopySourceIfMatch, IfNoneMatch: in.CopySourceIfNoneMatch,
		IfModSince: in.CopySourceIfModifiedSince, IfUnmodeSince: in.CopySourceIfUnmodifiedSince,
	})
	if err != nil {
		return out, err
	}
	defer func() { _ = from.file.Close() }()
	v := &version{key: *in.Key, headers: from.headers, metadata: from.metadata, tags: maps.Clone(from.tags)}
	if in.MetadataDirective == types.MetadataDirectiveReplace {
		copyMembers(&v.headers, in)
		v.metadata = in.Metadata
	} else if name, key, id, _ := backend.ParseCopySource(*in.CopySource); name == *in.Bucket && key == *in.Key && id == "" {
		return out, s3err.GetAPIError(s3err.ErrInvalidCopyDest)
	}
	if in.TaggingDirective == types.TaggingDirectiveReplace {
		if v.tags, err = backend.ParseObjectTags(aws.ToString(in.Tagging)); err != nil {
			return out, err
		}
	}
	algorithm := from.sum.algorithm
	if in.ChecksumAlgorithm != "" {
		algorithm = in.ChecksumAlgorithm
	}
	if v.content, err = s.spool(from.file, from.size, checksum{algorithm: algorithm}); err != nil {
		return out, err
	}
	v.sum = v.whole()
	id, err := s.commit(ctx, in.Bucket, v, nil, nil, "CopyObject")
	if err != nil {
		return out, err
	}
	out.CopySourceVersionId, out.VersionId = from.id, id
	out.CopyObjectResult = &s3response.CopyObjectResult{ETag: &v.etag, LastModified: &v.modified}
	v.sum.tell(out.CopyObjectResult)
	return out, nil
}

// changeTags changes the tags of a version of an object, or returns them.
func (s *store) changeTags(bucketName, key, id string, change func(map[string]string) map[string]string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(&bucketName)
	if err != nil {
		return nil, err
	}
	v, err := b.read(key, id)
	if err != nil {
		return nil, err
	}
	v.tags = change(v.tags)
	return maps.Clone(v.tags), nil
}

// GetObjectTagging implements backend.Backend.
func (s *store) GetObjectTagging(_ context.Context, bucketName, key, id string) (map[string]string, error) {
	return s.changeTags(bucketName, key, id, func(tags map[string]string) map[string]string { return tags })
}

// PutObjectTagging implements backend.Backend.
func (s *store) PutObjectTagging(_ context.Context, bucketName, key, id string, tags map[string]string) error {
	tags = ownMap(tags)
	_, err := s.changeTags(bucketName, key, id, func(map[string]string) map[string]string { return tags })
	return err
}

// DeleteObjectTagging implements backend.Backend.
func (s *store) DeleteObjectTagging(ctx context.Context, bucketName, key, id string) error {
	return s.PutObjectTagging(ctx, bucketName, key, id, nil)
}
