package httpfn

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// shape is who sent an event.
type shape int

const (
	payload2     shape = iota + 1 // HTTP API and function URL
	payload1                      // REST API, and HTTP API with payload format 1.0
	loadBalancer                  // ALB target group
)

// event is the union of the events' members:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// and https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html.
type event struct {
	shape                           shape
	Version                         string              `json:"version"`
	RawPath                         string              `json:"rawPath"`
	RawQueryString                  string              `json:"rawQueryString"`
	Cookies                         []string            `json:"cookies"`
	HTTPMethod                      string              `json:"httpMethod"`
	Path                            string              `json:"path"`
	Headers                         map[string]string   `json:"headers"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
	Body                            string              `json:"body"`
	IsBase64Encoded                 bool                `json:"isBase64Encoded"`
	RequestContext                  struct {
		DomainName string `json:"domainName"`
		Stage      string `json:"stage"`
		HTTP       struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
		Identity struct {
			SourceIP string `json:"sourceIp"`
		} `json:"identity"`
		ELB        *struct{}       `json:"elb"`
		Authorizer json.RawMessage `json:"authorizer"`
	} `json:"requestContext"`
}

func parse(raw json.RawMessage) (*event, error) {
	e := new(event)
	if err := json.Unmarshal(raw, e); err != nil {
		return nil, unknown(raw, err)
	}
	switch {
	case e.RequestContext.ELB != nil && e.HTTPMethod != "":
		e.shape = loadBalancer
	case e.Version == "2.0" && e.RequestContext.HTTP.Method != "":
		e.shape = payload2
	case (e.Version == "" || e.Version == "1.0") && e.HTTPMethod != "" && e.Path != "":
		e.shape = payload1
	default:
		return nil, unknown(raw, errors.New("it has no known shape"))
	}
	return e, nil
}

func unknown(raw json.RawMessage, err error) error {
	var members map[string]json.RawMessage
	// The members are for the message only. What is no object has none.
	_ = json.Unmarshal(raw, &members)
	return fmt.Errorf("the event with the members %q is not a request of an HTTP API, a REST API, a function URL or a load balancer: %w",
		slices.Sorted(maps.Keys(members)), err)
}

// multiValue says whether a load balancer sends, and expects, lists of values.
func (e *event) multiValue() bool { return e.MultiValueHeaders != nil }

// limit is how many bytes an answer may have as JSON: 6 MB
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), and
// 1 MB behind a load balancer
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html).
func (e *event) limit() int {
	if e.shape == loadBalancer {
		return 1 << 20
	}
	return 6 << 20
}

// claims are those of the request's JWT, or nil.
func (e *event) claims() map[string]string {
	type described struct {
		Claims map[string]json.RawMessage `json:"claims"`
	}
	var authorizer struct {
		described
		JWT described `json:"jwt"`
	}
	// What a Lambda authorizer adds may be of any form, and is no JWT.
	if json.Unmarshal(e.RequestContext.Authorizer, &authorizer) != nil {
		return nil
	}
	found := authorizer.JWT.Claims
	if e.shape == payload1 {
		found = authorizer.Claims
	}
	if e.shape == loadBalancer || found == nil {
		return nil
	}
	claims := make(map[string]string, len(found))
	for name, value := range found {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = strings.TrimSpace(string(value))
		}
		claims[name] = text
	}
	return claims
}
