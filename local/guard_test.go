package local_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/noidle/noidle/local"
)

// startGuarded starts one of each that listens: the AWS endpoint with a bucket, an
// HTTP API, a distribution and a user pool's pages. The bucket and the API have CORS
// rules for a shop.
func startGuarded(t *testing.T) (c *local.Cloud, urls map[string]string) {
	t.Helper()
	cors := `, "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["PUT"], "AllowedHeaders": ["*"], "AllowedOrigins": ["http://127.0.0.1:*", "https://shop.example.com"]}]}`
	shopAPI := strings.Replace(httpAPI(""), `"ProtocolType": "HTTP"`, `"ProtocolType": "HTTP", "CorsConfiguration": {"AllowOrigins": ["https://shop.example.com"], "AllowMethods": ["*"]}`, 1)
	resources := []string{bucket("Photos", blocked+cors), bucketPolicy(distributionMay(`{"Ref": "Web"}`)), distribution(""), function(""), shopAPI, mayInvoke, userPool("", "", "")}
	c, err := local.Start(write(t, strings.Join(resources, ","), `
		"API": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}, "Site": {"Value": {"Fn::Sub": "https://${Web.DomainName}"}},
		"Pages": {"Value": {"Fn::Sub": "https://${Domain}.auth.us-east-1.amazoncognito.com"}}, "Client": {"Value": {"Ref": "Client"}}`), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := putObject(t, objects(c, "test", "test", ""), "cat"); err != nil {
		t.Fatal(err)
	}
	download, err := s3.NewPresignClient(objects(c, "test", "test", "")).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: new("photos"), Key: new("cat")},
		func(o *s3.PresignOptions) {
			o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) { o.UsePathStyle = true })
		})
	if err != nil {
		t.Fatal(err)
	}
	out := c.Outputs()["Main"]
	return c, map[string]string{
		"endpoint": download.URL, "API": out["API"] + "/unknown", "distribution": out["Site"] + "/cat",
		"pages": out["Pages"] + "/login?response_type=code&redirect_uri=http://127.0.0.1/&client_id=" + out["Client"],
	}
}

// visit sends a request, for a host unless that is empty.
func visit(t *testing.T, method, url, host, body string, header ...string) (status int, text string, got http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content), response.Header
}

// No listener takes a request that names another host, as after DNS rebinding, or
// that a browser sends for a foreign page; each takes those of this machine.
func TestGuard(t *testing.T) {
	_, urls := startGuarded(t)
	const origin, site, mode, dest = "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"
	tests := []struct {
		name, host string
		header     []string
		refused    int // 0 if it is taken
	}{
		{"no browser", "", nil, 0},
		{"localhost", "LOCALHOST:1", nil, 0},
		{"name under localhost", "app.localhost", nil, 0},
		{"IPv6", "[::1]:4566", nil, 0},
		{"rebinding", "evil.example", nil, 421},
		{"rebinding, same origin", "evil.example:4566", []string{origin, "http://evil.example:4566", site, "same-origin"}, 421},
		{"name that looks like localhost", "localhost.evil.example", nil, 421},
		{"name that looks like an address", "127.0.0.1.evil.example", nil, 421},
		{"any address", "0.0.0.0:4566", nil, 421},
		{"user before the address", "evil.example@127.0.0.1", nil, 421},
		{"foreign origin", "", []string{origin, "https://evil.example"}, 403},
		{"foreign origin that says it is near", "", []string{origin, "https://evil.example", site, "same-site"}, 403},
		{"origin that looks like localhost", "", []string{origin, "http://localhost.evil.example"}, 403},
		{"extension", "", []string{origin, "chrome-extension://localhost"}, 403},
		{"hidden origin", "", []string{origin, "null"}, 403},
		{"hidden origin from elsewhere", "", []string{origin, "null", site, "cross-site"}, 403},
		{"hidden origin of the same site", "", []string{origin, "null", site, "same-origin"}, 0},
		{"two origins", "", []string{origin, "http://127.0.0.1:1", origin, "https://evil.example"}, 403},
		{"image in a foreign page", "", []string{site, "cross-site", mode, "no-cors", dest, "image", "Referer", "https://evil.example/"}, 403},
		{"image in a foreign page without referrer", "", []string{site, "cross-site", mode, "no-cors", dest, "image"}, 403},
		{"foreign frame", "", []string{site, "cross-site", mode, "navigate", dest, "iframe"}, 403},
		{"image in a page of localhost", "", []string{site, "cross-site", mode, "no-cors", dest, "image", "Referer", "http://localhost:3000/"}, 0},
		{"page of another port", "", []string{origin, "http://127.0.0.1:3000", site, "same-site"}, 0},
		{"page of localhost", "", []string{origin, "http://localhost:3000", site, "cross-site"}, 0},
		{"page of IPv6", "", []string{origin, "http://[::1]:3000", site, "cross-site"}, 0},
		{"address bar", "", []string{site, "none", mode, "navigate", dest, "document"}, 0},
	}
	for _, tt := range tests {
		for listener, address := range urls {
			if listener == "endpoint" && tt.host != "" && tt.refused == 0 {
				continue // S3 signs the host
			}
			t.Run(tt.name+"/"+listener, func(t *testing.T) {
				status, text, _ := visit(t, "GET", address, tt.host, "", tt.header...)
				taken := map[string]int{"endpoint": 200, "API": 404, "distribution": 200, "pages": 200}[listener]
				want := taken
				if tt.refused != 0 {
					want = tt.refused
				}
				if status != want || tt.refused != 0 && !strings.Contains(text, "this machine") {
					t.Errorf("status %d, want %d: %s", status, want, text)
				}
			})
		}
	}
}

