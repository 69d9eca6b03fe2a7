package s3

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"

	"github.com/noidle/noidle/local/api"
)

const (
	// maxKey is how many bytes a key may have
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
	maxKey = 1024
	// maxHeader is how many bytes a request's line and header may have: what the
	// gateway reads, which hangs up on longer ones, without what is added for it.
	maxHeader = 8<<10 - 512
)

// maxDelete is how many bytes a DeleteObjects request may have: 1,000 keys of
// 1,024 bytes in XML.
const maxDelete = 8 << 20

// need is what a caller has to be allowed for a request.
type need struct {
	action, resource string
	keys             api.Keys
	object           objectID // which of the objects of a DeleteObjects request it is for
}

// objectID is an object, or a version of it, in a bucket that the request names.
type objectID struct{ key, version string }

// authorize refuses a request that is not supported, or that its caller may not
// send. Of several objects to delete, it says which must stay.
func (s *Service) authorize(r *http.Request) (*grant, error) {
	granted := &grant{address: strings.Trim(r.RemoteAddr[:max(0, strings.LastIndexByte(r.RemoteAddr, ':'))], "[]"), denied: map[objectID]error{}}
	if size := headerSize(r); size > maxHeader {
		return nil, refuse("RequestHeaderSectionTooLarge", http.StatusBadRequest,
			fmt.Sprintf("Your request header section exceeds the maximum allowed size: it has %d bytes of at most %d", size, maxHeader))
	}
	if r.Method == http.MethodOptions {
		return granted, nil // Of a preflight request, the bucket's rules decide.
	}
	needs, err := requirements(r)
	if err != nil {
		return nil, err
	}
	call := api.From(r.Context())
	if bucket, _ := target(r); call.Principal != nil && call.Principal.Anonymous && !s.store.public(bucket) {
		return nil, refuse("AccessDenied", http.StatusForbidden,
			"the request is not signed, and the bucket blocks public access: its PublicAccessBlockConfiguration, or without one its default")
	}
	for _, n := range needs {
		err := call.Authorize(n.action, n.resource, n.keys)
		if err != nil && n.object == (objectID{}) {
			return nil, err
		}
		if err != nil {
			granted.denied[n.object] = err
		}
	}
	return granted, nil
}

// requirements returns what the caller of a request has to be allowed, or why
// nobody can send it here. It reads, and puts back, the body of DeleteObjects.
func requirements(r *http.Request) ([]need, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse("InvalidURI", http.StatusBadRequest, "the query cannot be read: "+err.Error())
	}
	if query.Has("AWSAccessKeyId") || strings.HasPrefix(r.Header.Get("Authorization"), "AWS ") {
		return nil, refuse("InvalidRequest", http.StatusBadRequest, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256: "+
			"version 1 of the AWS CLI does after aws configure set default.s3.signature_version s3v4")
	}
	o, err := find(r, query)
	if err != nil {
		return nil, err
	}
	if err := checkHeaders(r.Header); err != nil {
		return nil, err
	}
	bucket, key := target(r)
	if len(key) > maxKey {
		return nil, refuse("KeyTooLongError", http.StatusBadRequest, fmt.Sprintf("Your key is too long: it has %d bytes of at most %d", len(key), maxKey))
	}
	resource := "*" // of ListBuckets
	switch {
	case key != "":
		resource = ARN(bucket) + "/" + key
	case bucket != "":
		resource = ARN(bucket)
	}
	if o.name == "DeleteObjects" {
		return o.deletions(r, resource)
	}
	keys := requestKeys(r, query)
	needs := o.needs(resource, query.Get("versionId"), keys)
	if o.copies {
		sourceBucket, sourceKey, version, err := backend.ParseCopySource(strings.TrimPrefix(r.Header.Get(copySource), "/"))
		if err != nil {
			return nil, refuse("InvalidArgument", http.StatusBadRequest, err.Error())
		}
		get := operation{actions: []string{"s3:GetObject"}, versioned: []string{"s3:GetObjectVersion"}}
		needs = append(needs, get.needs(ARN(sourceBucket)+"/"+sourceKey, version, keys)...)
	}
	for header, action := range map[string]string{"X-Amz-Tagging": "s3:PutObjectTagging", "X-Amz-Acl": "s3:PutObjectAcl"} {
		if r.Header.Get(header) != "" {
			needs = append(needs, need{action: action, resource: resource, keys: keys})
		}
	}
	return needs, nil
}

