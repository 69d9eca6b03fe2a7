package rules_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noidle/noidle/rules"
	"github.com/noidle/noidle/rules/template"
)

// TestMalformed puts values of wrong types in each place of the rules' templates, also
// within intrinsic functions: no rule panics.
func TestMalformed(t *testing.T) {
	files, err := filepath.Glob("testdata/*/bad.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are %d templates (%v)", len(files), err)
	}
	wrong := []any{12, "NaN", []any{nil, map[string]any{}}, map[string]any{"Fn::Select": []any{"NaN", []any{"a"}}}}
	for count, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var document map[string]any
		if err := json.Unmarshal(data, &document); err != nil {
			t.Fatal(err)
		}
		value := wrong[count%len(wrong)]
		replace(file, document["Resources"], value, func(string) bool { return false }, func(path string) {
			defer func() {
				if reason := recover(); reason != nil {
					t.Errorf("with %v at %s: %v", value, path, reason)
				}
			}()
			check(t, document)
		})
	}
}

// check checks a document if it can be read.
func check(t *testing.T, document map[string]any) []rules.Finding {
	t.Helper()
	data, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	app := &template.App{}
	if _, err := app.Add("stack", "template.json", data); err != nil {
		return nil
	}
	return rules.Check(app)
}

// TestOnce finds the same fault of two statements of a policy once.
func TestOnce(t *testing.T) {
	statement := map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}
	document := map[string]any{"Resources": map[string]any{"Policy": map[string]any{
		"Type":       "AWS::IAM::Policy",
		"Properties": map[string]any{"PolicyDocument": map[string]any{"Statement": []any{statement, statement}}},
	}}}
	if got := check(t, document); len(got) != 1 {
		t.Errorf("the findings are %+v, want one", got)
	}
}

// BenchmarkCheck checks a template of the largest size: 500 resources, 1 MB.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
func BenchmarkCheck(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{"Resources": {`)
	const group = `"F%[1]d": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R%[1]d", "Arn"]}, "Code": {"ZipFile": "%[2]s"}}},
		"R%[1]d": {"Type": "AWS::IAM::Role"},
		"Q%[1]d": {"Type": "AWS::SQS::Queue"},
		"M%[1]d": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "F%[1]d"}, "EventSourceArn": {"Fn::GetAtt": ["Q%[1]d", "Arn"]}}},
		"P%[1]d": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "R%[1]d"}], "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Q%[3]d", "Arn"]}}}}}`
	for i := range 100 {
		fmt.Fprintf(&text, group+",\n", i, strings.Repeat("x", 9_000), min(i+1, 99))
	}
	data := []byte(strings.TrimSuffix(text.String(), ",\n") + "}}")
	for b.Loop() {
		app := &template.App{}
		if _, err := app.Add("stack", "template.json", data); err != nil {
			b.Fatal(err)
		}
		if len(rules.Check(app)) == 0 {
			b.Fatal("nothing is found")
		}
	}
	b.SetBytes(int64(len(data)))
}
