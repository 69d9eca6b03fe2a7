package thumbnails

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// bucket stands for a bucket that nobody looks into.
type bucket struct{ awss3.IBucket }

func TestProps(t *testing.T) {
	tests := []struct {
		name   string
		change func(*ThumbnailPipelineProps)
		want   string
	}{
		{"all defaults", func(*ThumbnailPipelineProps) {}, ""},
		{"unknown format", func(p *ThumbnailPipelineProps) { p.Format = "gif" }, `Format is "gif": must be "jpeg", "png" or "webp"`},
		{"too much quality", func(p *ThumbnailPipelineProps) { p.Quality = 101 }, "Quality is 101: must be 1 to 100"},
		{"negative quality", func(p *ThumbnailPipelineProps) { p.Quality = -1 }, "Quality is -1"},
		{"too little memory", func(p *ThumbnailPipelineProps) { p.Memory = 128 }, "Memory is 128: must be 256 to 10240 MB"},
		{"too large files", func(p *ThumbnailPipelineProps) { p.MaxBytes = 1 << 30 }, "MaxBytes is 1073741824: must be 1 to 268435456, a quarter of Memory"},
		{"negative bytes", func(p *ThumbnailPipelineProps) { p.MaxBytes = -1 }, "MaxBytes is -1"},
		{"large files with memory for them", func(p *ThumbnailPipelineProps) { p.MaxBytes, p.Memory = 1<<30, 4096 }, ""},
		{"negative pixels", func(p *ThumbnailPipelineProps) { p.MaxPixels = -1 }, "MaxPixels is -1: must be at least 1"},
		{"more pixels when progressive", func(p *ThumbnailPipelineProps) { p.MaxPixels, p.MaxProgressivePixels = 10, 11 }, "MaxProgressivePixels is 11: must be 1 to MaxPixels, 10"},
		{"part of a second", func(p *ThumbnailPipelineProps) { p.MaxAge = time.Millisecond }, "MaxAge is 1ms: must be whole seconds from 1s to 8760h0m0s"},
		{"two years", func(p *ThumbnailPipelineProps) { p.MaxAge = 2 * maxMaxAge }, "MaxAge is 17520h0m0s"},
		{"too many sizes", func(p *ThumbnailPipelineProps) { p.Sizes = sizes(21) }, "21 Sizes: must be at most 20"},
		{"as many sizes as there may be", func(p *ThumbnailPipelineProps) { p.Sizes = sizes(20) }, ""},
		{"name of a size", func(p *ThumbnailPipelineProps) { p.Sizes = []Size{{Name: "a/b", Width: 1}} }, `size "a/b": the name must be small letters, digits and hyphens, at most 32`},
		{"no name", func(p *ThumbnailPipelineProps) { p.Sizes = []Size{{Width: 1}} }, `size "": the name must be`},
		{"long name", func(p *ThumbnailPipelineProps) { p.Sizes = []Size{{Name: strings.Repeat("a", 33), Width: 1}} }, "at most 32"},
		{"name taken", func(p *ThumbnailPipelineProps) { p.Sizes = []Size{{Name: "a", Width: 1}, {Name: "a", Width: 2}} }, `size "a": the name is taken: choose another`},
		{"no box", func(p *ThumbnailPipelineProps) { p.Sizes = []Size{{Name: "a"}} }, `size "a": no Width and no Height: set one or both`},
		{"wide", func(p *ThumbnailPipelineProps) { p.Sizes = []Size{{Name: "a", Width: 4097}} }, `size "a": Width is 4097: must be up to 4096`},
		{"negative height", func(p *ThumbnailPipelineProps) { p.Sizes = []Size{{Name: "a", Width: 1, Height: -1}} }, `size "a": Height is -1: must be up to 4096`},
		{"cover without height", func(p *ThumbnailPipelineProps) { p.Sizes = []Size{{Name: "a", Width: 1, Cover: true}} }, `size "a": Cover needs both Width and Height`},
		{"empty prefix", func(p *ThumbnailPipelineProps) { p.Prefixes = []string{""} }, "Prefixes hold an empty text, which every key has: leave it out"},
		{"empty suffix", func(p *ThumbnailPipelineProps) { p.Suffixes = []string{".jpg", ""} }, "Suffixes hold an empty text"},
		{"too many filters", func(p *ThumbnailPipelineProps) { p.Prefixes, p.Suffixes = texts("prefix-", 10), texts(".suffix-", 10) }, "10 Prefixes and 10 Suffixes make an event pattern of"},
		{"two buckets", func(p *ThumbnailPipelineProps) { p.Uploads, p.UploadsBucket = bucket{}, &awss3.BucketProps{} }, "both Uploads and UploadsBucket are set"},
		{"events", func(p *ThumbnailPipelineProps) {
			p.UploadsBucket = &awss3.BucketProps{EventBridgeEnabled: new(true)}
		}, "UploadsBucket.EventBridgeEnabled is set: the construct turns the events on"},
		{"key of the index", func(p *ThumbnailPipelineProps) {
			p.Index = &awsdynamodb.TablePropsV2{PartitionKey: &awsdynamodb.Attribute{}}
		}, "Index has a key: photos are recorded by key"},
		{"behaviour of the distribution", func(p *ThumbnailPipelineProps) {
			p.Delivery = &Delivery{Distribution: &awscloudfront.DistributionProps{DefaultBehavior: &awscloudfront.BehaviorOptions{}}}
		}, "Delivery.Distribution.DefaultBehavior is set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var props ThumbnailPipelineProps
			tt.change(&props)
			_, err := props.complete()
			expect.Error(t, err, tt.want)
		})
	}
}

