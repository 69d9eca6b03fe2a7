package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// upload is a multipart upload under way: the object that it will be, and its
// parts (https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html).
type upload struct {
	version
	id        string
	started   time.Time
	algorithm types.ChecksumAlgorithm // empty if the client wants no checksum
	kind      types.ChecksumType
	parts     map[int32]*part

	changing sync.Mutex // held, before the store's, by what changes the parts or makes the object of them
}

type part struct {
	content
	modified time.Time
}

// completion is what was answered when an upload was completed.
type completion struct {
	key    string
	result s3response.CompleteMultipartUploadResult
	id     string
}

// upload returns an upload.
func (s *store) upload(bucketName, key, id *string) (*bucket, *upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(bucketName)
	if err != nil {
		return nil, nil, err
	}
	u, ok := b.uploads[aws.ToString(id)]
	if !ok || u.key != *key {
		return b, nil, s3err.GetNoSuchUploadErr(aws.ToString(id))
	}
	return b, u, nil
}

// CreateMultipartUpload implements backend.Backend.
func (s *store) CreateMultipartUpload(_ context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	var out s3response.InitiateMultipartUploadResult
	in = own(in)
	tags, err := backend.ParseObjectTags(aws.ToString(in.Tagging))
	if err != nil {
		return out, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.admit(in.Bucket, in.Key, nil, nil)
	if err != nil {
		return out, err
	}
	u := &upload{
		version: version{key: *in.Key, metadata: in.Metadata, tags: tags},
		id:      uuid.NewString(), started: s.now(), algorithm: in.ChecksumAlgorithm, kind: in.ChecksumType, parts: map[int32]*part{},
	}
	copyMembers(&u.headers, in)
	b.uploads[u.id] = u
	return s3response.InitiateMultipartUploadResult{Bucket: *in.Bucket, Key: *in.Key, UploadId: u.id}, nil
}

// UploadPart implements backend.Backend.
func (s *store) UploadPart(_ context.Context, in *sdk.UploadPartInput) (*sdk.UploadPartOutput, error) {
	in = own(in)
	want := checksumIn(in)
	want.algorithm = cmp.Or(want.algorithm, in.ChecksumAlgorithm)
	p, algorithm, err := s.putPart(in.Bucket, in.Key, in.UploadId, *in.PartNumber, in.Body, aws.ToInt64(in.ContentLength), want)
	if err != nil {
		return nil, err
	}
	out := &sdk.UploadPartOutput{ETag: &p.etag}
	checksum{algorithm: algorithm, value: p.sums[algorithm]}.tell(out)
	return out, nil
}

// putPart puts a part and returns it, and of which algorithm to tell the checksum.
func (s *store) putPart(bucketName, key, id *string, number int32, body io.Reader, size int64, want checksum) (*part, types.ChecksumAlgorithm, error) {
	_, u, err := s.upload(bucketName, key, id)
	if err != nil {
		return nil, "", err
	}
	if u.algorithm != "" {
		if cmp.Or(want.algorithm, u.algorithm) != u.algorithm {
			return nil, "", s3err.GetChecksumTypeMismatchErr(u.algorithm, want.algorithm)
		}
		want.algorithm = u.algorithm
	}
	c, err := s.spool(body, size, want)
	if err != nil {
		return nil, "", err
	}
	u.changing.Lock()
	defer u.changing.Unlock()
	if _, _, err = s.upload(bucketName, key, id); err != nil { // it was completed or aborted meanwhile
		c.discard()
		return nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if replaced, ok := u.parts[number]; ok {
		replaced.discard()
	}
	p := &part{c, s.now()}
	u.parts[number] = p
	return p, cmp.Or(u.algorithm, c.whole().algorithm), nil
}

// UploadPartCopy implements backend.Backend.
func (s *store) UploadPartCopy(_ context.Context, in *sdk.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	from, err := s.openSource(*in.CopySource, backend.PreConditions{
		IfMatch: in.CopySourceIfMatch, IfNoneMatch: in.CopySourceIfNoneMatch,
		IfModSince: in.CopySourceIfModifiedSince, IfUnmodeSince: in.CopySourceIfUnmodifiedSince,
	})
	if err != nil {
		return s3response.CopyPartResult{}, err
	}
	defer func() { _ = from.file.Close() }()
	offset, length, err := backend.ParseCopySourceRange(from.size, aws.ToString(in.CopySourceRange))
	if err != nil {
		return s3response.CopyPartResult{}, err
	}
	length = min(length, from.size-offset)
	p, algorithm, err := s.putPart(in.Bucket, in.Key, in.UploadId, *in.PartNumber, io.NewSectionReader(from.file, offset, length), length, checksum{})
	if err != nil {
		return s3response.CopyPartResult{}, err
	}
	out := s3response.CopyPartResult{ETag: &p.etag, LastModified: p.modified, CopySourceVersionId: aws.ToString(from.id)}
	checksum{algorithm: algorithm, value: p.sums[algorithm]}.tell(&out)
	return out, nil
}

// AbortMultipartUpload implements backend.Backend.
func (s *store) AbortMultipartUpload(_ context.Context, in *sdk.AbortMultipartUploadInput) error {
	_, u, err := s.upload(in.Bucket, in.Key, in.UploadId)
	if err != nil {
		return err
	}
	u.changing.Lock()
	defer u.changing.Unlock()
	b, u, err := s.upload(in.Bucket, in.Key, in.UploadId)
	if err == nil {
		s.drop(b, u)
	}
	return err
}

// drop forgets an upload and its parts.
func (s *store) drop(b *bucket, u *upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(b.uploads, u.id)
	for _, p := range u.parts {
		p.discard()
	}
}

// completed returns what was answered when an upload was completed, or nil.
func (s *store) completed(in *sdk.CompleteMultipartUploadInput) *completion {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.buckets[*in.Bucket]; ok {
		if c, ok := b.completed[*in.UploadId]; ok && c.key == *in.Key {
			return &c
		}
	}
	return nil
}

// CompleteMultipartUpload implements backend.Backend. Who asks again gets the
// same answer: the first may have been lost.
func (s *store) CompleteMultipartUpload(ctx context.Context, in *sdk.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	in = own(in)
	result := s3response.CompleteMultipartUploadResult{Bucket: in.Bucket, Key: in.Key}
	b, u, err := s.upload(in.Bucket, in.Key, in.UploadId)
	if err == nil {
		u.changing.Lock()
		defer u.changing.Unlock()
	}
	if c := s.completed(in); c != nil {
		return c.result, c.id, nil
	}
	if err != nil {
		return result, "", err
	}
	v, err := s.assemble(u, in)
	if err != nil {
		return result, "", err
	}
	id, err := s.commit(ctx, in.Bucket, v, in.IfMatch, in.IfNoneMatch, "CompleteMultipartUpload")
	if err != nil {
		return result, "", err
	}
	result.ETag = &v.etag
	v.sum.tell(&result)
	s.drop(b, u)
	s.mu.Lock()
	defer s.mu.Unlock()
	b.completed[u.id] = completion{u.key, result, aws.ToString(id)}
	return result, aws.ToString(id), nil
}

// assemble makes the object of the parts that a request lists.
func (s *store) assemble(u *upload, in *sdk.CompleteMultipartUploadInput) (*version, error) {
	v := &version{key: u.key, headers: u.headers, metadata: u.metadata, tags: u.tags}
	parts, err := u.chosen(in)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		v.size += p.size
		v.parts = append(v.parts, v.size)
	}
	if in.MpuObjectSize != nil && *in.MpuObjectSize != v.size {
		return nil, s3err.GetIncorrectMpObjectSizeErr(v.size, *in.MpuObjectSize)
	}
	if v.etag, err = backend.ComputeMultipartETagFromPartETags(in.MultipartUpload.Parts); err != nil {
		return nil, err
	}
	if v.sum, err = u.checksum(parts); err != nil {
		return nil, err
	}
	given := checksumIn(in)
	if number := "-" + strconv.Itoa(len(parts)); v.sum.kind == types.ChecksumTypeComposite && given.value != "" && !strings.Contains(given.value, "-") {
		given.value += number
	}
	if given.algorithm == v.sum.algorithm && given.value != v.sum.value {
		return nil, s3err.GetChecksumBadDigestErr(v.sum.algorithm)
	}
	v.path, err = s.concatenate(parts)
	return v, err
}

// chosen returns the parts that a request lists, if they are as it says.
func (u *upload) chosen(in *sdk.CompleteMultipartUploadInput) ([]*part, error) {
	if in.ChecksumType != "" && in.ChecksumType != u.kind {
		return nil, s3err.GetChecksumTypeMismatchOnMpErr(cmp.Or(u.kind, "null"))
	}
	var parts []*part
	listed := in.MultipartUpload.Parts
	for i, l := range listed {
		if l.PartNumber == nil || l.ETag == nil {
			return nil, s3err.GetAPIError(s3err.ErrMalformedXML)
		}
		if i > 0 && *l.PartNumber <= *listed[i-1].PartNumber {
			return nil, s3err.GetAPIError(s3err.ErrInvalidPartOrder)
		}
		p, ok := u.parts[*l.PartNumber]
		given := checksumIn(l)
		sum, known := "", false
		if ok {
			sum, known = p.sums[given.algorithm]
		}
		switch {
		case !ok || !backend.AreEtagsSame(p.etag, *l.ETag) || given.value != "" && (!known || sum != given.value):
			return nil, s3err.GetInvalidPartErr(u.id, *l.PartNumber, *l.ETag)
		case given.value == "" && u.kind == types.ChecksumTypeComposite:
			return nil, s3err.APIError{
				Code: "InvalidRequest", HTTPStatusCode: http.StatusBadRequest,
				Description: fmt.Sprintf("The upload was created using a %s checksum. The complete request must include the checksum for each part. It was missing for part %d in the request.",
					strings.ToLower(string(u.algorithm)), *l.PartNumber),
			}
		case i < len(listed)-1 && p.size < backend.MinPartSize:
			return nil, s3err.GetEntityTooSmallErr(p.size, backend.MinPartSize)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// checksum returns that of the object
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
func (u *upload) checksum(parts []*part) (checksum, error) {
	sum := checksum{algorithm: cmp.Or(u.algorithm, types.ChecksumAlgorithmCrc64nvme), kind: cmp.Or(u.kind, types.ChecksumTypeFullObject)}
	if sum.kind == types.ChecksumTypeComposite {
		composite, err := utils.NewCompositeChecksumReader(utils.HashType(strings.ToLower(string(sum.algorithm))))
		for _, p := range parts {
			if err == nil {
				err = composite.Process(p.sums[sum.algorithm])
			}
		}
		if err != nil {
			return sum, err
		}
		sum.value = composite.Sum() + "-" + strconv.Itoa(len(parts))
		return sum, nil
	}
	sum.value = parts[0].sums[sum.algorithm]
	for _, p := range parts[1:] {
		var err error
		if sum.value, err = utils.AddCRCChecksum(sum.algorithm, sum.value, p.sums[sum.algorithm], p.size); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// concatenate writes the parts to one file and returns its path.
func (s *store) concatenate(parts []*part) (_ string, err error) {
	file, err := os.CreateTemp(s.dir, "content-")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	for _, p := range parts {
		if err := appendFile(file, p.path); err != nil {
			return "", err
		}
	}
	return file.Name(), nil
}

func appendFile(to *os.File, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, from.Close())
}
