package s3_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/noidle/noidle/local/s3"
)

const (
	catETag = `"4a4be40c96ac6314e91d93f38043a634"`
	dogETag = `"06d80eb0c50b49a509b49f2424e8c805"`
)

func TestReadPreconditionsAndRanges(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	put(t, c, "cat", "meow")
	put(t, c, "none", "")
	modified := new(start.Truncate(time.Second))
	tests := []struct {
		name string
		in   *sdk.GetObjectInput
		want string
	}{
		{"range", &sdk.GetObjectInput{Range: new("bytes=1-2")}, "eo"},
		{"range from the end", &sdk.GetObjectInput{Range: new("bytes=-3")}, "eow"},
		{"range to the end", &sdk.GetObjectInput{Range: new("bytes=3-")}, "w"},
		{"range beyond", &sdk.GetObjectInput{Range: new("bytes=4-")}, "InvalidRange"},
		{"range of nothing", &sdk.GetObjectInput{Key: new("none"), Range: new("bytes=0-")}, "InvalidRange"},
		{"nothing", &sdk.GetObjectInput{Key: new("none")}, ""},
		{"the only part", &sdk.GetObjectInput{PartNumber: new(int32(1))}, "meow"},
		{"no such part", &sdk.GetObjectInput{PartNumber: new(int32(2))}, "InvalidPartNumber"},
		{"if-match", &sdk.GetObjectInput{IfMatch: new(catETag)}, "meow"},
		{"if-match fails", &sdk.GetObjectInput{IfMatch: new(dogETag)}, "PreconditionFailed"},
		{"if-none-match", &sdk.GetObjectInput{IfNoneMatch: new(dogETag)}, "meow"},
		{"if-none-match fails", &sdk.GetObjectInput{IfNoneMatch: new(catETag)}, "NotModified"},
		{"modified since", &sdk.GetObjectInput{IfModifiedSince: new(modified.Add(-time.Second))}, "meow"},
		{"not modified since", &sdk.GetObjectInput{IfModifiedSince: modified}, "NotModified"},
		{"unmodified since", &sdk.GetObjectInput{IfUnmodifiedSince: modified}, "meow"},
		{"not unmodified since", &sdk.GetObjectInput{IfUnmodifiedSince: new(modified.Add(-time.Second))}, "PreconditionFailed"},
		{"no such key", &sdk.GetObjectInput{Key: new("dog")}, "NoSuchKey"},
		{"no such version", &sdk.GetObjectInput{VersionId: new("x")}, "NoSuchVersion"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.in.Key == nil {
				tt.in.Key = new("cat")
			}
			if got := get(t, c, tt.in); got != tt.want {
				t.Errorf("GetObject answers %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWritePreconditions(t *testing.T) {
	tests := []struct {
		name                 string
		key                  string
		ifMatch, ifNoneMatch *string
		want                 string
	}{
		{"new", "dog", nil, new("*"), "<nil>"},
		{"not new", "cat", nil, new("*"), "PreconditionFailed"},
		{"match", "cat", new(catETag), nil, "<nil>"},
		{"no match", "cat", new(dogETag), nil, "PreconditionFailed"},
		{"match of nothing", "dog", new(dogETag), nil, "NoSuchKey"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, photos)
			c := w.client()
			put(t, c, "cat", "meow")
			_, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: &tt.key, Body: strings.NewReader("x"), IfMatch: tt.ifMatch, IfNoneMatch: tt.ifNoneMatch})
			if got := code(err); got != tt.want {
				t.Errorf("PutObject = %v, want %s", err, tt.want)
			}
		})
	}
}

// Of many who put an object if there is none, one does
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
func TestOneOfManyPuts(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	var wg sync.WaitGroup
	results := make(chan string, 16)
	for range cap(results) {
		wg.Go(func() {
			_, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("cat"), Body: strings.NewReader("meow"), IfNoneMatch: new("*")})
			results <- code(err)
		})
	}
	wg.Wait()
	close(results)
	counts := map[string]int{}
	for result := range results {
		counts[result]++
	}
	diff(t, "results", map[string]int{"<nil>": 1, "PreconditionFailed": 15}, counts)
}

