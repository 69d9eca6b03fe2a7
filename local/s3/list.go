package s3

import (
	"context"
	"encoding/base64"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"

	"github.com/noidle/noidle/local/api"
)

// listing is one page of a bucket's versions: those whose keys start with a
// prefix, in the order of their keys, and the newest first. Those with a
// delimiter behind the prefix are one common prefix.
type listing struct {
	prefix, delimiter string
	after             string // the key, or common prefix, that came last
	limit             int

	versions  []*version
	prefixes  []types.CommonPrefix
	truncated bool
	last      string   // key or common prefix
	lastOf    *version // nil for a common prefix
}

// fill takes versions until the page is full.
func (l *listing) fill(versions iter.Seq[*version]) {
	for v := range versions {
		rest, ok := strings.CutPrefix(v.key, l.prefix)
		if !ok {
			continue
		}
		common := ""
		if head, _, found := strings.Cut(rest, l.delimiter); found && l.delimiter != "" {
			common = l.prefix + head + l.delimiter
		}
		switch {
		case common != "" && (common == l.after || common == l.last):
			continue // it was listed
		case len(l.versions)+len(l.prefixes) == l.limit:
			l.truncated = l.limit > 0
			return
		case common != "":
			l.prefixes = append(l.prefixes, types.CommonPrefix{Prefix: &common})
			l.last, l.lastOf = common, nil
		default:
			l.versions = append(l.versions, v)
			l.last, l.lastOf = v.key, v
		}
	}
}

// from returns the keys after one.
func (b *bucket) from(key string) []string {
	i, found := slices.BinarySearch(b.keys, key)
	if found {
		i++
	}
	return b.keys[i:]
}

// newest are the objects whose keys come after one, without those deleted.
func (b *bucket) newest(after string) iter.Seq[*version] {
	return func(yield func(*version) bool) {
		for _, key := range b.from(after) {
			if v := b.current(key); v != nil && !yield(v) {
				return
			}
		}
	}
}

// all are the versions that come after one, or after all of its key.
func (b *bucket) all(key, id string) iter.Seq[*version] {
	return func(yield func(*version) bool) {
		older := id != ""
		keys := b.from(key)
		if _, ok := b.objects[key]; ok && older {
			keys = append([]string{key}, keys...)
		}
		for _, k := range keys {
			skip := older && k == key
			for _, v := range slices.Backward(b.objects[k]) {
				if skip {
					skip = v.id != id
					continue
				}
				if !yield(v) {
					return
				}
			}
		}
	}
}

func (s *store) list(bucketName *string, l *listing, versions func(*bucket) iter.Seq[*version]) (*bucket, error) {
	b, err := s.bucket(bucketName)
	if err == nil {
		l.fill(versions(b))
	}
	return b, err
}

func (v *version) object(owner bool) s3response.Object {
	o := s3response.Object{
		ChecksumAlgorithm: []types.ChecksumAlgorithm{v.sum.algorithm},
		ChecksumType:      v.sum.kind,
		ETag:              &v.etag,
		Key:               &v.key,
		LastModified:      &v.modified,
		Size:              &v.size,
		StorageClass:      types.ObjectStorageClassStandard,
	}
	if owner {
		o.Owner = &types.Owner{ID: new(api.Account)}
	}
	return o
}

// ListObjects implements backend.Backend.
func (s *store) ListObjects(_ context.Context, in *sdk.ListObjectsInput) (s3response.ListObjectsResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &listing{prefix: aws.ToString(in.Prefix), delimiter: aws.ToString(in.Delimiter), after: aws.ToString(in.Marker), limit: int(aws.ToInt32(in.MaxKeys))}
	if _, err := s.list(in.Bucket, l, func(b *bucket) iter.Seq[*version] { return b.newest(l.after) }); err != nil {
		return s3response.ListObjectsResult{}, err
	}
	out := s3response.ListObjectsResult{
		Name: in.Bucket, Prefix: in.Prefix, Marker: in.Marker, MaxKeys: in.MaxKeys, Delimiter: backend.GetPtrFromString(l.delimiter),
		CommonPrefixes: l.prefixes, IsTruncated: &l.truncated,
	}
	if l.truncated {
		out.NextMarker = &l.last
	}
	for _, v := range l.versions {
		out.Contents = append(out.Contents, v.object(true))
	}
	return out, nil
}

