package table_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the requests in testdata")

// answer is what DynamoDB answers a request.
type answer struct {
	status int
	body   string
}

// Answers that need no words.
var (
	success = answer{200, `{}`}
	// failure is one that the SDK does not repeat.
	failure = answer{400, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no such table"}`}
)

// refused answers that a condition failed on an item: the JSON of its attributes,
// or "" if there is none.
func refused(attributes string) answer {
	if attributes != "" {
		attributes = `,"Item":` + attributes
	}
	return answer{400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"` + attributes + `}`}
}

// cancelled answers that a transaction was cancelled, for reasons such as
// "None" or `ConditionalCheckFailed {"id":…}`.
func cancelled(reasons ...string) answer {
	for i, r := range reasons {
		code, attributes, _ := strings.Cut(r, " ")
		if attributes != "" {
			attributes = `,"Item":` + attributes
		}
		reasons[i] = fmt.Sprintf(`{"Code":%q%s}`, code, attributes)
	}
	return answer{400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled",` +
		`"CancellationReasons":[` + strings.Join(reasons, ",") + `]}`}
}

// request is one that DynamoDB got.
type request struct {
	Operation string
	Input     map[string]any
}

// fake is DynamoDB: it gives the answers in their order and notes the requests.
type fake struct {
	answers  []answer
	requests []request
}

// client returns a client of the SDK that talks to the fake and repeats nothing.
func (f *fake) client() *dynamodb.Client {
	return dynamodb.NewFromConfig(aws.Config{
		Region:      "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		HTTPClient:  f,
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	})
}

// Do answers a request of the SDK.
func (f *fake) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	got := request{Operation: operation}
	if err := json.Unmarshal(body, &got.Input); err != nil {
		return nil, err
	}
	if token, ok := got.Input["ClientRequestToken"]; ok && token != "" {
		got.Input["ClientRequestToken"] = "<token>"
	}
	f.requests = append(f.requests, got)
	if len(f.answers) == 0 {
		return nil, errors.New("the fake has no answer left")
	}
	a := f.answers[0]
	f.answers = f.answers[1:]
	return &http.Response{
		StatusCode: a.status,
		Header:     http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:       io.NopCloser(strings.NewReader(a.body)),
		Request:    r,
	}, nil
}

// operations lists the operations of the requests.
func (f *fake) operations() string {
	var names []string
	for _, r := range f.requests {
		names = append(names, r.Operation)
	}
	return strings.Join(names, " ")
}

// match holds the requests against those in testdata.
func (f *fake) match(t *testing.T, name string) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(f.requests); err != nil {
		t.Fatal(err)
	}
	path := "testdata/" + name + ".json"
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// checkError holds an error against a text, or a part of it; "" means no error.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil {
		t.Errorf("unexpected error: %v", err)
	}
	if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("got error %v, want %s", err, want)
	}
}