func TestCopy(t *testing.T) {
	w := newWorld(t, photos, s3.Bucket{Name: "copies"})
	c := w.client()
	_, err := c.PutObject(t.Context(), &sdk.PutObjectInput{
		Bucket: new("photos"), Key: new("a cat+dog.jpg"), Body: strings.NewReader("meow"), ContentType: new("image/jpeg"),
		Metadata: map[string]string{"by": "me"}, Tagging: new("kind=cat"),
	})
	if err != nil {
		t.Fatal(err)
	}
	const source = "photos/a%20cat%2Bdog.jpg"
	tests := []struct {
		name string
		in   *sdk.CopyObjectInput
		want string // the error, or type, metadata and tags of the copy
	}{
		{"as it is", &sdk.CopyObjectInput{}, "image/jpeg me 1"},
		{"with a slash first", &sdk.CopyObjectInput{CopySource: new("/" + source)}, "image/jpeg me 1"},
		{"other metadata", &sdk.CopyObjectInput{MetadataDirective: "REPLACE", ContentType: new("text/plain"), Metadata: map[string]string{"by": "you"}}, "text/plain you 1"},
		{"other tags", &sdk.CopyObjectInput{TaggingDirective: "REPLACE", Tagging: new("a=b&c=d")}, "image/jpeg me 2"},
		{"onto itself", &sdk.CopyObjectInput{Bucket: new("photos"), Key: new("a cat+dog.jpg")}, "InvalidRequest"},
		{"if-match", &sdk.CopyObjectInput{CopySourceIfMatch: new(catETag)}, "image/jpeg me 1"},
		{"if-match fails", &sdk.CopyObjectInput{CopySourceIfMatch: new(dogETag)}, "PreconditionFailed"},
		{"if-none-match fails", &sdk.CopyObjectInput{CopySourceIfNoneMatch: new(catETag)}, "PreconditionFailed"},
		{"of nothing", &sdk.CopyObjectInput{CopySource: new("photos/dog")}, "NoSuchKey"},
		{"of no bucket", &sdk.CopyObjectInput{CopySource: new("nowhere/dog")}, "NoSuchBucket"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.in.Bucket == nil {
				tt.in.Bucket, tt.in.Key = new("copies"), new("copy")
			}
			if tt.in.CopySource == nil {
				tt.in.CopySource = new(source)
			}
			out, err := c.CopyObject(t.Context(), tt.in)
			got := code(err)
			if err == nil {
				head, err := c.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: tt.in.Bucket, Key: tt.in.Key})
				if err != nil {
					t.Fatal(err)
				}
				_ = head.Body.Close()
				got = strings.Join([]string{*head.ContentType, head.Metadata["by"], string('0' + rune(*head.TagCount))}, " ")
				if *out.CopyObjectResult.ETag != catETag || *out.CopyObjectResult.ChecksumCRC32 == "" {
					t.Errorf("CopyObject answers %+v", out.CopyObjectResult)
				}
			}
			if got != tt.want {
				t.Errorf("CopyObject: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTags(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	put(t, c, "cat", "meow")
	tags := func() []types.Tag {
		out, err := c.GetObjectTagging(t.Context(), &sdk.GetObjectTaggingInput{Bucket: new("photos"), Key: new("cat")})
		if err != nil {
			t.Fatal(err)
		}
		return out.TagSet
	}
	set := []types.Tag{{Key: new("kind"), Value: new("cat")}}
	if _, err := c.PutObjectTagging(t.Context(), &sdk.PutObjectTaggingInput{Bucket: new("photos"), Key: new("cat"), Tagging: &types.Tagging{TagSet: set}}); err != nil {
		t.Fatal(err)
	}
	if got := tags(); len(got) != 1 || *got[0].Key != "kind" || *got[0].Value != "cat" {
		t.Errorf("tags %v", got)
	}
	if _, err := c.DeleteObjectTagging(t.Context(), &sdk.DeleteObjectTaggingInput{Bucket: new("photos"), Key: new("cat")}); err != nil {
		t.Fatal(err)
	}
	if got := tags(); len(got) != 0 {
		t.Errorf("tags %v remain", got)
	}
}

func TestDeleteMany(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	for _, key := range []string{"a", "b & <c>", "kept"} {
		put(t, c, key, key)
	}
	out, err := c.DeleteObjects(t.Context(), &sdk.DeleteObjectsInput{Bucket: new("photos"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: new("a")}, {Key: new("b & <c>")}, {Key: new("never was")},
	}}})
	if err != nil || len(out.Deleted) != 3 || len(out.Errors) != 0 {
		t.Fatalf("DeleteObjects = %+v, %v", out, err)
	}
	diff(t, "keys", []string{"kept"}, keys(t, c, &sdk.ListObjectsV2Input{}))
	if _, err := c.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: new("photos"), Key: new("never was")}); err != nil {
		t.Errorf("deleting what is not there: %v", err)
	}
}

