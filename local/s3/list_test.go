package s3_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/noidle/noidle/local/s3"
)

func TestList(t *testing.T) {
	w := newWorld(t, photos)
	c := w.client()
	for _, key := range []string{"b", "a/1", "a/2", "a-1", "a/sub/3", "c/4", "zz"} {
		put(t, c, key, key)
	}
	tests := []struct {
		name string
		in   sdk.ListObjectsV2Input
		want string
	}{
		{"all", sdk.ListObjectsV2Input{}, "a-1 a/1 a/2 a/sub/3 b c/4 zz"},
		{"prefix", sdk.ListObjectsV2Input{Prefix: new("a/")}, "a/1 a/2 a/sub/3"},
		{"delimiter", sdk.ListObjectsV2Input{Delimiter: new("/")}, "a-1 b zz a/ c/"},
		{"prefix and delimiter", sdk.ListObjectsV2Input{Prefix: new("a/"), Delimiter: new("/")}, "a/1 a/2 a/sub/"},
		{"start after", sdk.ListObjectsV2Input{StartAfter: new("a/2")}, "a/sub/3 b c/4 zz"},
		{"start after a prefix", sdk.ListObjectsV2Input{StartAfter: new("a/"), Delimiter: new("/")}, "b zz c/"},
		{"start within a prefix", sdk.ListObjectsV2Input{StartAfter: new("a/1"), Delimiter: new("/")}, "b zz a/ c/"},
		{"nothing", sdk.ListObjectsV2Input{Prefix: new("x")}, ""},
	}
	for _, tt := range tests {
		for _, size := range []int32{1000, 1, 2, 3} {
			t.Run(tt.name+" by "+string('0'+size%10), func(t *testing.T) {
				in := tt.in
				in.MaxKeys = &size
				got := keys(t, c, &in)
				want := strings.Fields(tt.want)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("ListObjectsV2 answers %q, want %q", got, want)
				}
			})
		}
	}
	t.Run("the older way", func(t *testing.T) {
		var got []string
		for marker := ""; ; {
			out, err := c.ListObjects(t.Context(), &sdk.ListObjectsInput{Bucket: new("photos"), Delimiter: new("/"), Marker: &marker, MaxKeys: new(int32(2))})
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range out.Contents {
				got = append(got, *object.Key)
			}
			for _, prefix := range out.CommonPrefixes {
				got = append(got, *prefix.Prefix)
			}
			if !*out.IsTruncated {
				break
			}
			marker = *out.NextMarker
		}
		diff(t, "ListObjects", []string{"a-1", "a/", "b", "c/", "zz"}, got)
	})
	t.Run("no such bucket", func(t *testing.T) {
		if _, err := c.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Input{Bucket: new("nowhere")}); code(err) != "NoSuchBucket" {
			t.Error(err)
		}
	})
	t.Run("a token of somebody else", func(t *testing.T) {
		if _, err := c.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Input{Bucket: new("photos"), ContinuationToken: new("§")}); code(err) != "InvalidArgument" {
			t.Error(err)
		}
	})
}

