package template_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/rules/template"
)

// TestLoadAssembly follows references across nested stacks and stacks.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
func TestLoadAssembly(t *testing.T) {
	app, err := template.Load("testdata/assembly")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range app.Resources("AWS::Lambda::EventSourceMapping", "AWS::CloudWatch::Alarm") {
		value := r.Get("EventSourceArn")
		if r.Type == "AWS::CloudWatch::Alarm" {
			value = r.Get("Dimensions").List()[0].Get("Value")
		}
		to := "unknown"
		if target := value.Resource(); target != nil {
			to = target.Stack.Name + " " + target.Path()
		}
		got[r.Stack.Name+" "+r.ID] = to
	}
	want := map[string]string{
		"orders-prod Alarm":          "orders-prod/Nested Function",
		"orders-prod/Nested Mapping": "orders-prod Orders/Queue/Resource",
		"Web Imported":               "orders-prod Orders/Queue/Resource",
		"Web Output":                 "orders-prod Orders/Queue/Resource",
		"Web Elsewhere":              "unknown",
		"Web Circle":                 "unknown",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what resources refer to (-want +got):\n%s", diff)
	}
}

// TestText resolves intrinsic functions, in JSON and in YAML's short form.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
func TestText(t *testing.T) {
	tests := []struct{ name, json, yaml, want string }{
		{"text", `"orders"`, `orders`, "orders"},
		{"number", `30`, `30`, "30"},
		{"bool", `true`, `true`, "true"},
		{"bool of YAML 1.1", `true`, `yes`, "true"},
		{"bool of YAML 1.1 that is off", `false`, `Off`, "false"},
		{"no bool", `"yes"`, `"yes"`, "yes"},
		{"date", `"2012-10-17"`, `2012-10-17`, "2012-10-17"},
		{"Ref", `{"Ref": "Queue"}`, `!Ref Queue`, "${Queue.Ref}"},
		{"parameter", `{"Ref": "Stage"}`, `!Ref Stage`, "${?}"},
		{"pseudo parameter", `{"Ref": "AWS::Region"}`, `!Ref AWS::Region`, "${Region}"},
		{"no value", `{"Ref": "AWS::NoValue"}`, `!Ref AWS::NoValue`, ""},
		{"GetAtt", `{"Fn::GetAtt": ["Queue", "Arn"]}`, `!GetAtt Queue.Arn`, "${Queue.Arn}"},
		{"GetAtt of text", `{"Fn::GetAtt": "Queue.Arn"}`, `!GetAtt [Queue, Arn]`, "${Queue.Arn}"},
		{"Sub", `{"Fn::Sub": "${Queue.Arn}/${Stage}/${AWS::Region}/${!Kept}"}`, `!Sub "${Queue.Arn}/${Stage}/${AWS::Region}/${!Kept}"`, "${Queue.Arn}/${?}/${Region}/${Kept}"},
		{"Sub with variables", `{"Fn::Sub": ["${A}-${Queue}", {"A": "b"}]}`, `!Sub ["${A}-${Queue}", {A: b}]`, "b-${Queue.Ref}"},
		{"Join", `{"Fn::Join": ["/", ["a", {"Ref": "Queue"}, "b"]]}`, `!Join ["/", [a, !Ref Queue, b]]`, "a/${Queue.Ref}/b"},
		{"Join of something unknown", `{"Fn::Join": ["/", {"Ref": "Stage"}]}`, `!Join ["/", !Ref Stage]`, "${?}"},
		{"Select", `{"Fn::Select": [1, ["a", "b"]]}`, `!Select [1, [a, b]]`, "b"},
		{"Select out of range", `{"Fn::Select": [2, ["a", "b"]]}`, `!Select [2, [a, b]]`, "${?}"},
		{"Select of no number", `{"Fn::Select": ["NaN", ["a", "b"]]}`, `!Select [-Inf, [a, b]]`, "${?}"},
		{"Select of a huge index", `{"Fn::Select": [1e300, ["a", "b"]]}`, `!Select [1e300, [a, b]]`, "${?}"},
		{"Select of Split", `{"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Queue", "Arn"]}]}]}`, `!Select [5, !Split [":", !GetAtt Queue.Arn]]`, "${Queue.Arn}"},
		{"If", `{"Fn::If": ["Prod", "a", "b"]}`, `!If [Prod, a, b]`, "${?}"},
		{"FindInMap", `{"Fn::FindInMap": ["A", "b", "c"]}`, `!FindInMap [A, b, c]`, "${?}"},
	}
	const prefix = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n  R:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Value: "
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			json := `{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "R": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": ` + test.json + `}}}}`
			for _, text := range []string{json, prefix + test.yaml + "\n"} {
				app := &template.App{}
				if _, err := app.Add("stack", "template", []byte(text)); err != nil {
					t.Fatal(err)
				}
				if got := app.Resources("AWS::SSM::Parameter")[0].Get("Value").Text(); got != test.want {
					t.Errorf("%s\nis %q, want %q", text, got, test.want)
				}
			}
		})
	}
}

func TestLines(t *testing.T) {
	tests := []struct {
		name, text string
		want       map[string]int
	}{
		{"YAML", "Parameters:\n  A: {Type: String}\nResources:\n  A:\n    Type: AWS::SQS::Queue\n\n  B:\n    Type: AWS::SNS::Topic\n", map[string]int{"A": 4, "B": 7}},
		{"a property of the same name", "Resources:\n  # all\n  A:\n    Type: AWS::Lambda::Function\n    Properties:\n      Role: !GetAtt Role.Arn\n  Role:\n    Type: AWS::IAM::Role\n", map[string]int{"A": 3, "Role": 7}},
		{"a key of the same name", "Metadata:\n  Resources:\n    A: 1\nResources:\n  A:\n    Type: AWS::SQS::Queue\nOutputs:\n  B: {Value: 1}\n", map[string]int{"A": 5}},
		{"no indent", "Resources:\n A:\n  Type: AWS::SQS::Queue\n 'B':\n  Type: AWS::SQS::Queue\n", map[string]int{"A": 2, "B": 4}},
		{"JSON", "{\n \"Resources\": {\n  \"A\": {\n   \"Type\": \"AWS::SQS::Queue\"\n  },\n  \"B\": {\"Type\": \"AWS::SQS::Queue\"}\n }\n}", map[string]int{"A": 3, "B": 6}},
		{"one line", `{"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}`, map[string]int{"A": 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			app := &template.App{}
			if _, err := app.Add("stack", "template", []byte(test.text)); err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for _, r := range app.Resources() {
				got[r.ID] = r.Line
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no template", `{"a": 1}`, "it has no Resources"},
		{"no JSON", `{"a"`, "unexpected end"},
		{"empty", ``, "empty"},
		{"a list", `- a`, "no object"},
		{"no type", `{"Resources": {"A": {}}}`, "the resource A has no Type"},
		{"a loop", `{"Resources": {"Fn::ForEach::A": ["N", ["a"], {}]}}`, "--template-stage Processed"},
		{"not transformed", `{"Resources": {"A": {"Type": "AWS::Serverless::Function"}}}`, "--template-stage Processed"},
		{"alias", "Resources: {A: &a {Type: AWS::SQS::Queue}, B: *a}", "aliases"},
		{"no nested template", `{"Resources": {"A": {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "none.json"}}}}`, "the nested stack A"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "template")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := template.Load(file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
	if _, err := template.Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "cdk synth") {
		t.Errorf("of an empty directory, the error is %v", err)
	}
}
