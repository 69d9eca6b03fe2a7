package test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/lambda"
)

// function returns a function of the assembly, with the variables that its
// template gives it: names of resources become their logical IDs.
func (a assembly) function(t testing.TB, aws *endpoint, prefix string) lambda.Function {
	t.Helper()
	p := a.template.find(t, "AWS::Lambda::Function", prefix).Properties
	f := lambda.Function{
		Name:     prefix,
		Dir:      a.asset(t, prefix),
		Memory:   int(p["MemorySize"].(float64)),
		Timeout:  time.Duration(p["Timeout"].(float64)) * time.Second,
		JSONLogs: true,
		Environment: map[string]string{
			"AWS_ACCESS_KEY_ID":     "AKIA0000000000000000",
			"AWS_SECRET_ACCESS_KEY": "secret",
			"AWS_SESSION_TOKEN":     "session",
			"AWS_ENDPOINT_URL":      aws.URL,
		},
	}
	variables := p["Environment"].(map[string]any)["Variables"].(map[string]any)
	for name, value := range variables {
		f.Environment[name] = target(value)
	}
	return f
}

// TestFunctions runs the binaries of the reference app's assembly as Lambda
// does, on real events. All that a function calls is allowed by its role, and
// all that its role allows is called.
func TestFunctions(t *testing.T) {
	app := referenceApp(t)
	cases := functionCases(t)
	if want := len(app.template.ofType("AWS::Lambda::Function")); len(cases) != want {
		t.Errorf("%d functions have events here, want all %d", len(cases), want)
	}
	for prefix, events := range cases {
		t.Run(prefix, func(t *testing.T) {
			aws := newEndpoint(t)
			var log bytes.Buffer
			sandbox, err := lambda.Start(app.function(t, aws, prefix), &log)
			if err != nil {
				t.Fatal(err)
			}
			used := map[string]bool{}
			for _, tt := range events {
				t.Run(tt.name, func(t *testing.T) {
					aws.reset(tt.answers)
					checkAnswer(t, sandbox, tt)
					for _, right := range aws.rights() {
						used[right] = true
					}
				})
			}
			sandbox.Close() // All that was printed is in the log by then.
			if t.Failed() {
				t.Logf("log:\n%s", log.String())
			}
			checkLog(t, log.String())
			checkRights(t, used, rights(app.template, prefix+"Role"))
		})
	}
}

func checkAnswer(t *testing.T, sandbox *lambda.Sandbox, tt functionCase) {
	t.Helper()
	got, err := sandbox.Invoke(context.Background(), "1", []byte(tt.event))
	var failure *lambda.FunctionError
	if errors.As(err, &failure) {
		if failure.Type != tt.failure || !strings.Contains(failure.Message, tt.want) {
			t.Errorf("it fails with %v, want error %q with %q", failure, tt.failure, tt.want)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if tt.failure != "" || !strings.Contains(string(got), tt.want) {
		t.Errorf("it answers %s, want error %q, or %q in it", got, tt.failure, tt.want)
	}
}

// checkLog: every line is JSON, and none holds a payment token.
func checkLog(t *testing.T, log string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var parsed map[string]any
		if err := json.Unmarshal([]byte(line), &parsed); err != nil {
			t.Errorf("log line %q is no JSON: %v", line, err)
		}
	}
	if strings.Contains(log, "tok_") {
		t.Errorf("the log holds a payment token:\n%s", log)
	}
}

// checkRights compares what a function used with what its role allows. What
// polls its queue for it is not seen here.
func checkRights(t *testing.T, used map[string]bool, allowed []string) {
	t.Helper()
	var lines []string
	for line := range used {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	allowed = slices.DeleteFunc(allowed, func(line string) bool {
		return strings.HasPrefix(line, "sqs:") && !strings.HasPrefix(line, "sqs:SendMessage")
	})
	if diff := cmp.Diff(lines, allowed); diff != "" {
		t.Errorf("used rights, and allowed ones (-used +allowed):\n%s", diff)
	}
}