func sizes(n int) []Size {
	var s []Size
	for i := range n {
		s = append(s, Size{Name: fmt.Sprintf("s%d", i), Width: 100 + i})
	}
	return s
}

func texts(stem string, n int) []string {
	var t []string
	for i := range n {
		t = append(t, fmt.Sprintf("%s%d", stem, i))
	}
	return t
}

func TestDefaults(t *testing.T) {
	got, err := (*ThumbnailPipelineProps)(nil).complete()
	if err != nil {
		t.Fatal(err)
	}
	var recipe map[string]any
	if err := json.Unmarshal([]byte(got.recipe()), &recipe); err != nil {
		t.Fatal(err)
	}
	size := func(name string, edge float64) any {
		return map[string]any{"name": name, "width": edge, "height": edge, "cover": false}
	}
	want := map[string]any{
		"sizes":  []any{size("web", 1280), size("tablet", 768), size("mobile", 320)},
		"format": "jpeg", "quality": 80.0,
		"maxBytes": 67108864.0, "maxPixels": 100e6, "maxProgressivePixels": 50e6,
		"cacheControl": "public, max-age=3600", "keepDeleted": false,
	}
	if diff := cmp.Diff(want, recipe); diff != "" {
		t.Errorf("recipe (-want +got):\n%s", diff)
	}
}

// TestLimitsFollow: a limit that depends on another follows it where it is not set.
func TestLimitsFollow(t *testing.T) {
	got, err := (&ThumbnailPipelineProps{Memory: 256, MaxPixels: 1000}).complete()
	if err != nil {
		t.Fatal(err)
	}
	if got.MaxBytes != 64<<20 || got.MaxProgressivePixels != 1000 {
		t.Errorf("MaxBytes is %d and MaxProgressivePixels %d, want a quarter of Memory and MaxPixels", got.MaxBytes, got.MaxProgressivePixels)
	}
}

// TestKeyPattern: the operators are those of
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
func TestKeyPattern(t *testing.T) {
	tests := []struct {
		name               string
		prefixes, suffixes []string
		want               string
	}{
		{"all keys", nil, nil, "null"},
		{"prefixes", []string{"a/", "b/"}, nil, `[{"prefix":"a/"},{"prefix":"b/"}]`},
		{"suffixes", nil, []string{".jpg"}, `[{"suffix":".jpg"}]`},
		{"both", []string{"a/", "b/"}, []string{".jpg", ".png"}, `[{"wildcard":"a/*.jpg"},{"wildcard":"a/*.png"},{"wildcard":"b/*.jpg"},{"wildcard":"b/*.png"}]`},
		{"with what means something", []string{`a*\`}, []string{".jpg"}, `[{"wildcard":"a\\*\\\\*.jpg"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			props := ThumbnailPipelineProps{Prefixes: tt.prefixes, Suffixes: tt.suffixes}
			got, err := json.Marshal(props.keyPattern())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("pattern (-want +got):\n%s", diff)
			}
		})
	}
}
