package s3

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/jonboulle/clockwork"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"

	"github.com/noidle/noidle/local/api"
)

// nullVersion is the ID of what was put while versions were not kept.
const nullVersion = "null"

// store is the gateway's storage. What it does not have, the gateway answers with
// NotImplemented.
type store struct {
	backend.BackendUnsupported
	clock   clockwork.Clock
	publish func(Event)
	dir     string // of the contents

	mu        sync.Mutex
	buckets   map[string]*bucket
	sequencer uint64 // of the last event
}

type bucket struct {
	name       string
	created    time.Time
	versioning types.BucketVersioningStatus
	events     bool
	public     bool
	cors       []byte // as the gateway keeps it; nil without rules

	keys      []string              // of objects, in order
	objects   map[string][]*version // by key, the newest version last
	uploads   map[string]*upload    // by ID
	completed map[string]completion // what became of uploads
}

// version is an object as it was put, or the mark that it was deleted.
type version struct {
	id       string
	key      string
	modified time.Time
	deleted  bool // a delete marker
	content
	headers  headers
	metadata map[string]string
	tags     map[string]string
	sum      checksum
	parts    []int64 // where each part of a multipart upload ends
}

// headers are those that an object is answered with.
type headers struct {
	ContentType, ContentEncoding, ContentDisposition, ContentLanguage, CacheControl, Expires *string
}

func newStore(clock clockwork.Clock, publish func(Event)) *store {
	return &store{clock: clock, publish: publish, buckets: map[string]*bucket{}}
}

func (s *store) create(b *bucket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.buckets[b.name]; ok {
		return fmt.Errorf("bucket %q exists already", b.name)
	}
	b.created = s.now()
	b.objects, b.uploads, b.completed = map[string][]*version{}, map[string]*upload{}, map[string]completion{}
	s.buckets[b.name] = b
	return nil
}

// now is the time in seconds, as it stands in headers.
func (s *store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Second) }

// public says whether a bucket's policy may let in anybody.
func (s *store) public(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.buckets[name]
	return ok && b.public
}

// bucket returns a bucket. The caller holds mu.
func (s *store) bucket(name *string) (*bucket, error) {
	if b, ok := s.buckets[*name]; ok {
		return b, nil
	}
	return nil, s3err.GetBucketErr(s3err.ErrNoSuchBucket, *name)
}

// current returns the newest version of an object, or nil if there is none or it
// was deleted.
func (b *bucket) current(key string) *version {
	versions := b.objects[key]
	if len(versions) == 0 || versions[len(versions)-1].deleted {
		return nil
	}
	return versions[len(versions)-1]
}

// etag returns the ETag of an object, and whether there is one.
func (b *bucket) etag(key string) (string, bool) {
	if v := b.current(key); v != nil {
		return v.etag, true
	}
	return "", false
}

// find returns a version of an object, or the newest.
func (b *bucket) find(key, id string) (*version, error) {
	versions := b.objects[key]
	if id == "" {
		if len(versions) == 0 {
			return nil, s3err.GetAPIError(s3err.ErrNoSuchKey)
		}
		return versions[len(versions)-1], nil
	}
	if i := slices.IndexFunc(versions, func(v *version) bool { return v.id == id }); i >= 0 {
		return versions[i], nil
	}
	return nil, s3err.GetNoSuchVersionErr(key, id)
}

// read returns a version of an object that is not a delete marker.
func (b *bucket) read(key, id string) (*version, error) {
	v, err := b.find(key, id)
	switch {
	case err != nil:
		return nil, err
	case v.deleted && id == "":
		return v, s3err.GetAPIError(s3err.ErrNoSuchKey)
	case v.deleted:
		return v, s3err.GetAPIError(s3err.ErrMethodNotAllowed)
	}
	return v, nil
}

// add makes a version the newest
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html).
func (b *bucket) add(v *version) {
	v.id = nullVersion
	if b.versioning == types.BucketVersioningStatusEnabled {
		v.id = rand.Text()
	} else {
		b.remove(v.key, nullVersion)
	}
	if i, ok := slices.BinarySearch(b.keys, v.key); !ok {
		b.keys = slices.Insert(b.keys, i, v.key)
	}
	b.objects[v.key] = append(b.objects[v.key], v)
}

