package s3_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/s3"
)

const (
	bucketARN = "arn:aws:s3:::photos"
	catARN    = bucketARN + "/in/a cat.jpg"
)

// What each operation needs, as the Service Authorization Reference lists it
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html).
func TestAuthorization(t *testing.T) {
	const cat = "/photos/in/a%20cat.jpg"
	tests := []struct {
		operation    string
		method, path string
		header       http.Header
		body         string
		want         []string
	}{
		{"ListBuckets", "GET", "/", nil, "", []string{"s3:ListAllMyBuckets *"}},
		{"HeadBucket", "HEAD", "/photos", nil, "", []string{"s3:ListBucket " + bucketARN}},
		{"ListObjects", "GET", "/photos?prefix=in/", nil, "", []string{"s3:ListBucket " + bucketARN}},
		{"ListObjectsV2", "GET", "/photos/?list-type=2", nil, "", []string{"s3:ListBucket " + bucketARN}},
		{"ListObjectVersions", "GET", "/photos?versions", nil, "", []string{"s3:ListBucketVersions " + bucketARN}},
		{"ListMultipartUploads", "GET", "/photos?uploads", nil, "", []string{"s3:ListBucketMultipartUploads " + bucketARN}},
		{"GetBucketLocation", "GET", "/photos?location", nil, "", []string{"s3:GetBucketLocation " + bucketARN}},
		{"GetBucketVersioning", "GET", "/photos?versioning", nil, "", []string{"s3:GetBucketVersioning " + bucketARN}},
		{"GetBucketCors", "GET", "/photos?cors", nil, "", []string{"s3:GetBucketCORS " + bucketARN}},
		{"DeleteObjects", "POST", "/photos?delete", nil, "<Delete><Object><Key>a</Key></Object><Object><Key>b/c</Key><VersionId>1</VersionId></Object></Delete>",
			[]string{"s3:DeleteObject " + bucketARN + "/a", "s3:DeleteObjectVersion " + bucketARN + "/b/c"}},
		{"GetObject", "GET", cat + "?x-id=GetObject", nil, "", []string{"s3:GetObject " + catARN}},
		{"GetObject of a version", "GET", cat + "?versionId=1", nil, "", []string{"s3:GetObjectVersion " + catARN}},
		{"HeadObject", "HEAD", cat, nil, "", []string{"s3:GetObject " + catARN}},
		{"HeadObject of a version", "HEAD", cat + "?versionId=1", nil, "", []string{"s3:GetObjectVersion " + catARN}},
		{"GetObjectAttributes", "GET", cat + "?attributes", nil, "", []string{"s3:GetObject " + catARN, "s3:GetObjectAttributes " + catARN}},
		{"GetObjectAttributes of a version", "GET", cat + "?attributes&versionId=1", nil, "", []string{"s3:GetObjectVersion " + catARN, "s3:GetObjectVersionAttributes " + catARN}},
		{"PutObject", "PUT", cat, nil, "meow", []string{"s3:PutObject " + catARN}},
		{"PutObject with tags", "PUT", cat, http.Header{"X-Amz-Tagging": {"a=b"}}, "meow", []string{"s3:PutObject " + catARN, "s3:PutObjectTagging " + catARN}},
		{"PutObject with an ACL", "PUT", cat, http.Header{"X-Amz-Acl": {"bucket-owner-full-control"}}, "meow", []string{"s3:PutObject " + catARN, "s3:PutObjectAcl " + catARN}},
		{"CopyObject", "PUT", "/photos/copy", http.Header{"X-Amz-Copy-Source": {"photos/in/a%20cat.jpg"}}, "", []string{"s3:PutObject " + bucketARN + "/copy", "s3:GetObject " + catARN}},
		{"CopyObject of a version", "PUT", "/photos/copy", http.Header{"X-Amz-Copy-Source": {"/photos/in%2Fa%20cat.jpg?versionId=1"}}, "", []string{"s3:PutObject " + bucketARN + "/copy", "s3:GetObjectVersion " + catARN}},
		{"DeleteObject", "DELETE", cat, nil, "", []string{"s3:DeleteObject " + catARN}},
		{"DeleteObject of a version", "DELETE", cat + "?versionId=1", nil, "", []string{"s3:DeleteObjectVersion " + catARN}},
		{"GetObjectTagging", "GET", cat + "?tagging", nil, "", []string{"s3:GetObjectTagging " + catARN}},
		{"GetObjectTagging of a version", "GET", cat + "?tagging&versionId=1", nil, "", []string{"s3:GetObjectVersionTagging " + catARN}},
		{"PutObjectTagging", "PUT", cat + "?tagging", nil, "", []string{"s3:PutObjectTagging " + catARN}},
		{"PutObjectTagging of a version", "PUT", cat + "?tagging&versionId=1", nil, "", []string{"s3:PutObjectVersionTagging " + catARN}},
		{"DeleteObjectTagging", "DELETE", cat + "?tagging", nil, "", []string{"s3:DeleteObjectTagging " + catARN}},
		{"DeleteObjectTagging of a version", "DELETE", cat + "?tagging&versionId=1", nil, "", []string{"s3:DeleteObjectVersionTagging " + catARN}},
		{"CreateMultipartUpload", "POST", cat + "?uploads", nil, "", []string{"s3:PutObject " + catARN}},
		{"UploadPart", "PUT", cat + "?partNumber=1&uploadId=u", nil, "", []string{"s3:PutObject " + catARN}},
		{"UploadPartCopy", "PUT", "/photos/copy?partNumber=1&uploadId=u", http.Header{"X-Amz-Copy-Source": {"photos/in/a%20cat.jpg"}}, "", []string{"s3:PutObject " + bucketARN + "/copy", "s3:GetObject " + catARN}},
		{"CompleteMultipartUpload", "POST", cat + "?uploadId=u", nil, "", []string{"s3:PutObject " + catARN}},
		{"AbortMultipartUpload", "DELETE", cat + "?uploadId=u", nil, "", []string{"s3:AbortMultipartUpload " + catARN}},
		{"ListParts", "GET", cat + "?uploadId=u", nil, "", []string{"s3:ListMultipartUploadParts " + catARN}},
	}
	w := newWorld(t, photos)
	tested := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.operation, func(t *testing.T) {
			w.calls = nil
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, strings.NewReader(tt.body))
			r.Header = tt.header.Clone()
			if r.Header == nil {
				r.Header = http.Header{}
			}
			r.Header.Set("Authorization", "no matter what")
			w.ServeHTTP(httptest.NewRecorder(), r.WithContext(api.With(t.Context(), &api.Call{Context: t.Context(), Principal: w.principal("somebody")})))
			diff(t, "asked for", tt.want, w.calls)
		})
		name, _, _ := strings.Cut(tt.operation, " ")
		tested[name] = true
	}
	for _, name := range s3.OperationNames() {
		if !tested[name] {
			t.Errorf("%s is not in the table", name)
		}
	}
}

