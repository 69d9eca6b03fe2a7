package thumbnails

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"

	"github.com/noidle/noidle/constructs/compute"
)

// ThumbnailPipelineProps configures a [ThumbnailPipeline]. Nil means all defaults.
type ThumbnailPipelineProps struct {
	// Sizes are the thumbnails of each photo, up to 20. Empty means [DefaultSizes].
	Sizes []Size
	// Format is what the thumbnails are. Empty means JPEG.
	Format Format
	// Quality is that of JPEG and WebP thumbnails, 1 to 100. Zero means 80.
	Quality int
	// Prefixes are the starts of the keys that count as photos, such as
	// "albums/". Empty means that all do.
	Prefixes []string
	// Suffixes are the ends of the keys that count as photos, such as ".jpg",
	// with small and capital letters told apart. Empty means that all do: what
	// is no photo is then recorded as rejected.
	Suffixes []string
	// MaxBytes is how large a photo's file may be, in bytes, up to a quarter of
	// the function's memory. Zero means 64 MiB, or that quarter where it is less.
	MaxBytes int
	// MaxPixels is how many pixels a photo may have. Zero means 100 million.
	MaxPixels int
	// MaxProgressivePixels is how many pixels a progressive JPEG may have, which
	// takes more memory and time than another. Zero means 50 million, or MaxPixels
	// where that is less.
	MaxProgressivePixels int
	// KeepDeleted keeps the thumbnails of a photo that is deleted. By default they
	// go with it.
	KeepDeleted bool
	// MaxAge is for how long browsers and caches may show a thumbnail without
	// asking whether it is still the same, whole seconds up to a year. Zero means
	// an hour.
	MaxAge time.Duration
	// Uploads is an existing bucket to make thumbnails for. Nil makes one. A
	// bucket of this app that its stack made is told to send its events to
	// EventBridge; for one that is imported, turn that on where it is made
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html).
	Uploads awss3.IBucket
	// Delivery puts a CloudFront distribution in front of the thumbnails. Nil
	// means none.
	Delivery *Delivery
	// Memory is the resize function's memory in MB, 256 to 10,240, which also
	// decides its share of CPU. Half of it is for decoding a photo: one that takes
	// more is rejected. Zero means 1024.
	Memory int
	// Timeout is how long the resize function may work on a photo, whole seconds
	// up to 15 minutes. Zero means a minute.
	Timeout time.Duration
	// MaxConcurrency limits how many photos are worked on at the same time, 2 to
	// 1000: what waits stays in the queue. Zero means no limit.
	MaxConcurrency int
	// Deployment says how new versions of the resize function take over, as in
	// [github.com/noidle/noidle/constructs/compute.GoFunctionProps]. Nil means all at once.
	Deployment *compute.Deployment
	// RemovalPolicy says what becomes of buckets and index when they leave their
	// stack. Empty means that they are retained.
	RemovalPolicy awscdk.RemovalPolicy
	// UploadsBucket overrides settings of the uploads bucket that is made here;
	// nil fields keep the defaults. EventBridgeEnabled is not to be set here.
	UploadsBucket *awss3.BucketProps
	// ThumbnailsBucket overrides settings of the thumbnails bucket; nil fields
	// keep the defaults.
	ThumbnailsBucket *awss3.BucketProps
	// Index overrides settings of the index; nil fields keep the defaults. Its
	// key is not to be set here.
	Index *awsdynamodb.TablePropsV2
	// Queue overrides settings of the queue, as in
	// [messaging.QueueWorkerProps]; nil fields keep the defaults.
	Queue *awssqs.QueueProps
}

// Size is one of the thumbnails that are made of each photo. A thumbnail is never
// larger than its photo.
type Size struct {
	// Name is the size's: small letters, digits and hyphens, at most 32. The
	// thumbnails' keys end in it.
	Name string `json:"name"`
	// Width and Height are a box in pixels, up to 4096 each, that the upright
	// photo is made to fit. One of them may be zero: then only the other counts.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Cover makes the thumbnail fill the box: what is too much of the photo is
	// cut off on both sides. It needs both Width and Height. By default the whole
	// photo is inside the box.
	Cover bool `json:"cover"`
}