// ListObjectsV2 implements backend.Backend.
func (s *store) ListObjectsV2(_ context.Context, in *sdk.ListObjectsV2Input) (s3response.ListObjectsV2Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &listing{prefix: aws.ToString(in.Prefix), delimiter: aws.ToString(in.Delimiter), after: aws.ToString(in.StartAfter), limit: int(aws.ToInt32(in.MaxKeys))}
	if token := aws.ToString(in.ContinuationToken); token != "" {
		after, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return s3response.ListObjectsV2Result{}, s3err.APIError{
				Code: "InvalidArgument", Description: "The continuation token provided is incorrect", HTTPStatusCode: http.StatusBadRequest,
			}
		}
		l.after = string(after)
	}
	if _, err := s.list(in.Bucket, l, func(b *bucket) iter.Seq[*version] { return b.newest(l.after) }); err != nil {
		return s3response.ListObjectsV2Result{}, err
	}
	out := s3response.ListObjectsV2Result{
		Name: in.Bucket, Prefix: in.Prefix, MaxKeys: in.MaxKeys, Delimiter: backend.GetPtrFromString(l.delimiter),
		StartAfter:        backend.GetPtrFromString(aws.ToString(in.StartAfter)),
		ContinuationToken: backend.GetPtrFromString(aws.ToString(in.ContinuationToken)),
		CommonPrefixes:    l.prefixes, IsTruncated: &l.truncated, KeyCount: new(int32(len(l.versions) + len(l.prefixes))),
	}
	if l.truncated {
		out.NextContinuationToken = new(base64.RawURLEncoding.EncodeToString([]byte(l.last)))
	}
	for _, v := range l.versions {
		out.Contents = append(out.Contents, v.object(aws.ToBool(in.FetchOwner)))
	}
	return out, nil
}

// ListObjectVersions implements backend.Backend.
func (s *store) ListObjectVersions(_ context.Context, in *sdk.ListObjectVersionsInput) (s3response.ListVersionsResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &listing{prefix: aws.ToString(in.Prefix), delimiter: aws.ToString(in.Delimiter), after: aws.ToString(in.KeyMarker), limit: int(aws.ToInt32(in.MaxKeys))}
	b, err := s.list(in.Bucket, l, func(b *bucket) iter.Seq[*version] { return b.all(l.after, aws.ToString(in.VersionIdMarker)) })
	if err != nil {
		return s3response.ListVersionsResult{}, err
	}
	out := s3response.ListVersionsResult{
		Name: in.Bucket, Prefix: in.Prefix, KeyMarker: in.KeyMarker, VersionIdMarker: in.VersionIdMarker, MaxKeys: in.MaxKeys,
		Delimiter: backend.GetPtrFromString(l.delimiter), CommonPrefixes: l.prefixes, IsTruncated: &l.truncated,
	}
	if l.truncated {
		out.NextKeyMarker = &l.last
		if l.lastOf != nil {
			out.NextVersionIdMarker = &l.lastOf.id
		}
	}
	for _, v := range l.versions {
		latest := v == b.objects[v.key][len(b.objects[v.key])-1]
		if v.deleted {
			marker := types.DeleteMarkerEntry{IsLatest: &latest, Key: &v.key, LastModified: &v.modified, Owner: &types.Owner{ID: new(api.Account)}, VersionId: &v.id}
			out.DeleteMarkers = append(out.DeleteMarkers, marker)
			continue
		}
		entry := s3response.ObjectVersion{IsLatest: &latest, VersionId: &v.id}
		copyMembers(&entry, v.object(true))
		entry.StorageClass = types.ObjectVersionStorageClassStandard
		out.Versions = append(out.Versions, entry)
	}
	return out, nil
}