// remove removes a version for good, and returns it.
func (b *bucket) remove(key, id string) *version {
	versions := b.objects[key]
	i := slices.IndexFunc(versions, func(v *version) bool { return v.id == id })
	if i < 0 {
		return nil
	}
	removed := versions[i]
	removed.discard()
	b.objects[key] = slices.Delete(versions, i, i+1)
	if len(versions) == 1 {
		delete(b.objects, key)
		at, _ := slices.BinarySearch(b.keys, key)
		b.keys = slices.Delete(b.keys, at, at+1)
	}
	return removed
}

// versionID returns the ID of a version as it is told: not by a bucket that
// never kept versions.
func (b *bucket) versionID(v *version) *string {
	if b.versioning == "" {
		return nil
	}
	return &v.id
}

// HeadBucket implements backend.Backend.
func (s *store) HeadBucket(_ context.Context, in *sdk.HeadBucketInput) (*sdk.HeadBucketOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.bucket(in.Bucket)
	return &sdk.HeadBucketOutput{}, err
}

// ListBuckets implements backend.Backend.
func (s *store) ListBuckets(_ context.Context, in s3response.ListBucketsInput) (s3response.ListAllMyBucketsResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result := s3response.ListAllMyBucketsResult{Owner: s3response.CanonicalUser{ID: api.Account}, Prefix: in.Prefix}
	for _, name := range slices.Sorted(maps.Keys(s.buckets)) {
		if name <= in.ContinuationToken || !strings.HasPrefix(name, in.Prefix) {
			continue
		}
		listed := result.Buckets.Bucket
		if len(listed) == int(in.MaxBuckets) {
			result.ContinuationToken = listed[len(listed)-1].Name
			break
		}
		result.Buckets.Bucket = append(listed, s3response.ListAllMyBucketsEntry{Name: name, BucketRegion: api.Region, CreationDate: s.buckets[name].created})
	}
	return result, nil
}

// GetBucketVersioning implements backend.Backend.
func (s *store) GetBucketVersioning(_ context.Context, name string) (s3response.GetBucketVersioningOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(&name)
	if err != nil || b.versioning == "" {
		return s3response.GetBucketVersioningOutput{}, err
	}
	return s3response.GetBucketVersioningOutput{Status: &b.versioning}, nil
}

// GetBucketCors implements backend.Backend.
func (s *store) GetBucketCors(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(&name)
	if err == nil && b.cors == nil {
		err = s3err.GetAPIError(s3err.ErrNoSuchCORSConfiguration)
	}
	if err != nil {
		return nil, err
	}
	return b.cors, nil
}

// encodeCORS returns rules as the gateway keeps them.
func encodeCORS(rules []CORSRule) ([]byte, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	var c auth.CORSConfiguration
	for _, rule := range rules {
		c.Rules = append(c.Rules, auth.CORSRule{
			AllowedMethods: texts[auth.CORSHTTPMethod](rule.AllowedMethods),
			AllowedOrigins: texts[auth.CORSOrigin](rule.AllowedOrigins),
			AllowedHeaders: texts[auth.CORSHeader](rule.AllowedHeaders),
			ExposeHeaders:  texts[auth.CORSHeader](rule.ExposedHeaders),
			MaxAgeSeconds:  rule.MaxAge,
		})
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("CORS: %w", err)
	}
	return xml.Marshal(c)
}

func texts[T ~string](values []string) []T {
	var result []T
	for _, value := range values {
		result = append(result, T(value))
	}
	return result
}

// GetBucketAcl implements backend.Backend: the gateway wants to know the owner.
//
//nolint:staticcheck // the name is the interface's
func (s *store) GetBucketAcl(_ context.Context, in *sdk.GetBucketAclInput) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.bucket(in.Bucket); err != nil {
		return nil, err
	}
	return json.Marshal(auth.ACL{Owner: api.Account})
}

// GetBucketPolicy implements backend.Backend. The gateway asks for it only if a
// request is not signed: one that got here may do what it asks for.
func (s *store) GetBucketPolicy(_ context.Context, name string) ([]byte, error) {
	return json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": []string{ARN(name), ARN(name) + "/*"},
	}}})
}

// GetObjectLockConfiguration implements backend.Backend.
func (s *store) GetObjectLockConfiguration(context.Context, string) ([]byte, error) {
	return nil, s3err.GetAPIError(s3err.ErrObjectLockConfigurationNotFound)
}

func (c content) discard() {
	if c.path != "" {
		_ = os.Remove(c.path)
	}
}
