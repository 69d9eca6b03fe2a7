// Package s3 is Amazon S3: buckets with objects, versions, multipart uploads and
// events, in the protocol that S3's clients speak
// (https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html).
//
// The protocol, with signatures, checksums and preconditions, is that of the
// Versity S3 Gateway (https://github.com/versity/versitygw), which runs in this
// process behind a Unix socket. This package decides who may do what, and is the
// gateway's storage: an index in memory, and the contents of objects in files of
// a temporary directory that Close removes.
//
// Any key of up to 1,024 bytes works but for those that, taken for a path, lead
// out of the bucket, such as "../cat": the gateway answers them with the status
// 400. Buckets come from CreateBucket only. Operations that are not in the list of [OperationNames], and
// parameters and headers that ask for what is not there, such as object locks,
// are refused with a NotImplemented error.
package s3

import (
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/jonboulle/clockwork"
	"github.com/versity/versitygw/s3api/utils"
)

// Options are what a Service needs.
type Options struct {
	// Clock tells when objects were changed. Signatures go by real time, as those
	// of clients do.
	Clock clockwork.Clock
	// Secret returns the secret of an access key, and whether the key exists.
	Secret func(accessKey string) (secret string, ok bool)
	// Publish takes the events of buckets that send them, in the order of the
	// changes. A change is visible when its event is published.
	Publish func(Event)
}

// Bucket is how a bucket is configured.
type Bucket struct {
	// Name is the bucket's name: 3 to 63 lower-case letters, digits, dots and
	// hyphens.
	Name string
	// Versioning is Enabled, Suspended, or empty if it never was enabled.
	Versioning string
	// Events says whether the bucket sends its events to EventBridge.
	Events bool
	// Public says whether the bucket's policy may let in anybody, without a
	// signature: whether no public access block keeps them out.
	Public bool
	// CORS are the rules for requests of web pages from elsewhere.
	CORS []CORSRule
}

// CORSRule lets web pages of some origins send requests to a bucket
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSRule.html).
type CORSRule struct {
	AllowedMethods, AllowedOrigins, AllowedHeaders, ExposedHeaders []string
	// MaxAge is for how many seconds browsers may keep the answer. Nil means that
	// the answer does not say.
	MaxAge *int32
}

// Service is Amazon S3.
type Service struct {
	options Options
	store   *store

	mu      sync.Mutex
	gateway *gateway // nil until the first bucket or request
	closed  bool
}

// New returns a service without buckets. Nothing runs and no directory is made
// until there is one.
func New(options Options) *Service {
	return &Service{options: options, store: newStore(options.Clock, options.Publish)}
}

// Close ends what is under way and removes what was stored.
func (s *Service) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.gateway != nil {
		s.gateway.close()
	}
}

// open returns the gateway, which it starts if need be.
func (s *Service) open() (*gateway, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("s3: the service is closed")
	}
	if s.gateway == nil {
		g, err := startGateway(s.store, s.options.Secret)
		if err != nil {
			return nil, fmt.Errorf("s3: %w", err)
		}
		g.proxy.ModifyResponse = s.modifyResponse
		s.gateway = g
	}
	return s.gateway, nil
}

// ValidName says whether a bucket may have this name
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
func ValidName(name string) bool { return utils.IsValidBucketName(name) }

// ARN returns the ARN of a bucket. That of an object goes on with a slash and
// its key.
func ARN(bucket string) string { return "arn:aws:s3:::" + bucket }

// CreateBucket creates a bucket.
func (s *Service) CreateBucket(b Bucket) error {
	if !ValidName(b.Name) {
		return fmt.Errorf("bucket name %q: want 3 to 63 lower-case letters, digits, dots and hyphens", b.Name)
	}
	if _, err := s.open(); err != nil {
		return err
	}
	cors, err := encodeCORS(b.CORS)
	if err != nil {
		return fmt.Errorf("bucket %s: %w", b.Name, err)
	}
	return s.store.create(&bucket{
		name:       b.Name,
		versioning: types.BucketVersioningStatus(b.Versioning),
		events:     b.Events,
		public:     b.Public,
		cors:       cors,
	})
}

// HasBucket says whether a bucket exists.
func (s *Service) HasBucket(name string) bool {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	_, ok := s.store.buckets[name]
	return ok
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g, err := s.open()
	if err != nil {
		WriteError(w, r, err)
		return
	}
	granted, err := s.authorize(r)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	g.forward(w, r, granted)
}
