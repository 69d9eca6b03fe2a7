package cloudfront

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// fields are query parameters, headers or cookies in the structure that functions
// see (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html#functions-event-structure-query-header-cookie).
type fields map[string]field

type field struct {
	Value      string  `json:"value"`
	Attributes string  `json:"attributes,omitempty"`
	MultiValue []field `json:"multiValue,omitempty"`
}

func (f fields) add(name, value string) {
	one, ok := f[name]
	switch {
	case !ok:
		one.Value = value
	case one.MultiValue == nil:
		one.MultiValue = []field{{Value: one.Value}, {Value: value}}
	default:
		one.MultiValue = append(one.MultiValue, field{Value: value})
	}
	f[name] = one
}

// values are all values of a field.
func (f field) values() []field {
	if len(f.MultiValue) > 0 {
		return f.MultiValue
	}
	return []field{f}
}

// join writes all fields as name=value.
func (f fields) join(separator string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		for _, one := range f[name].values() {
			parts = append(parts, name+"="+one.Value)
		}
	}
	return strings.Join(parts, separator)
}

func (f fields) header() http.Header {
	header := http.Header{}
	for name, one := range f {
		for _, value := range one.values() {
			header.Add(name, value.Value)
		}
	}
	return header
}

func parseFields(text, separator string) fields {
	f := fields{}
	for pair := range strings.SplitSeq(text, separator) {
		if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); name != "" {
			f.add(name, value)
		}
	}
	return f
}

// functionRequest is a request as functions see and return it.
type functionRequest struct {
	Method      string `json:"method"`
	URI         string `json:"uri"`
	Querystring fields `json:"querystring"`
	Headers     fields `json:"headers"`
	Cookies     fields `json:"cookies"`
}

func newFunctionRequest(r *http.Request, target *url.URL) functionRequest {
	f := functionRequest{
		Method: r.Method, URI: target.EscapedPath(), Querystring: parseFields(target.RawQuery, "&"),
		Headers: fields{"host": {Value: r.Host}}, Cookies: parseFields(strings.Join(r.Header["Cookie"], ";"), ";"),
	}
	for name, values := range r.Header {
		for _, value := range values {
			if name != "Cookie" && !hidden(name) {
				f.Headers.add(strings.ToLower(name), value)
			}
		}
	}
	return f
}

// Headers that a function may neither add nor change, and those that it may not add
// and does not see
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html).
var (
	readOnlyHeaders = []string{"content-length", "host", "transfer-encoding", "via"}
	hiddenHeaders   = []string{"Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Trailer", "Upgrade", "X-Accel-Buffering", "X-Accel-Charset", "X-Accel-Limit-Rate", "X-Accel-Redirect", "X-Cache", "X-Forwarded-Proto", "X-Real-Ip"}
	hiddenPrefixes = []string{"X-Amz-Cf-", "X-Amzn-", "X-Edge-"}
)

// hidden says whether functions do not see a header.
func hidden(name string) bool {
	return slices.Contains(hiddenHeaders, name) ||
		slices.ContainsFunc(hiddenPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// apply takes over what a function has changed of a field's first value. Where it
// has changed multiValue, that counts
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html#functions-event-structure-multivalue).
func (f fields) apply(before fields) {
	for name, one := range f {
		if len(one.MultiValue) > 0 && reflect.DeepEqual(one.MultiValue, before[name].MultiValue) {
			one.MultiValue[0].Value = one.Value
		}
	}
}

// checkHeaders refuses changes of headers that functions must leave alone.
func (f *functionRequest) checkHeaders(before functionRequest) error {
	for _, name := range readOnlyHeaders {
		if !reflect.DeepEqual(f.Headers[name], before.Headers[name]) {
			return fmt.Errorf("the function changes the header %s", name)
		}
	}
	for name := range f.Headers {
		if hidden(http.CanonicalHeaderKey(name)) {
			return fmt.Errorf("the function adds the header %s", name)
		}
	}
	return nil
}

// request returns what becomes of a request that a function has changed. What it
// has not changed, or does not see, stays as the viewer wrote it.
func (f *functionRequest) request(r *http.Request, before functionRequest, target *url.URL) (*http.Request, *url.URL, error) {
	path, err := url.PathUnescape(f.URI)
	switch {
	case err != nil || !strings.HasPrefix(f.URI, "/"):
		return nil, nil, fmt.Errorf("the function returns the uri %q: want one that starts with a slash", f.URI)
	case f.Method != before.Method:
		return nil, nil, fmt.Errorf("the function changes the method to %q", f.Method)
	}
	if err := f.checkHeaders(before); err != nil {
		return nil, nil, err
	}
	f.Headers.apply(before.Headers)
	f.Querystring.apply(before.Querystring)
	f.Cookies.apply(before.Cookies)
	changed := r.Clone(r.Context())
	changed.Header = f.Headers.header()
	changed.Header.Del("Host")
	for name, values := range r.Header {
		if hidden(name) {
			changed.Header[name] = values
		}
	}
	changed.Header["Cookie"] = r.Header["Cookie"]
	if !reflect.DeepEqual(f.Cookies, before.Cookies) {
		changed.Header.Set("Cookie", f.Cookies.join("; "))
	}
	maps.DeleteFunc(changed.Header, func(_ string, values []string) bool { return strings.Join(values, "") == "" })
	asked := &url.URL{Path: path, RawPath: f.URI, RawQuery: target.RawQuery}
	if !reflect.DeepEqual(f.Querystring, before.Querystring) {
		asked.RawQuery = f.Querystring.join("&")
	}
	return changed, asked, nil
}

// functionResponse is an answer of a function.
type functionResponse struct {
	StatusCode       int             `json:"statusCode"`
	Body             json.RawMessage `json:"body"`
	headers, cookies fields
	content          []byte
}

// check reads the body: a text, or an object that tells its encoding.
func (f *functionResponse) check() error {
	if f.StatusCode < http.StatusOK || f.StatusCode > 599 {
		return fmt.Errorf("the function returns the status %d", f.StatusCode)
	}
	body := struct{ Encoding, Data string }{}
	if f.Body == nil || json.Unmarshal(f.Body, &body.Data) == nil {
		f.content = []byte(body.Data)
		return nil
	}
	err := json.Unmarshal(f.Body, &body)
	switch encoding := cmp.Or(body.Encoding, "text"); {
	case err != nil:
	case encoding == "text":
		f.content = []byte(body.Data)
	case encoding == "base64":
		f.content, err = base64.StdEncoding.DecodeString(body.Data)
	default:
		err = errors.New("the function returns a body that is neither text nor base64")
	}
	return err
}

// write answers a viewer.
func (f *functionResponse) write(v *viewer) {
	header := v.Header()
	maps.Copy(header, f.headers.header())
	for _, name := range slices.Sorted(maps.Keys(f.cookies)) {
		for _, one := range f.cookies[name].values() {
			cookie := name + "=" + one.Value
			if one.Attributes != "" {
				cookie += "; " + one.Attributes
			}
			header.Add("Set-Cookie", cookie)
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(f.content)))
	if _, ok := header["Content-Type"]; !ok {
		header["Content-Type"] = nil // of the content nothing is guessed
	}
	v.result = generated
	v.WriteHeader(f.StatusCode)
	_, _ = v.Write(f.content) // it fails for a viewer that has gone
}
