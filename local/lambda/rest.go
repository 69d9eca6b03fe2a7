package lambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// Routes are the operations that Handler answers, by their names.
func (s *Service) Routes() map[string]Route {
	return map[string]Route{
		"Invoke":                   {"POST /2015-03-31/functions/{name}/invocations", s.serveInvoke},
		"GetFunction":              {"GET /2015-03-31/functions/{name}", s.serveGetFunction},
		"GetFunctionConfiguration": {"GET /2015-03-31/functions/{name}/configuration", s.serveGetConfiguration},
		"ListFunctions":            {"GET /2015-03-31/functions", s.serveListFunctions},
	}
}

// Route is an operation's place in the API.
type Route struct {
	pattern string
	serve   func(call *api.Call, w http.ResponseWriter, r *http.Request) error
}

// Operations are the operations that other services call without HTTP. Invoke's
// Payload is any JSON, as in a state machine's task.
func (s *Service) Operations() api.Operations {
	return api.Operations{"Invoke": api.Op(s.invoke)}
}

// Handler serves Lambda's API
// (https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html).
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.Routes() {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, request *http.Request) {
			if err := r.serve(api.From(request.Context()), w, request); err != nil {
				api.WriteJSONError(w, request, err)
			}
		})
	}
	mux.HandleFunc("GET /2015-03-31/functions/{$}", func(w http.ResponseWriter, r *http.Request) {
		if err := s.serveListFunctions(api.From(r.Context()), w, r); err != nil {
			api.WriteJSONError(w, r, err)
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		api.WriteJSONError(w, r, &api.Error{
			Code:    "UnknownOperationException",
			Message: r.Method + " " + r.URL.Path + " is not supported locally",
			Status:  http.StatusNotFound,
		})
	})
	return mux
}

type invokeInput struct {
	FunctionName   string
	InvocationType string
	Qualifier      string
	Payload        json.RawMessage
}

type invokeOutput struct {
	StatusCode      int
	ExecutedVersion string          `json:",omitempty"`
	FunctionError   string          `json:",omitempty"`
	Payload         json.RawMessage `json:",omitempty"`
}

func (s *Service) invoke(call *api.Call, in *invokeInput) (*invokeOutput, error) {
	payload := []byte(in.Payload)
	if len(bytes.TrimSpace(payload)) == 0 {
		payload = []byte("{}")
	}
	if in.Qualifier != "" && in.Qualifier != "$LATEST" {
		return nil, &api.Error{Code: "ResourceNotFoundException", Message: "qualifier " + in.Qualifier + " is not supported locally: there is only $LATEST", Status: http.StatusNotFound}
	}
	switch in.InvocationType {
	case "", "RequestResponse":
		response, err := s.Invoke(call, in.FunctionName, payload)
		if failure, ok := errors.AsType[*FunctionError](err); ok {
			response, err := json.Marshal(failure)
			return &invokeOutput{StatusCode: http.StatusOK, ExecutedVersion: "$LATEST", FunctionError: "Unhandled", Payload: response}, err
		}
		return &invokeOutput{StatusCode: http.StatusOK, ExecutedVersion: "$LATEST", Payload: response}, err
	case "Event":
		return &invokeOutput{StatusCode: http.StatusAccepted}, s.InvokeAsync(call, in.FunctionName, payload)
	case "DryRun":
		_, err := s.admit(call, in.FunctionName, payload, maxPayload, nil)
		return &invokeOutput{StatusCode: http.StatusNoContent}, err
	}
	return nil, &api.Error{Code: "InvalidParameterValueException", Message: "invocation type " + in.InvocationType + ": want RequestResponse, Event or DryRun"}
}

func (s *Service) serveInvoke(call *api.Call, w http.ResponseWriter, r *http.Request) error {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload+1))
	if _, large := errors.AsType[*http.MaxBytesError](err); err != nil && !large {
		return &api.Error{Code: "InvalidRequestContentException", Message: err.Error()}
	}
	out, err := s.invoke(call, &invokeInput{
		FunctionName:   r.PathValue("name"),
		InvocationType: r.Header.Get("X-Amz-Invocation-Type"),
		Qualifier:      r.URL.Query().Get("Qualifier"),
		Payload:        payload,
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("X-Amz-Executed-Version", out.ExecutedVersion)
	if out.FunctionError != "" {
		h.Set("X-Amz-Function-Error", out.FunctionError)
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(out.StatusCode)
	_, _ = w.Write(out.Payload)
	return nil
}

// configuration is a function as the API describes it.
type configuration struct {
	FunctionName  string
	FunctionArn   string
	Handler       string
	Runtime       string
	MemorySize    int
	Timeout       int
	PackageType   string
	State         string
	Version       string
	Environment   struct{ Variables map[string]string }
	LoggingConfig struct{ LogFormat, LogGroup string }
}

func (f *function) describe() configuration {
	c := configuration{
		FunctionName: f.Name,
		FunctionArn:  f.ARN(),
		Handler:      "bootstrap",
		Runtime:      f.Runtime,
		MemorySize:   f.Memory,
		Timeout:      int(f.Timeout.Seconds()),
		PackageType:  "Zip",
		State:        "Active",
		Version:      "$LATEST",
	}
	c.Environment.Variables = maps.Clone(f.Environment)
	maps.DeleteFunc(c.Environment.Variables, func(name, _ string) bool { return strings.HasPrefix(name, "AWS_") })
	c.LoggingConfig.LogFormat, c.LoggingConfig.LogGroup = "Text", f.logGroup()
	if f.JSONLogs {
		c.LoggingConfig.LogFormat = "JSON"
	}
	return c
}

func (s *Service) describe(call *api.Call, r *http.Request, action string) (configuration, error) {
	f, err := s.function(r.PathValue("name"))
	if err != nil {
		return configuration{}, err
	}
	if err := call.Authorize(action, f.ARN(), nil); err != nil {
		return configuration{}, err
	}
	return f.describe(), nil
}

func (s *Service) serveGetFunction(call *api.Call, w http.ResponseWriter, r *http.Request) error {
	c, err := s.describe(call, r, "lambda:GetFunction")
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"Configuration": c})
}

func (s *Service) serveGetConfiguration(call *api.Call, w http.ResponseWriter, r *http.Request) error {
	c, err := s.describe(call, r, "lambda:GetFunctionConfiguration")
	if err != nil {
		return err
	}
	return answer(w, c)
}

func (s *Service) serveListFunctions(call *api.Call, w http.ResponseWriter, _ *http.Request) error {
	if err := call.Authorize("lambda:ListFunctions", "*", nil); err != nil {
		return err
	}
	functions := []configuration{}
	for _, name := range s.names() {
		f, err := s.function(name)
		if err != nil {
			return err
		}
		functions = append(functions, f.describe())
	}
	return answer(w, map[string]any{"Functions": functions})
}

func answer(w http.ResponseWriter, output any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(output)
}