// DefaultSizes returns the sizes of thumbnails for desktop browsers, tablets and
// phones.
func DefaultSizes() []Size {
	return []Size{
		{Name: "web", Width: 1280, Height: 1280},
		{Name: "tablet", Width: 768, Height: 768},
		{Name: "mobile", Width: 320, Height: 320},
	}
}

// Format is a format of pictures.
type Format string

// The formats of thumbnails.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
	WebP Format = "webp"
)

// Delivery configures the distribution of thumbnails.
type Delivery struct {
	// Distribution overrides settings of the distribution, such as DomainNames
	// and Certificate; nil fields keep the defaults. DefaultBehavior is not to be
	// set here.
	Distribution *awscloudfront.DistributionProps
}

const (
	maxSizes     = 20
	maxEdge      = 4096
	maxNameChars = 32
	minMemory    = 256
	maxMemory    = 10240
	maxMaxAge    = 365 * 24 * time.Hour
	mebibyte     = 1 << 20
)

var sizeName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// complete returns the props with their defaults filled in.
func (p *ThumbnailPipelineProps) complete() (ThumbnailPipelineProps, error) {
	var settings ThumbnailPipelineProps
	if p != nil {
		settings = *p
	}
	if len(settings.Sizes) == 0 {
		settings.Sizes = DefaultSizes()
	}
	settings.Format = cmp.Or(settings.Format, JPEG)
	settings.Quality = cmp.Or(settings.Quality, 80)
	settings.Memory = cmp.Or(settings.Memory, 1024)
	settings.MaxBytes = cmp.Or(settings.MaxBytes, min(64*mebibyte, settings.bytesLimit()))
	settings.MaxPixels = cmp.Or(settings.MaxPixels, 100_000_000)
	settings.MaxProgressivePixels = cmp.Or(settings.MaxProgressivePixels, min(50_000_000, settings.MaxPixels))
	settings.MaxAge = cmp.Or(settings.MaxAge, time.Hour)
	settings.Timeout = cmp.Or(settings.Timeout, time.Minute)
	settings.RemovalPolicy = cmp.Or(settings.RemovalPolicy, awscdk.RemovalPolicy_RETAIN)
	return settings, settings.validate()
}

// bytesLimit is how large a file the function's memory allows.
func (p *ThumbnailPipelineProps) bytesLimit() int { return p.Memory / 4 * mebibyte }

func (p *ThumbnailPipelineProps) validate() error {
	switch {
	case p.Format != JPEG && p.Format != PNG && p.Format != WebP:
		return fmt.Errorf("Format is %q: must be %q, %q or %q", p.Format, JPEG, PNG, WebP)
	case p.Quality < 1 || p.Quality > 100:
		return fmt.Errorf("Quality is %d: must be 1 to 100", p.Quality)
	case p.Memory < minMemory || p.Memory > maxMemory:
		return fmt.Errorf("Memory is %d: must be %d to %d MB", p.Memory, minMemory, maxMemory)
	case p.MaxBytes < 1 || p.MaxBytes > p.bytesLimit():
		return fmt.Errorf("MaxBytes is %d: must be 1 to %d, a quarter of Memory", p.MaxBytes, p.bytesLimit())
	case p.MaxPixels < 1:
		return fmt.Errorf("MaxPixels is %d: must be at least 1", p.MaxPixels)
	case p.MaxProgressivePixels < 1 || p.MaxProgressivePixels > p.MaxPixels:
		return fmt.Errorf("MaxProgressivePixels is %d: must be 1 to MaxPixels, %d", p.MaxProgressivePixels, p.MaxPixels)
	case p.MaxAge < time.Second || p.MaxAge > maxMaxAge || p.MaxAge%time.Second != 0:
		return fmt.Errorf("MaxAge is %v: must be whole seconds from 1s to %v", p.MaxAge, maxMaxAge)
	}
	for _, check := range []func() error{p.validateSizes, p.validateFilters, p.validateSettings} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *ThumbnailPipelineProps) validateSizes() error {
	if len(p.Sizes) > maxSizes {
		return fmt.Errorf("%d Sizes: must be at most %d", len(p.Sizes), maxSizes)
	}
	taken := map[string]bool{}
	for _, s := range p.Sizes {
		if err := s.validate(); err != nil {
			return fmt.Errorf("size %q: %w", s.Name, err)
		}
		if taken[s.Name] {
			return fmt.Errorf("size %q: the name is taken: choose another", s.Name)
		}
		taken[s.Name] = true
	}
	return nil
}

