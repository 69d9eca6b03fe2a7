package apigateway

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/aws/aws-lambda-go/events"
)

// parseResponse reads a function's answer in the payload format 2.0. Without a
// status code, the answer is the body; with one but without a content type, it has
// the default one
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response).
func parseResponse(output []byte, defaultType string) (*answer, error) {
	var members map[string]json.RawMessage
	if json.Valid(output) && (json.Unmarshal(output, &members) != nil || members["statusCode"] == nil) {
		var text string
		if json.Unmarshal(output, &text) == nil && output[0] == '"' {
			output = []byte(text)
		}
		return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: output}, nil
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(output, &response); err != nil {
		return nil, fmt.Errorf("the function's answer is malformed: %w", err)
	}
	if response.StatusCode < 200 || response.StatusCode > 599 {
		return nil, fmt.Errorf("the function's answer has the status code %d: use 200 to 599", response.StatusCode)
	}
	a := &answer{status: response.StatusCode, header: http.Header{"Content-Type": {defaultType}}, body: []byte(response.Body)}
	if response.IsBase64Encoded {
		var err error
		if a.body, err = base64.StdEncoding.DecodeString(response.Body); err != nil {
			return nil, fmt.Errorf("the function's answer says isBase64Encoded, but its body is not: %w", err)
		}
	}
	return a, writeHeader(a.header, &response)
}

var (
	headerName  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	headerValue = regexp.MustCompile(`^[^\x00-\x08\x0a-\x1f\x7f]*$`)
)

// writeHeader adds the function's headers but those that are the gateway's own.
func writeHeader(header http.Header, response *events.APIGatewayV2HTTPResponse) error {
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		value := response.Headers[name]
		if !headerName.MatchString(name) || !headerValue.MatchString(value) {
			return fmt.Errorf("the function's answer has the header %q: %q, which HTTP does not allow", name, value)
		}
		if canonical := http.CanonicalHeaderKey(name); !hopByHop[canonical] && canonical != "Content-Length" {
			header.Set(name, value)
		}
	}
	for _, cookie := range response.Cookies {
		if !headerValue.MatchString(cookie) {
			return fmt.Errorf("the function's answer has the cookie %q, which HTTP does not allow", cookie)
		}
		header.Add("Set-Cookie", cookie)
	}
	return nil
}