// headerSize is how many bytes a request's line and header have.
func headerSize(r *http.Request) int {
	size := len(r.Method) + len(r.URL.RequestURI()) + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(": ") + len(value) + len("\r\n")
		}
	}
	return size
}

func (o operation) needs(resource, version string, keys api.Keys) []need {
	actions := o.actions
	if version != "" && o.versioned != nil {
		actions = o.versioned
	}
	var needs []need
	for _, action := range actions {
		needs = append(needs, need{action: action, resource: resource, keys: keys})
	}
	return needs
}

// deletions returns what DeleteObjects needs: of each object, to delete it.
func (o operation) deletions(r *http.Request, bucketARN string) ([]need, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxDelete+1))
	if err != nil {
		return nil, refuse("IncompleteBody", http.StatusBadRequest, err.Error())
	}
	var list s3response.DeleteObjects
	if len(body) > maxDelete || xml.Unmarshal(body, &list) != nil || len(list.Objects) == 0 || len(list.Objects) > 1000 {
		return nil, refuse("MalformedXML", http.StatusBadRequest,
			"The XML you provided was not well-formed or did not validate against our published schema: want 1 to 1,000 objects")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var needs []need
	for _, object := range list.Objects {
		id := objectID{aws.ToString(object.Key), aws.ToString(object.VersionId)}
		keys := api.Keys{}
		if id.version != "" {
			keys["s3:VersionId"] = []string{id.version}
		}
		for _, n := range o.needs(bucketARN+"/"+id.key, id.version, keys) {
			n.object = id
			needs = append(needs, n)
		}
	}
	return needs, nil
}

// checkHeaders refuses headers that ask for what is not here.
func checkHeaders(h http.Header) error {
	for name := range h {
		for _, prefix := range []string{"X-Amz-Object-Lock-", "X-Amz-Server-Side-Encryption-Customer-", "X-Amz-Copy-Source-Server-Side-Encryption-Customer-",
			"X-Amz-Website-Redirect-Location", "X-Amz-Write-Offset-Bytes", "X-Amz-Mfa"} {
			if strings.HasPrefix(name, prefix) {
				return notImplemented("header " + name)
			}
		}
		// Buckets have no access control lists, as is the default
		// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html).
		if strings.HasPrefix(name, "X-Amz-Grant-") || name == "X-Amz-Acl" && h.Get(name) != "bucket-owner-full-control" {
			return refuse("AccessControlListNotSupported", http.StatusBadRequest, "The bucket does not allow ACLs")
		}
	}
	for _, name := range []string{"X-Amz-Expected-Bucket-Owner", "X-Amz-Source-Expected-Bucket-Owner"} {
		if cmp.Or(h.Get(name), api.Account) != api.Account {
			return refuse("AccessDenied", http.StatusForbidden, "the bucket belongs to account "+api.Account)
		}
	}
	return nil
}

// requestKeys are the condition keys of a request
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys).
func requestKeys(r *http.Request, query url.Values) api.Keys {
	keys := api.Keys{}
	set := func(name, value string) {
		if value != "" {
			keys[name] = []string{value}
		}
	}
	for _, name := range []string{"prefix", "delimiter", "max-keys"} {
		if query.Has(name) {
			keys["s3:"+name] = []string{query.Get(name)}
		}
	}
	for _, name := range []string{"x-amz-acl", "x-amz-content-sha256", "x-amz-copy-source", "x-amz-metadata-directive",
		"x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class"} {
		set("s3:"+name, r.Header.Get(name))
	}
	set("s3:VersionId", query.Get("versionId"))
	switch {
	case r.Header.Get("Authorization") != "":
		set("s3:authType", "REST-HEADER")
	case query.Has("X-Amz-Credential"):
		set("s3:authType", "REST-QUERY-STRING")
	}
	if tags, err := url.ParseQuery(r.Header.Get("X-Amz-Tagging")); err == nil {
		for name, values := range tags {
			keys["s3:RequestObjectTag/"+name] = values
			keys["s3:RequestObjectTagKeys"] = append(keys["s3:RequestObjectTagKeys"], name)
		}
	}
	return keys
}
