package cloudfront

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// What the header X-Cache says of an answer.
const (
	hit        = "Hit from cloudfront"
	refreshHit = "RefreshHit from cloudfront"
	miss       = "Miss from cloudfront"
	failure    = "Error from cloudfront"
	generated  = "FunctionGeneratedResponse from cloudfront"
	broken     = "FunctionExecutionError from cloudfront"
)

// viewer is where an answer goes to.
type viewer struct {
	http.ResponseWriter
	id      string // of the distribution
	request string // its ID
	headers []Header
	keeps   bool           // cookies that the origin sets
	bucket  bool           // whether the answer is that of a bucket
	result  string         // for X-Cache
	size    string         // of the content, if it is sent whole
	as      int            // the status in place of 200, if it is not 0
	paged   func(int) bool // whether a page takes the place of errors with a status
	wrote   bool           // whether there is a status
	failed  int            // the status of an error that a page takes the place of
}

// refuse answers for the distribution itself.
func (v *viewer) refuse(status int, message string) {
	v.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.WriteHeader(status)
	_, _ = io.WriteString(v, message+"\n")
}

// content sends an object as far as the request wants it.
func (v *viewer) content(r *http.Request, a *answer) {
	header := v.Header()
	v.size = strconv.FormatInt(a.size, 10)
	header.Del("Content-Length")
	if _, ok := header["Content-Type"]; !ok {
		header["Content-Type"] = nil // of the content nothing is guessed
	}
	modified, _ := http.ParseTime(header.Get("Last-Modified"))
	var content io.ReadSeeker = bytes.NewReader(a.body)
	ranges := r.Header.Get("Range")
	whole := !orderly(ranges)
	if r.Method == http.MethodHead {
		content = io.NewSectionReader(nil, 0, a.size) // of one range nothing is read
		whole = whole || strings.Contains(ranges, ",")
	}
	if whole {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	http.ServeContent(v, r, "", modified, content)
}

// WriteHeader implements http.ResponseWriter.
func (v *viewer) WriteHeader(status int) {
	if v.paged != nil && v.paged(status) {
		v.failed = status
		return
	}
	v.wrote = true
	header := v.Header()
	header.Set("Via", via(1, 1, v.id))
	header.Set(requestID, v.request)
	header.Set("X-Cache", v.result)
	if (status >= http.StatusBadRequest || v.as != 0) && v.result != generated && v.result != broken {
		header.Set("X-Cache", failure)
	}
	for _, h := range v.headers {
		if h.Override || header.Get(h.Name) == "" {
			header.Set(h.Name, h.Value)
		}
	}
	if !v.keeps && v.result != generated {
		header.Del("Set-Cookie")
	}
	if v.bucket {
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html#response-s3-removed-headers
		header.Del("X-Amz-Id-2")
		header.Del("X-Amz-Request-Id")
	}
	if status == http.StatusOK {
		if v.size != "" {
			header.Set("Content-Length", v.size)
		}
		if v.as != 0 {
			status = v.as
		}
	}
	v.ResponseWriter.WriteHeader(status)
}

// via is what a distribution adds to the header Via.
func via(major, minor int, distribution string) string {
	return fmt.Sprintf("%d.%d %s.cloudfront.net (CloudFront)", major, minor, strings.ToLower(distribution))
}

// Write implements http.ResponseWriter.
func (v *viewer) Write(p []byte) (int, error) {
	if v.failed != 0 {
		return len(p), nil
	}
	if !v.wrote {
		v.WriteHeader(http.StatusOK)
	}
	return v.ResponseWriter.Write(p)
}

// orderly says whether the ranges of a Range header are such that they are sent: one,
// or several in ascending order that do not overlap. Or else the whole object is
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RangeGETs.html).
func orderly(ranges string) bool {
	list, ok := strings.CutPrefix(ranges, "bytes=")
	specs := strings.Split(list, ",")
	next := uint64(0)
	for i, one := range specs {
		first, last, dash := strings.Cut(strings.TrimSpace(one), "-")
		switch {
		case first == "" && len(specs) == 1:
			first = "0" // the last bytes
		case last == "" && i == len(specs)-1:
			last = first // to the end
		}
		from, err := strconv.ParseUint(first, 10, 63)
		to, err2 := strconv.ParseUint(last, 10, 63)
		ok = ok && dash && err == nil && err2 == nil && from >= next && to >= from
		next = to + 1
	}
	return ok
}