// Any key works that S3 has, though not the few that the package's documentation
// names.
func TestKeys(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	tests := []struct {
		name, key string
		want      string
	}{
		{"plain", "cat.jpg", "<nil>"},
		{"spaces", " a cat .jpg ", "<nil>"},
		{"unicode", "kätzchen/猫/🐈.jpg", "<nil>"},
		{"plus signs", "a+b++c", "<nil>"},
		{"percent signs", "100%/%41%2F%", "<nil>"},
		{"reserved characters", "a?b&c=d#e;f:g@h$i,j'k\"l<m>n{o}p|q\\r^s~t`u[v]", "<nil>"},
		{"trailing slash", "folder/", "<nil>"},
		{"object and prefix of others", "folder", "<nil>"},
		{"in the folder", "folder/cat", "<nil>"},
		{"under an object", "cat.jpg/thumbnail", "<nil>"},
		{"double slashes", "a//b///c", "<nil>"},
		{"dots", ".../.a/b..c/.d.", "<nil>"},
		{"names of the gateway", ".sgwtmp/multipart", "<nil>"},
		{"long segment", strings.Repeat("x", 300), "<nil>"},
		{"as long as may be", strings.Repeat("/x", 512), "<nil>"},
		{"too long", strings.Repeat("/x", 512) + "y", "KeyTooLongError"},
		{"up", "a/../b", "<nil>"},
		{"up and out", "a/../../b", "400"},
		{"nothing but dots", "..", "400"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: &tt.key, Body: strings.NewReader(tt.name)})
			if got := code(err); got != tt.want {
				t.Fatalf("PutObject = %v, want %s", err, tt.want)
			}
			if err != nil {
				return
			}
			if got := get(t, c, &sdk.GetObjectInput{Key: &tt.key}); got != tt.name {
				t.Errorf("GetObject answers %q, want %q", got, tt.name)
			}
			if got := keys(t, c, &sdk.ListObjectsV2Input{Prefix: &tt.key}); len(got) == 0 || got[0] != tt.key {
				t.Errorf("ListObjectsV2 answers %q, want %q first", got, tt.key)
			}
		})
	}
	for _, tt := range tests {
		if tt.want == "<nil>" {
			if got := get(t, c, &sdk.GetObjectInput{Key: &tt.key}); got != tt.name {
				t.Errorf("at the end, %q has %q, want %q", tt.key, got, tt.name)
			}
		}
	}
}

// A big body streams both ways.
func TestBigBody(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	body := make([]byte, 20<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(body)
	if _, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("big"), Body: bytes.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
	out, err := c.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: new("photos"), Key: new("big"), ChecksumMode: "ENABLED"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(out.Body)
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes come back, %v", len(got), err)
	}
	// One that is refused is read to its end: the client gets the reason.
	_, err = w.as("local", "wrong").PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("big"), Body: bytes.NewReader(body)})
	if code(err) != "SignatureDoesNotMatch" {
		t.Errorf("with a wrong secret: %v", err)
	}
	w.allow = func(string) bool { return false }
	_, err = w.function().PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("big"), Body: bytes.NewReader(body)})
	if code(err) != "AccessDenied" {
		t.Errorf("without permission: %v", err)
	}
}

// A body that is not what its checksum says is not stored.
func TestChecksums(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	for _, algorithm := range []types.ChecksumAlgorithm{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		t.Run(string(algorithm), func(t *testing.T) {
			if _, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("cat"), Body: strings.NewReader("meow"), ChecksumAlgorithm: algorithm}); err != nil {
				t.Fatal(err)
			}
			out, err := c.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Input{Bucket: new("photos")})
			if err != nil || len(out.Contents) != 1 {
				t.Fatalf("ListObjectsV2 = %v, %v", out, err)
			}
			diff(t, "algorithm", []types.ChecksumAlgorithm{algorithm}, out.Contents[0].ChecksumAlgorithm)
		})
	}
	_, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("dog"), Body: strings.NewReader("woof"), ChecksumCRC32: new("AAAAAA==")})
	if code(err) != "BadDigest" {
		t.Errorf("PutObject with a wrong checksum = %v", err)
	}
	if got := get(t, c, &sdk.GetObjectInput{Key: new("dog")}); got != "NoSuchKey" {
		t.Errorf("it is stored: %q", got)
	}
}

// Many at once are served, each with its own.
func TestParallel(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	var wg sync.WaitGroup
	for worker := range 64 {
		wg.Go(func() {
			for i := range 4 {
				body := strings.Repeat(string('a'+rune(worker%26)), 1000*(i+1))
				key := "worker/" + strings.Repeat("x", worker) + string('0'+rune(i))
				if _, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: &key, Body: strings.NewReader(body), Metadata: map[string]string{"worker": key}}); err != nil {
					t.Error(err)
					return
				}
				out, err := c.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: new("photos"), Key: &key})
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(out.Body)
				_ = out.Body.Close()
				if err != nil || string(got) != body || out.Metadata["worker"] != key {
					t.Errorf("%s has %d bytes of %v, %v", key, len(got), out.Metadata, err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(keys(t, c, &sdk.ListObjectsV2Input{})); got != 64*4 {
		t.Errorf("%d objects, want %d", got, 64*4)
	}
}

// keys lists the keys, and common prefixes, of all pages.
func keys(t testing.TB, c *sdk.Client, in *sdk.ListObjectsV2Input) []string {
	t.Helper()
	in.Bucket = new("photos")
	var all []string
	for pages := sdk.NewListObjectsV2Paginator(c, in); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			all = append(all, aws.ToString(object.Key))
		}
		for _, prefix := range page.CommonPrefixes {
			all = append(all, aws.ToString(prefix.Prefix))
		}
	}
	return all
}
