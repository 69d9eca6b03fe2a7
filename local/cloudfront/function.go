package cloudfront

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/dop251/goja"
)

// The limits of a function: of its code in bytes, as on AWS
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-functions),
// and of its run, which catches what would never end. AWS counts compute units, which
// say nothing of another machine.
const (
	maxFunctionCode = 10_240
	maxFunctionTime = 10 * time.Second // so that being busy is none
)

// Function is a CloudFront function. It is safe for concurrent use.
type Function struct {
	program *goja.Program
	log     func(line string)
}

// NewFunction compiles a function's code, always in strict mode
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html).
// Log takes what the function writes to the console. The error tells why the code
// is refused.
func NewFunction(name, code string, log func(line string)) (*Function, error) {
	if len(code) > maxFunctionCode {
		return nil, fmt.Errorf("function %s: the code has %d bytes: want at most %d", name, len(code), maxFunctionCode)
	}
	program, err := goja.Compile(name, code, true)
	if err != nil {
		return nil, fmt.Errorf("function %s: %w", name, err)
	}
	return &Function{program, log}, nil
}

// run returns what the function makes of an event, both in JSON. Each run has a
// runtime of its own, as nothing is shared between requests.
func (f *Function) run(event []byte) ([]byte, error) {
	vm := goja.New()
	timer := time.AfterFunc(maxFunctionTime, func() { vm.Interrupt(errors.New("the function runs for too long")) })
	defer timer.Stop()
	console := vm.NewObject()
	if err := errors.Join(console.Set("log", func(call goja.FunctionCall) goja.Value {
		f.log(call.Argument(0).String())
		return goja.Undefined()
	}), vm.Set("console", console)); err != nil {
		return nil, err
	}
	// The function may replace the global JSON.
	parse, _ := goja.AssertFunction(vm.Get("JSON").ToObject(vm).Get("parse"))
	stringify, _ := goja.AssertFunction(vm.Get("JSON").ToObject(vm).Get("stringify"))
	if _, err := vm.RunProgram(f.program); err != nil {
		return nil, err
	}
	handler, ok := goja.AssertFunction(vm.Get("handler"))
	if !ok {
		return nil, errors.New("want a function named handler")
	}
	argument, err := parse(goja.Undefined(), vm.ToValue(string(event)))
	if err != nil {
		return nil, err
	}
	result, err := handler(goja.Undefined(), argument)
	if err != nil {
		return nil, err
	}
	if promise, ok := result.Export().(*goja.Promise); ok {
		if promise.State() != goja.PromiseStateFulfilled {
			return nil, fmt.Errorf("the promise of handler is not fulfilled: %v", promise.Result())
		}
		result = promise.Result()
	}
	text, err := stringify(goja.Undefined(), result)
	if err != nil {
		return nil, err
	}
	return []byte(text.String()), nil
}

// errFunction is the error of a function that does not run to its end. Other errors
// are of what it returns.
var errFunction = errors.New("cloudfront: the function failed")

// apply runs the function for a viewer's request, and returns the request that it
// makes of it, or the response that it answers with.
func (h *Handler) apply(f *Function, r *http.Request, target *url.URL) (*http.Request, *url.URL, *functionResponse, error) {
	before := newFunctionRequest(r, target)
	event, err := json.Marshal(map[string]any{
		"version": "1.0",
		"context": map[string]string{
			"distributionDomainName": r.Host,
			"distributionId":         h.distribution.ID,
			"eventType":              "viewer-request",
			"requestId":              r.Header.Get(requestID),
		},
		"viewer":  map[string]string{"ip": address(r)},
		"request": before,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	output, err := f.run(event)
	if err != nil {
		f.log("ERROR: " + err.Error())
		return nil, nil, nil, fmt.Errorf("%w: %w", errFunction, err)
	}
	var result struct {
		functionRequest
		functionResponse
		Headers fields `json:"headers"` // of either
		Cookies fields `json:"cookies"`
	}
	if err := json.Unmarshal(output, &result); err != nil {
		return nil, nil, nil, err
	}
	if result.StatusCode != 0 {
		result.headers, result.cookies = result.Headers, result.Cookies
		return nil, nil, &result.functionResponse, result.check()
	}
	after := result.functionRequest
	after.Headers, after.Cookies = result.Headers, result.Cookies
	r, target, err = after.request(r, before, target)
	return r, target, nil, err
}