// Links of other sites lead to pages, but not to the AWS endpoint, and forms lead
// nowhere.
func TestGuardLinks(t *testing.T) {
	_, urls := startGuarded(t)
	for listener, want := range map[string]int{"endpoint": 403, "API": 404, "distribution": 200, "pages": 200} {
		link := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
		if status, text, _ := visit(t, "GET", urls[listener], "", "", link...); status != want {
			t.Errorf("%s: link: status %d, want %d: %s", listener, status, want, text)
		}
		if status, text, _ := visit(t, "POST", urls[listener], "", "a=b", append(link, "Origin", "https://evil.example")...); status != 403 || !strings.Contains(text, "https://evil.example") {
			t.Errorf("%s: form: status %d, want 403: %s", listener, status, text)
		}
	}
}

// A page of another port, and of an origin that the bucket's rules name, uploads with
// a presigned URL after a preflight request; others do not
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html).
func TestGuardUpload(t *testing.T) {
	c, urls := startGuarded(t)
	upload, err := s3.NewPresignClient(objects(c, "test", "test", "")).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: new("photos"), Key: new("dog")},
		func(o *s3.PresignOptions) {
			o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) { o.UsePathStyle = true })
		})
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]int{
		"http://127.0.0.1:3000": 200, "https://shop.example.com": 200, "https://evil.example": 403, "https://shop.example.com.evil.example": 403,
	} {
		status, _, header := visit(t, "OPTIONS", upload.URL, "", "", "Origin", origin, "Sec-Fetch-Site", "cross-site", "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "content-type")
		if status != want || (header.Get("Access-Control-Allow-Origin") != "") != (want == 200) {
			t.Errorf("%s: preflight: status %d, want %d: %v", origin, status, want, header)
		}
		status, text, header := visit(t, "PUT", upload.URL, "", "woof", "Origin", origin, "Sec-Fetch-Site", "cross-site")
		if status != want || (header.Get("Access-Control-Allow-Origin") != "") != (want == 200) {
			t.Errorf("%s: status %d, want %d: %s", origin, status, want, text)
		}
	}
	if status, text, _ := visit(t, "GET", urls["endpoint"], "", "", "Origin", "https://shop.example.com"); status != 403 {
		t.Errorf("a method that the rules do not name: status %d, want 403: %s", status, text)
	}
}

// What a bucket's rules let in reaches no other service by way of the bucket's path.
func TestGuardOtherServices(t *testing.T) {
	c, _ := startGuarded(t)
	for _, service := range []string{"sns", "sqs", "lambda", "dynamodb", "cloudfront", "cognito-idp"} {
		address := c.URL() + "/photos/cat?X-Amz-Credential=" + url.QueryEscape("a/20260101/us-east-1/"+service+"/aws4_request")
		if status, text, _ := visit(t, "PUT", address, "", "", "Origin", "https://shop.example.com"); status != 403 || !strings.Contains(text, "foreign origin") {
			t.Errorf("%s: status %d: %s", service, status, text)
		}
	}
}

// The CORS rules of an API let in the origins that they name, others not even for
// simple requests, which browsers send without asking
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
func TestGuardAPI(t *testing.T) {
	_, urls := startGuarded(t)
	for origin, want := range map[string]int{"https://shop.example.com": 404, "http://localhost:3000": 404, "https://evil.example": 403} {
		if status, text, _ := visit(t, "POST", urls["API"], "", "order", "Origin", origin, "Content-Type", "text/plain"); status != want {
			t.Errorf("%s: status %d, want %d: %s", origin, status, want, text)
		}
	}
}

// What net/http answers itself with 501 or 505 is the client's fault at APIs and
// distributions.
func TestUnknownProtocol(t *testing.T) {
	_, urls := startGuarded(t)
	for _, listener := range []string{"API", "distribution"} {
		for _, request := range []string{"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n", "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: br\r\n\r\n"} {
			address, err := url.Parse(urls[listener])
			if err != nil {
				t.Fatal(err)
			}
			connection, err := net.Dial("tcp", address.Host)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprint(connection, request); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %q: status %d, want 400", listener, request, response.StatusCode)
			}
			_ = connection.Close()
		}
	}
}

// Only loopback addresses are listened on, and there is no way around.
func TestLoopbackOnly(t *testing.T) {
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0"} {
		c, err := local.Start(write(t, queue("Jobs"), ""), local.Options{Addr: address})
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "want a loopback address") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