// Each of several actions is needed, and a refusal changes nothing.
func TestRefused(t *testing.T) {
	w := newWorld(t, photos)
	c := w.function()
	put(t, w.client(), "cat", "meow")
	tests := []struct {
		name, denied string
		call         func() error
	}{
		{"put", "s3:PutObject " + bucketARN + "/cat", func() error {
			_, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("cat"), Body: strings.NewReader("x")})
			return err
		}},
		{"delete", "s3:DeleteObject " + bucketARN + "/cat", func() error {
			_, err := c.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: new("photos"), Key: new("cat")})
			return err
		}},
		{"source of a copy", "s3:GetObject " + bucketARN + "/cat", func() error {
			_, err := c.CopyObject(t.Context(), &sdk.CopyObjectInput{Bucket: new("photos"), Key: new("copy"), CopySource: new("photos/cat")})
			return err
		}},
		{"target of a copy", "s3:PutObject " + bucketARN + "/copy", func() error {
			_, err := c.CopyObject(t.Context(), &sdk.CopyObjectInput{Bucket: new("photos"), Key: new("copy"), CopySource: new("photos/cat")})
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.allow = func(what string) bool { return what != tt.denied }
			err := tt.call()
			action, resource, _ := strings.Cut(tt.denied, " ")
			if code(err) != "AccessDenied" || !strings.Contains(err.Error(), "assumed-role/role/function is not authorized to perform: "+action+" on resource: "+resource) {
				t.Errorf("error %v", err)
			}
		})
	}
	diff(t, "keys", []string{"cat"}, keys(t, w.client(), &sdk.ListObjectsV2Input{}))
	if got := get(t, w.client(), &sdk.GetObjectInput{Key: new("cat")}); got != "meow" {
		t.Errorf("the object is %q", got)
	}
}

