package s3

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is one of S3's operations, and how a request shows that it is meant.
type operation struct {
	name   string
	method string
	object bool   // the path names an object
	query  string // the parameter that names the operation, if one does
	copies bool   // the header X-Amz-Copy-Source names a source
	// actions are what a caller has to be allowed on the object or bucket, as the
	// Service Authorization Reference lists them.
	actions []string
	// versioned are what it is instead if the request names a version.
	versioned []string
	// parameters are those that the operation has further.
	parameters []string
}

const copySource = "X-Amz-Copy-Source"

var (
	listParameters   = []string{"prefix", "delimiter", "max-keys", "marker", "encoding-type"}
	answerParameters = []string{"versionId", "partNumber", "response-cache-control", "response-content-disposition",
		"response-content-encoding", "response-content-language", "response-content-type", "response-expires"}
)

// operations are those that are supported
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
// A request means the first that it fits.
var operations = []operation{
	{name: "HeadBucket", method: http.MethodHead, actions: []string{"s3:ListBucket"}},
	{name: "GetBucketCors", method: http.MethodGet, query: "cors", actions: []string{"s3:GetBucketCORS"}},
	{name: "GetBucketLocation", method: http.MethodGet, query: "location", actions: []string{"s3:GetBucketLocation"}},
	{name: "GetBucketVersioning", method: http.MethodGet, query: "versioning", actions: []string{"s3:GetBucketVersioning"}},
	{name: "ListMultipartUploads", method: http.MethodGet, query: "uploads", actions: []string{"s3:ListBucketMultipartUploads"},
		parameters: []string{"prefix", "delimiter", "max-uploads", "key-marker", "upload-id-marker", "encoding-type"}},
	{name: "ListObjectVersions", method: http.MethodGet, query: "versions", actions: []string{"s3:ListBucketVersions"},
		parameters: []string{"prefix", "delimiter", "max-keys", "key-marker", "version-id-marker", "encoding-type"}},
	{name: "ListObjectsV2", method: http.MethodGet, query: "list-type", actions: []string{"s3:ListBucket"},
		parameters: append([]string{"continuation-token", "start-after", "fetch-owner"}, listParameters...)},
	{name: "ListObjects", method: http.MethodGet, actions: []string{"s3:ListBucket"}, parameters: listParameters},
	{name: "DeleteObjects", method: http.MethodPost, query: "delete", actions: []string{"s3:DeleteObject"}, versioned: []string{"s3:DeleteObjectVersion"}},

	{name: "HeadObject", method: http.MethodHead, object: true, actions: []string{"s3:GetObject"}, versioned: []string{"s3:GetObjectVersion"},
		parameters: answerParameters},
	{name: "GetObjectAttributes", method: http.MethodGet, object: true, query: "attributes", actions: []string{"s3:GetObject", "s3:GetObjectAttributes"},
		versioned: []string{"s3:GetObjectVersion", "s3:GetObjectVersionAttributes"}, parameters: []string{"versionId"}},
	{name: "GetObjectTagging", method: http.MethodGet, object: true, query: "tagging", actions: []string{"s3:GetObjectTagging"},
		versioned: []string{"s3:GetObjectVersionTagging"}, parameters: []string{"versionId"}},
	{name: "ListParts", method: http.MethodGet, object: true, query: "uploadId", actions: []string{"s3:ListMultipartUploadParts"},
		parameters: []string{"max-parts", "part-number-marker", "encoding-type"}},
	{name: "GetObject", method: http.MethodGet, object: true, actions: []string{"s3:GetObject"}, versioned: []string{"s3:GetObjectVersion"},
		parameters: answerParameters},
	{name: "UploadPartCopy", method: http.MethodPut, object: true, query: "uploadId", copies: true, actions: []string{"s3:PutObject"}, parameters: []string{"partNumber"}},
	{name: "UploadPart", method: http.MethodPut, object: true, query: "uploadId", actions: []string{"s3:PutObject"}, parameters: []string{"partNumber"}},
	{name: "PutObjectTagging", method: http.MethodPut, object: true, query: "tagging", actions: []string{"s3:PutObjectTagging"},
		versioned: []string{"s3:PutObjectVersionTagging"}, parameters: []string{"versionId"}},
	{name: "CopyObject", method: http.MethodPut, object: true, copies: true, actions: []string{"s3:PutObject"}},
	{name: "PutObject", method: http.MethodPut, object: true, actions: []string{"s3:PutObject"}},
	{name: "CreateMultipartUpload", method: http.MethodPost, object: true, query: "uploads", actions: []string{"s3:PutObject"}},
	{name: "CompleteMultipartUpload", method: http.MethodPost, object: true, query: "uploadId", actions: []string{"s3:PutObject"}},
	{name: "AbortMultipartUpload", method: http.MethodDelete, object: true, query: "uploadId", actions: []string{"s3:AbortMultipartUpload"}},
	{name: "DeleteObjectTagging", method: http.MethodDelete, object: true, query: "tagging", actions: []string{"s3:DeleteObjectTagging"},
		versioned: []string{"s3:DeleteObjectVersionTagging"}, parameters: []string{"versionId"}},
	{name: "DeleteObject", method: http.MethodDelete, object: true, actions: []string{"s3:DeleteObject"}, versioned: []string{"s3:DeleteObjectVersion"},
		parameters: []string{"versionId"}},
}

var listBuckets = operation{name: "ListBuckets", method: http.MethodGet, actions: []string{"s3:ListAllMyBuckets"},
	parameters: []string{"prefix", "continuation-token", "max-buckets", "bucket-region"}}

// OperationNames returns the names of the operations that are supported.
func OperationNames() []string {
	names := []string{listBuckets.name}
	for _, o := range operations {
		names = append(names, o.name)
	}
	slices.Sort(names)
	return names
}

// target returns the bucket and the key that a request's path names.
func target(r *http.Request) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return bucket, key
}

// find returns the operation that a request means. It refuses one with a
// parameter that the operation has not, as that asks for another operation or
// for what is not here.
func find(r *http.Request, query url.Values) (operation, error) {
	bucket, key := target(r)
	found := listBuckets
	if bucket != "" {
		i := slices.IndexFunc(operations, func(o operation) bool {
			return o.method == r.Method && o.object == (key != "") && (o.query == "" || query.Has(o.query)) && (!o.copies || r.Header.Get(copySource) != "")
		})
		if i < 0 {
			return operation{}, notImplemented(r.Method + " of this resource")
		}
		found = operations[i]
	} else if r.Method != http.MethodGet || key != "" {
		return operation{}, notImplemented(r.Method + " of this resource")
	}
	for name := range query {
		if name != found.query && !slices.Contains(found.parameters, name) && !strings.HasPrefix(strings.ToLower(name), "x-") {
			return operation{}, notImplemented("parameter " + name + " of " + found.name)
		}
	}
	return found, nil
}

func notImplemented(what string) error {
	return refuse("NotImplemented", http.StatusNotImplemented, what+" is not supported locally")
}
