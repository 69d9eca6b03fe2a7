// Package asl holds documents of the Amazon States Language
// (https://states-language.net/spec.html) as Go values: what the constructs
// here need of it, with JSONPath.
package asl

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Document is a state machine.
type Document struct {
	Comment string `json:",omitempty"`
	StartAt string
	States  map[string]State
}

// State is one state; which fields apply depends on its Type.
type State struct {
	Type    string
	Comment string `json:",omitempty"`

	// Of tasks.
	Resource       string         `json:",omitempty"`
	TimeoutSeconds int            `json:",omitempty"`
	Parameters     map[string]any `json:",omitempty"`
	ResultSelector map[string]any `json:",omitempty"`
	// ResultPath is a path, or Discard.
	ResultPath any       `json:",omitempty"`
	Retry      []Retrier `json:",omitempty"`
	Catch      []Catcher `json:",omitempty"`

	// Of choices.
	Choices []Choice `json:",omitempty"`
	Default string   `json:",omitempty"`

	// Of failures.
	Error string `json:",omitempty"`
	Cause string `json:",omitempty"`

	Next string `json:",omitempty"`
}

// Discard is the ResultPath of a state whose result is dropped: its input is
// its output.
var Discard = json.RawMessage("null")

// Retrier says which errors of a task are tried again, how often and when.
type Retrier struct {
	ErrorEquals     []string
	IntervalSeconds int     `json:",omitempty"`
	BackoffRate     float64 `json:",omitempty"`
	MaxDelaySeconds int     `json:",omitempty"`
	JitterStrategy  string  `json:",omitempty"`
	// MaxAttempts is always written: left out, it means 3.
	MaxAttempts int
}

// Catcher says where a task's errors lead.
type Catcher struct {
	ErrorEquals []string
	ResultPath  any `json:",omitempty"`
	Next        string
}

// Choice leads to Next where the variable is present.
type Choice struct {
	Variable  string
	IsPresent bool
	Next      string
}

// All is the error name that matches every error but States.DataLimitExceeded
// and States.Runtime
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
const All = "States.ALL"

// DataLimitExceeded is the error of a state whose output is over 256 KiB.
const DataLimitExceeded = "States.DataLimitExceeded"

// JSON returns the document as JSON text. Names in it may be CDK tokens, which
// stay as they are.
func (d Document) JSON() string {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		panic("asl: " + err.Error()) // Only for a value that JSON cannot hold.
	}
	return strings.TrimSpace(text.String())
}