// What is too long is refused before the gateway, which would hang up on it, gets it.
func TestTooLong(t *testing.T) {
	w := newWorld(t, s3.Bucket{Name: "public", Public: true})
	w.allow = func(string) bool { return true }
	for _, tt := range []struct {
		name, method, path, want string
		header                   http.Header
	}{
		{"key", "GET", "/public/" + strings.Repeat("a", 1025), "KeyTooLongError", nil},
		{"longer than the gateway reads", "GET", "/public/" + strings.Repeat("a", 9000), "RequestHeaderSectionTooLarge", nil},
		{"query", "GET", "/public/cat?versionId=" + strings.Repeat("a", 9000), "RequestHeaderSectionTooLarge", nil},
		{"preflight", "OPTIONS", "/public/" + strings.Repeat("a", 9000), "RequestHeaderSectionTooLarge", nil},
		{"header", "GET", "/public/cat", "RequestHeaderSectionTooLarge", http.Header{"X-Amz-Meta-Name": {strings.Repeat("a", 9000)}}},
		{"metadata of the 2 KB that it may have", "GET", "/public/cat", "NoSuchKey", http.Header{"X-Amz-Meta-Name": {strings.Repeat("a", 2000)}}},
		{"nearly all that the gateway reads", "GET", "/public/cat", "NoSuchKey", http.Header{"X-Amz-Meta-Name": {strings.Repeat("a", 7300)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, answer, _ := request(t, tt.method, w.url+tt.path, "", tt.header); !strings.Contains(answer, "<Code>"+tt.want+"</Code>") {
				t.Errorf("answers %s, want %s", answer, tt.want)
			}
		})
	}
}

// Of several objects, those go that may
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
func TestDeleteManyRefused(t *testing.T) {
	w := newWorld(t, photos)
	for _, key := range []string{"a", "b", "c"} {
		put(t, w.client(), key, key)
	}
	w.allow = func(what string) bool { return !strings.HasSuffix(what, "/b") }
	out, err := w.function().DeleteObjects(t.Context(), &sdk.DeleteObjectsInput{Bucket: new("photos"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: new("a")}, {Key: new("b")}, {Key: new("c")}}}})
	if err != nil || len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Key != "b" || *out.Errors[0].Code != "AccessDenied" {
		t.Errorf("DeleteObjects = %+v, %v", out, err)
	}
	diff(t, "keys", []string{"b"}, keys(t, w.client(), &sdk.ListObjectsV2Input{}))
}

// Who may not list a bucket does not learn which keys it has not.
func TestMissingKeys(t *testing.T) {
	w := newWorld(t, photos)
	put(t, w.client(), "cat", "meow")
	tests := []struct {
		name, key string
		list      bool
		get, head string
	}{
		{"may list", "dog", true, "NoSuchKey", "NotFound"},
		{"may not", "dog", false, "AccessDenied", "Forbidden"},
		{"may not, but it exists", "cat", false, "meow", "<nil>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.allow = func(what string) bool { return tt.list || !strings.HasPrefix(what, "s3:ListBucket ") }
			w.calls = nil
			if got := get(t, w.function(), &sdk.GetObjectInput{Key: &tt.key}); got != tt.get {
				t.Errorf("GetObject: %q, want %q", got, tt.get)
			}
			if _, err := w.function().HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: new("photos"), Key: &tt.key}); code(err) != tt.head {
				t.Errorf("HeadObject: %v, want %s", err, tt.head)
			}
			want := "s3:GetObject " + bucketARN + "/" + tt.key
			diff(t, "calls that count", []string{want, want}, w.calls)
		})
	}
}

func TestConditionKeys(t *testing.T) {
	w := newWorld(t, photos)
	c := w.function()
	if _, err := c.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Input{Bucket: new("photos"), Prefix: new("in/"), Delimiter: new("/"), MaxKeys: new(int32(7))}); err != nil {
		t.Fatal(err)
	}
	list := w.keys["s3:ListBucket"]
	delete(list, "s3:x-amz-content-sha256")
	diff(t, "of a list", api.Keys{"s3:prefix": {"in/"}, "s3:delimiter": {"/"}, "s3:max-keys": {"7"}, "s3:authType": {"REST-HEADER"}}, list)
	if _, err := c.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: new("photos"), Key: new("cat"), Body: strings.NewReader("meow"), Tagging: new("kind=cat"), ServerSideEncryption: "AES256"}); err != nil {
		t.Fatal(err)
	}
	got := w.keys["s3:PutObject"]
	delete(got, "s3:x-amz-content-sha256")
	diff(t, "of an object", api.Keys{"s3:RequestObjectTag/kind": {"cat"}, "s3:RequestObjectTagKeys": {"kind"}, "s3:x-amz-server-side-encryption": {"AES256"}, "s3:authType": {"REST-HEADER"}}, got)
}