func (s Size) validate() error {
	switch {
	case !sizeName.MatchString(s.Name) || len(s.Name) > maxNameChars:
		return fmt.Errorf("the name must be small letters, digits and hyphens, at most %d", maxNameChars)
	case s.Width < 0 || s.Width > maxEdge:
		return fmt.Errorf("Width is %d: must be up to %d", s.Width, maxEdge)
	case s.Height < 0 || s.Height > maxEdge:
		return fmt.Errorf("Height is %d: must be up to %d", s.Height, maxEdge)
	case s.Width == 0 && s.Height == 0:
		return errors.New("no Width and no Height: set one or both")
	case s.Cover && (s.Width == 0 || s.Height == 0):
		return errors.New("Cover needs both Width and Height")
	}
	return nil
}

// maxKeyPattern is how many characters the pattern of keys may have: half of what
// there is for an event pattern
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html).
const maxKeyPattern = 2048 / 2

func (p *ThumbnailPipelineProps) validateFilters() error {
	for _, filter := range []struct {
		name   string
		values []string
	}{{"Prefixes", p.Prefixes}, {"Suffixes", p.Suffixes}} {
		for _, value := range filter.values {
			if value == "" {
				return fmt.Errorf("%s hold an empty text, which every key has: leave it out", filter.name)
			}
		}
	}
	text, err := json.Marshal(p.keyPattern())
	if err != nil {
		return err
	}
	if len(text) > maxKeyPattern {
		return fmt.Errorf("%d Prefixes and %d Suffixes make an event pattern of %d characters, more than the %d that there is room for: use fewer", len(p.Prefixes), len(p.Suffixes), len(text), maxKeyPattern)
	}
	return nil
}

// keyPattern matches the keys that count as photos, as an event pattern; nil
// matches all
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
func (p *ThumbnailPipelineProps) keyPattern() []any {
	var pattern []any
	switch {
	case len(p.Suffixes) == 0:
		for _, prefix := range p.Prefixes {
			pattern = append(pattern, map[string]any{"prefix": prefix})
		}
	case len(p.Prefixes) == 0:
		for _, suffix := range p.Suffixes {
			pattern = append(pattern, map[string]any{"suffix": suffix})
		}
	default:
		for _, prefix := range p.Prefixes {
			for _, suffix := range p.Suffixes {
				pattern = append(pattern, map[string]any{"wildcard": literal(prefix) + "*" + literal(suffix)})
			}
		}
	}
	return pattern
}

// literal escapes what means something in a wildcard.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`).Replace(text)
}

// validateSettings refuses settings that the construct decides.
func (p *ThumbnailPipelineProps) validateSettings() error {
	switch {
	case p.Uploads != nil && p.UploadsBucket != nil:
		return errors.New("both Uploads and UploadsBucket are set: UploadsBucket configures a bucket that is made here")
	case p.UploadsBucket != nil && p.UploadsBucket.EventBridgeEnabled != nil:
		return errors.New("UploadsBucket.EventBridgeEnabled is set: the construct turns the events on")
	case p.Index != nil && (p.Index.PartitionKey != nil || p.Index.SortKey != nil):
		return errors.New("Index has a key: photos are recorded by key")
	case p.Delivery != nil && p.Delivery.Distribution != nil && p.Delivery.Distribution.DefaultBehavior != nil:
		return errors.New("Delivery.Distribution.DefaultBehavior is set: the construct delivers the thumbnails there")
	}
	return nil
}

// recipe tells the resize function what to make.
func (p *ThumbnailPipelineProps) recipe() string {
	text, err := json.Marshal(map[string]any{
		"sizes":                p.Sizes,
		"format":               p.Format,
		"quality":              p.Quality,
		"maxBytes":             p.MaxBytes,
		"maxPixels":            p.MaxPixels,
		"maxProgressivePixels": p.MaxProgressivePixels,
		"cacheControl":         fmt.Sprintf("public, max-age=%d", int(p.MaxAge.Seconds())),
		"keepDeleted":          p.KeepDeleted,
	})
	if err != nil {
		panic(err) // of plain values
	}
	return string(text)
}