func TestBuckets(t *testing.T) {
	w := newWorld(t, photos, s3.Bucket{Name: "versions", Versioning: "Enabled"}, s3.Bucket{Name: "web", CORS: []s3.CORSRule{{AllowedMethods: []string{"PUT"}, AllowedOrigins: []string{"https://example.com"}, MaxAge: new(int32(60))}}})
	c := w.client()
	out, err := c.ListBuckets(t.Context(), &sdk.ListBucketsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range out.Buckets {
		names = append(names, *b.Name)
	}
	diff(t, "ListBuckets", []string{"photos", "versions", "web"}, names)
	if location, err := c.GetBucketLocation(t.Context(), &sdk.GetBucketLocationInput{Bucket: new("photos")}); err != nil || location.LocationConstraint != "" {
		t.Errorf("GetBucketLocation = %v, %v: us-east-1 is none", location, err)
	}
	for name, want := range map[string]types.BucketVersioningStatus{"photos": "", "versions": "Enabled"} {
		if got, err := c.GetBucketVersioning(t.Context(), &sdk.GetBucketVersioningInput{Bucket: &name}); err != nil || got.Status != want {
			t.Errorf("GetBucketVersioning of %s = %v, %v", name, got, err)
		}
	}
	if cors, err := c.GetBucketCors(t.Context(), &sdk.GetBucketCorsInput{Bucket: new("web")}); err != nil || cors.CORSRules[0].AllowedMethods[0] != "PUT" {
		t.Errorf("GetBucketCors = %v, %v", cors, err)
	}
	if _, err := c.HeadBucket(t.Context(), &sdk.HeadBucketInput{Bucket: new("photos")}); err != nil {
		t.Errorf("HeadBucket: %v", err)
	}
	for _, name := range []string{"Photos", "ab", "photos", "127.0.0.1"} {
		if err := w.CreateBucket(s3.Bucket{Name: name}); err == nil {
			t.Errorf("bucket %q is created", name)
		}
	}
}

// What is overwritten or deleted stays, and can be brought back
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html).
func TestVersions(t *testing.T) {
	w := newWorld(t, s3.Bucket{Name: "photos", Versioning: "Enabled"})
	c := w.client()
	first, second := put(t, c, "cat", "meow"), put(t, c, "cat", "purr")
	put(t, c, "dog", "woof")
	if got := get(t, c, &sdk.GetObjectInput{Key: new("cat"), VersionId: first.VersionId}); got != "meow" {
		t.Errorf("the first version is %q", got)
	}
	if _, err := c.PutObjectTagging(t.Context(), &sdk.PutObjectTaggingInput{Bucket: new("photos"), Key: new("cat"), VersionId: first.VersionId,
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: new("old"), Value: new("yes")}}}}); err != nil {
		t.Error(err)
	}
	marker, err := c.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: new("photos"), Key: new("cat")})
	if err != nil || !aws.ToBool(marker.DeleteMarker) || aws.ToString(marker.VersionId) == "" {
		t.Fatalf("DeleteObject = %+v, %v", marker, err)
	}
	for in, want := range map[*sdk.GetObjectInput]string{
		{}:                            "NoSuchKey",
		{VersionId: marker.VersionId}: "MethodNotAllowed",
		{VersionId: second.VersionId}: "purr",
	} {
		in.Key = new("cat")
		if got := get(t, c, in); got != want {
			t.Errorf("version %s: %q, want %q", aws.ToString(in.VersionId), got, want)
		}
	}
	diff(t, "keys", []string{"dog"}, keys(t, c, &sdk.ListObjectsV2Input{}))
	names := map[string]string{*first.VersionId: "first", *second.VersionId: "second", *marker.VersionId: "marker"}
	for _, size := range []int32{1000, 1, 2} {
		diff(t, "versions", []string{"cat marker latest", "cat second", "cat first", "dog  latest"}, versions(t, c, size, names))
	}
	// Without the marker the object is back.
	if _, err := c.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: new("photos"), Key: new("cat"), VersionId: marker.VersionId}); err != nil {
		t.Fatal(err)
	}
	if got := get(t, c, &sdk.GetObjectInput{Key: new("cat")}); got != "purr" {
		t.Errorf("without its delete marker the object is %q", got)
	}
	for _, id := range []*string{first.VersionId, second.VersionId} {
		if _, err := c.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: new("photos"), Key: new("cat"), VersionId: id}); err != nil {
			t.Fatal(err)
		}
	}
	diff(t, "versions", []string{"dog  latest"}, versions(t, c, 1000, names))
}

// versions lists all versions, newest first, by the names of their IDs.
func versions(t *testing.T, c *sdk.Client, size int32, names map[string]string) []string {
	t.Helper()
	type entry struct {
		key, id string
		latest  bool
	}
	var all []string
	for pages := sdk.NewListObjectVersionsPaginator(c, &sdk.ListObjectVersionsInput{Bucket: new("photos"), MaxKeys: &size}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var entries []entry
		for _, m := range page.DeleteMarkers {
			entries = append(entries, entry{*m.Key, *m.VersionId, *m.IsLatest})
		}
		for _, v := range page.Versions {
			entries = append(entries, entry{*v.Key, *v.VersionId, *v.IsLatest})
		}
		slices.SortStableFunc(entries, func(x, y entry) int { return strings.Compare(x.key, y.key) })
		for _, e := range entries {
			text := e.key + " " + names[e.id]
			if e.latest {
				text += " latest"
			}
			all = append(all, text)
		}
	}
	return all
}

// While a bucket's versions are suspended, what is put replaces the version null
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VersionSuspendedBehavior.html).
func TestSuspendedVersions(t *testing.T) {
	w := newWorld(t, s3.Bucket{Name: "photos", Versioning: "Suspended"})
	c := w.client()
	put(t, c, "cat", "meow")
	out := put(t, c, "cat", "purr")
	if aws.ToString(out.VersionId) != "null" {
		t.Errorf("version %q, want null", aws.ToString(out.VersionId))
	}
	names := map[string]string{"null": "null"}
	diff(t, "versions", []string{"cat null latest"}, versions(t, c, 10, names))
	if _, err := c.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: new("photos"), Key: new("cat")}); err != nil {
		t.Fatal(err)
	}
	diff(t, "versions", []string{"cat null latest"}, versions(t, c, 10, names))
	if got := get(t, c, &sdk.GetObjectInput{Key: new("cat")}); got != "NoSuchKey" {
		t.Errorf("the deleted object is %q", got)
	}
}
