package s3

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/s3response"

	"github.com/noidle/noidle/local/api"
)

// ListParts implements backend.Backend.
func (s *store) ListParts(_ context.Context, in *sdk.ListPartsInput) (s3response.ListPartsResult, error) {
	_, u, err := s.upload(in.Bucket, in.Key, in.UploadId)
	if err != nil {
		return s3response.ListPartsResult{}, err
	}
	after, _ := strconv.Atoi(aws.ToString(in.PartNumberMarker)) // which the gateway has checked
	out := s3response.ListPartsResult{
		Bucket: *in.Bucket, Key: *in.Key, UploadID: u.id, ChecksumAlgorithm: u.algorithm, ChecksumType: u.kind,
		Initiator: s3response.Initiator{ID: api.Account}, Owner: s3response.Owner{ID: api.Account}, StorageClass: types.StorageClassStandard,
		PartNumberMarker: after, MaxParts: int(aws.ToInt32(in.MaxParts)),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, number := range slices.Sorted(maps.Keys(u.parts)) {
		if int(number) <= after {
			continue
		}
		if len(out.Parts) == out.MaxParts {
			out.IsTruncated = true
			break
		}
		p := u.parts[number]
		listed := s3response.Part{PartNumber: int(number), LastModified: p.modified, ETag: p.etag, Size: p.size}
		if u.algorithm != "" {
			checksum{algorithm: u.algorithm, value: p.sums[u.algorithm]}.tell(&listed)
		}
		out.Parts, out.NextPartNumberMarker = append(out.Parts, listed), int(number)
	}
	return out, nil
}

// ListMultipartUploads implements backend.Backend.
func (s *store) ListMultipartUploads(_ context.Context, in *sdk.ListMultipartUploadsInput) (s3response.ListMultipartUploadsResult, error) {
	prefix, delimiter, after := aws.ToString(in.Prefix), aws.ToString(in.Delimiter), aws.ToString(in.KeyMarker)
	out := s3response.ListMultipartUploadsResult{
		Bucket: *in.Bucket, Prefix: prefix, Delimiter: delimiter, KeyMarker: after, UploadIDMarker: aws.ToString(in.UploadIdMarker), MaxUploads: int(aws.ToInt32(in.MaxUploads)),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(in.Bucket)
	if err != nil {
		return out, err
	}
	uploads := slices.SortedFunc(maps.Values(b.uploads), func(x, y *upload) int {
		return cmp.Or(strings.Compare(x.key, y.key), x.started.Compare(y.started), strings.Compare(x.id, y.id))
	})
	i := slices.IndexFunc(uploads, func(u *upload) bool { return u.key == after && u.id == out.UploadIDMarker })
	if i < 0 {
		i, _ = slices.BinarySearchFunc(uploads, after+"\x00", func(u *upload, key string) int { return strings.Compare(u.key, key) })
		i--
	}
	l := &listing{prefix: prefix, delimiter: delimiter, after: after, limit: out.MaxUploads}
	of := map[*version]*upload{}
	l.fill(func(yield func(*version) bool) {
		for _, u := range uploads[i+1:] {
			of[&u.version] = u
			if !yield(&u.version) {
				return
			}
		}
	})
	for _, v := range l.versions {
		u := of[v]
		out.Uploads = append(out.Uploads, s3response.Upload{
			Key: u.key, UploadID: u.id, Initiated: u.started, StorageClass: types.StorageClassStandard, ChecksumAlgorithm: u.algorithm, ChecksumType: u.kind,
			Initiator: s3response.Initiator{ID: api.Account}, Owner: s3response.Owner{ID: api.Account},
		})
	}
	for _, p := range l.prefixes {
		out.CommonPrefixes = append(out.CommonPrefixes, s3response.CommonPrefix{Prefix: *p.Prefix})
	}
	if out.IsTruncated = l.truncated; l.truncated {
		out.NextKeyMarker = l.last
		if l.lastOf != nil {
			out.NextUploadIDMarker = of[l.lastOf].id
		}
	}
	return out, nil
}