// What is not here is refused to everybody, and by name.
func TestNotImplemented(t *testing.T) {
	w := newWorld(t, photos)
	tests := []struct {
		name, method, path string
		header             http.Header
		status             int
		want               string
	}{
		{"policy", "PUT", "/photos?policy", nil, 501, "PUT of this resource"},
		{"bucket", "PUT", "/another", nil, 501, "PUT of this resource"},
		{"deleting a bucket", "DELETE", "/photos", nil, 501, "DELETE of this resource"},
		{"ACL", "GET", "/photos?acl", nil, 501, "parameter acl of ListObjects"},
		{"ACL of an object", "PUT", "/photos/cat?acl", nil, 501, "parameter acl of PutObject"},
		{"retention", "PUT", "/photos/cat?retention", nil, 501, "parameter retention of PutObject"},
		{"torrent", "GET", "/photos/cat?torrent", nil, 501, "parameter torrent of GetObject"},
		{"select", "POST", "/photos/cat?select&select-type=2", nil, 501, "POST of this resource"},
		{"two at once", "GET", "/photos/cat?tagging&uploadId=x", nil, 501, "parameter uploadId of GetObjectTagging"},
		{"at the root", "PUT", "/", nil, 501, "PUT of this resource"},
		{"lock", "PUT", "/photos/cat", http.Header{"X-Amz-Object-Lock-Mode": {"GOVERNANCE"}}, 501, "X-Amz-Object-Lock-Mode"},
		{"the client's key", "PUT", "/photos/cat", http.Header{"X-Amz-Server-Side-Encryption-Customer-Algorithm": {"AES256"}}, 501, "X-Amz-Server-Side-Encryption-Customer-Algorithm"},
		{"canned ACL", "PUT", "/photos/cat", http.Header{"X-Amz-Acl": {"public-read"}}, 400, "AccessControlListNotSupported"},
		{"grant", "PUT", "/photos/cat", http.Header{"X-Amz-Grant-Read": {"x"}}, 400, "AccessControlListNotSupported"},
		{"another account's", "GET", "/photos/cat", http.Header{"X-Amz-Expected-Bucket-Owner": {"111111111111"}}, 403, "AccessDenied"},
		{"no object to delete", "POST", "/photos?delete", nil, 400, "MalformedXML"},
		{"no bucket before the key", "GET", "//photos", nil, 501, "GET of this resource"},
		{"older signature", "GET", "/photos/cat?AWSAccessKeyId=a&Signature=b&Expires=1", nil, 400, "Please use AWS4-HMAC-SHA256"},
		{"older signature in the header", "GET", "/photos/cat", http.Header{"Authorization": {"AWS a:b"}}, 400, "Please use AWS4-HMAC-SHA256"},
		{"query", "GET", "/photos?a;b", nil, 400, "InvalidURI"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, nil)
			if tt.header != nil {
				r.Header = tt.header
			}
			answer := httptest.NewRecorder()
			w.ServeHTTP(answer, r)
			if answer.Code != tt.status || !strings.Contains(answer.Body.String(), tt.want) {
				t.Errorf("status %d, want %d: %s, want %s in it", answer.Code, tt.status, answer.Body, tt.want)
			}
		})
	}
}

// No request gets by without a permission.
func FuzzRequirements(f *testing.F) {
	for _, path := range []string{"/", "/photos", "/photos/cat?versionId=1", "/photos/a%2Fb?tagging", "/photos?list-type=2&prefix=a", "/photos/cat?uploadId=x&partNumber=1", "//photos", "/photos//", "/photos?delete"} {
		for _, method := range []string{"GET", "PUT", "POST", "DELETE", "HEAD"} {
			f.Add(method, path, "", "<Delete><Object><Key>a</Key></Object></Delete>")
			f.Add(method, path, "photos/cat?versionId=2", "")
		}
	}
	f.Fuzz(func(t *testing.T, method, path, source, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+path, strings.NewReader(body))
		if err != nil || method == http.MethodOptions {
			return
		}
		r.Header.Set("X-Amz-Copy-Source", source)
		needs, err := s3.Requirements(r)
		if (len(needs) == 0) == (err == nil) {
			t.Errorf("%s %s needs %q, %v", method, path, needs, err)
		}
		if slices.ContainsFunc(needs, func(need string) bool { return !strings.HasPrefix(need, "s3:") }) {
			t.Errorf("%s %s needs %q", method, path, needs)
		}
	})
}
