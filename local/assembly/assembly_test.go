package assembly_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/assembly"
)

// write writes an assembly of templates by stack name, each stack depending on
// the ones that needs lists.
func write(t testing.TB, templates map[string]string, needs map[string][]string) string {
	t.Helper()
	dir := t.TempDir()
	artifacts := map[string]any{}
	for name, template := range templates {
		save(t, filepath.Join(dir, name+".template.json"), template)
		artifacts[name] = map[string]any{
			"type":         "aws:cloudformation:stack",
			"environment":  "aws://unknown-account/unknown-region",
			"dependencies": needs[name],
			"properties":   map[string]any{"templateFile": name + ".template.json"},
		}
	}
	manifest, err := json.Marshal(map[string]any{"artifacts": artifacts})
	if err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(dir, "manifest.json"), string(manifest))
	return dir
}

func save(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// identify gives resources their logical ID as name.
func identify(r *assembly.Resource) (assembly.Identity, error) {
	return assembly.Identity{Ref: r.LogicalID, Attributes: map[string]any{"Arn": "arn:" + r.LogicalID}}, nil
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
func TestIntrinsicFunctions(t *testing.T) {
	const sections = `
		"Parameters": {
			"Size": {"Type": "Number", "Default": 3, "Description": "how many", "MinValue": 1},
			"Names": {"Type": "CommaDelimitedList", "Default": "a,b"}
		},
		"Mappings": {"Zone": {"us-east-1": {"Count": 6}}},
		"Conditions": {
			"Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
			"There": {"Fn::Not": [{"Condition": "Here"}]},
			"Either": {"Fn::Or": [{"Condition": "There"}, {"Condition": "Here"}]},
			"Both": {"Fn::And": [{"Condition": "There"}, {"Condition": "Here"}]}
		},`
	tests := []struct{ name, value, want string }{
		{"Ref of a resource", `{"Ref": "Other"}`, `"Other"`},
		{"Ref of a parameter", `{"Ref": "Size"}`, `"3"`},
		{"Ref of a list parameter", `{"Ref": "Names"}`, `["a","b"]`},
		{"pseudo parameters", `{"Fn::Sub": "${AWS::Partition} ${AWS::Region} ${AWS::AccountId} ${AWS::StackName} ${AWS::URLSuffix}"}`, `"aws us-east-1 000000000000 Main amazonaws.com"`},
		{"GetAtt", `{"Fn::GetAtt": ["Other", "Arn"]}`, `"arn:Other"`},
		{"GetAtt as text", `{"Fn::GetAtt": "Other.Arn"}`, `"arn:Other"`},
		{"Join", `{"Fn::Join": ["-", ["a", {"Ref": "Other"}, 1]]}`, `"a-Other-1"`},
		{"Join of a function", `{"Fn::Join": ["-", {"Fn::Split": [",", "x,y"]}]}`, `"x-y"`},
		{"Sub", `{"Fn::Sub": "a ${Other} ${Other.Arn} ${!Literal}"}`, `"a Other arn:Other ${Literal}"`},
		{"Sub with variables", `{"Fn::Sub": ["${X}/${Other}", {"X": {"Ref": "Size"}}]}`, `"3/Other"`},
		{"Select", `{"Fn::Select": ["1", {"Ref": "Names"}]}`, `"b"`},
		{"FindInMap", `{"Fn::FindInMap": ["Zone", {"Ref": "AWS::Region"}, "Count"]}`, `6`},
		{"FindInMap with a default", `{"Fn::FindInMap": ["Zone", "eu", "Count", {"DefaultValue": 1}]}`, `1`},
		{"If, true", `{"Fn::If": ["Here", "yes", {"Ref": "Missing"}]}`, `"yes"`},
		{"If, false", `{"Fn::If": ["There", "yes", "no"]}`, `"no"`},
		{"If with Or", `{"Fn::If": ["Either", 1, 2]}`, `1`},
		{"If with And", `{"Fn::If": ["Both", 1, 2]}`, `2`},
		{"NoValue in a list", `["a", {"Fn::If": ["There", "b", {"Ref": "AWS::NoValue"}]}]`, `["a"]`},
		{"NoValue in an object", `{"A": 1, "B": {"Ref": "AWS::NoValue"}}`, `{"A":1}`},
		{"Base64", `{"Fn::Base64": "hi"}`, `"aGk="`},
		{"GetAZs", `{"Fn::Select": [0, {"Fn::GetAZs": ""}]}`, `"us-east-1a"`},
		{"Length", `{"Fn::Length": {"Ref": "Names"}}`, `2`},
		{"ToJsonString", `{"Fn::ToJsonString": {"A": {"Ref": "Size"}}}`, `"{\"A\":\"3\"}"`},
		{"condition of a policy", `{"Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, `{"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`},
		{"large numbers stay exact", `12345678901234567890`, `12345678901234567890`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, map[string]string{"Main": `{` + sections + `"Resources": {
				"Main": {"Type": "T", "Properties": {"Value": ` + tt.value + `}},
				"Other": {"Type": "T"}
			}}`}, nil)
			read, err := assembly.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			_, err = read.Plan(func(r *assembly.Resource) (assembly.Identity, error) {
				if r.LogicalID == "Main" {
					value, err := json.Marshal(r.Properties["Value"])
					got = string(value)
					return assembly.Identity{}, err
				}
				return identify(r)
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	property := func(value string) string {
		return `{"Resources": {"A": {"Type": "T", "Properties": {"P": ` + value + `}}}}`
	}
	tests := []struct{ name, template, want string }{
		{"unknown function", property(`{"Fn::Transform": {}}`), "stack Main: resource A: P: intrinsic function Fn::Transform is not supported locally"},
		{"unknown reference", property(`{"Ref": "B"}`), `Ref: "B" is neither a parameter nor a resource that is created`},
		{"unknown attribute", `{"Resources": {"A": {"Type": "T", "Properties": {"P": {"Fn::GetAtt": ["B", "X"]}}}, "B": {"Type": "T"}}}`, "attribute X of B is not supported locally"},
		{"resource that is not created", `{"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}, "Resources": {"A": {"Type": "T", "Properties": {"P": {"Ref": "B"}}}, "B": {"Type": "T", "Condition": "No"}}}`, `"B" is neither`},
		{"circle", `{"Resources": {"A": {"Type": "T", "DependsOn": "B"}, "B": {"Type": "T", "DependsOn": ["A"]}}}`, "circular dependency: A needs B needs A"},
		{"condition in a circle", `{"Conditions": {"C": {"Fn::Not": [{"Condition": "C"}]}}, "Resources": {"A": {"Type": "T", "Condition": "C"}}}`, `condition "C" depends on itself`},
		{"undeclared condition", `{"Resources": {"A": {"Type": "T", "Condition": "C"}}}`, `condition "C" is not declared`},
		{"parameter without value", `{"Parameters": {"P": {"Type": "String"}}, "Resources": {"A": {"Type": "T", "Properties": {"P": {"Ref": "P"}}}}}`, "parameter P has no value: give it a default"},
		{"SSM parameter", `{"Parameters": {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/x"}}, "Resources": {"A": {"Type": "T", "Properties": {"P": {"Ref": "P"}}}}}`, "type AWS::SSM::Parameter::Value<String> is not supported locally"},
		{"unknown export", property(`{"Fn::ImportValue": "x"}`), `no stack before this one exports "x"`},
		{"unknown output", property(`{"Fn::GetStackOutput": {"StackName": "Other", "OutputName": "x"}}`), `no stack "Other" before this one has an output "x"`},
		{"Select out of range", property(`{"Fn::Select": [2, ["a"]]}`), "there is no element 2 in a list of 1"},
		{"output", `{"Resources": {"A": {"Type": "T"}}, "Outputs": {"O": {"Value": {"Ref": "B"}}}}`, "stack Main: output O: Ref:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			read, err := assembly.Read(write(t, map[string]string{"Main": tt.template}, nil))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := read.Plan(identify); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Plan = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestPlanReportsEveryProblemOnce(t *testing.T) {
	read, err := assembly.Read(write(t, map[string]string{"Main": `{
		"Resources": {
			"A": {"Type": "T"},
			"B": {"Type": "T", "Properties": {"P": {"Ref": "A"}}},
			"C": {"Type": "T", "Properties": {"P": {"Fn::Cidr": []}}}
		},
		"Outputs": {"O": {"Value": {"Fn::GetAtt": ["A", "Arn"]}}}
	}`}, nil))
	if err != nil {
		t.Fatal(err)
	}
	_, err = read.Plan(func(r *assembly.Resource) (assembly.Identity, error) {
		return assembly.Identity{}, fmt.Errorf("%v: no", r)
	})
	want := "stack Main: resource A: no\n" +
		"stack Main: resource C: P: intrinsic function Fn::Cidr is not supported locally"
	if err == nil {
		t.Fatal("Plan succeeds")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestStacksSeeWhatOthersExport(t *testing.T) {
	read, err := assembly.Read(write(t, map[string]string{
		"A": `{"Resources": {"R": {"Type": "T", "Metadata": {"aws:cdk:path": "A/R/Resource"}, "Properties": {"P": {"Fn::ImportValue": {"Fn::Sub": "${AWS::Region}-name"}}}}},
			"Conditions": {"No": {"Fn::Equals": [1, 2]}},
			"Outputs": {"Left": {"Condition": "No", "Value": "x"}, "Got": {"Value": {"Ref": "R"}},
				"Asked": {"Value": {"Fn::GetStackOutput": {"StackName": "B", "OutputName": "Name", "Region": {"Ref": "AWS::Region"}}}}}}`,
		"B": `{"Resources": {"S": {"Type": "T"}}, "Outputs": {"Name": {"Value": {"Ref": "S"}, "Export": {"Name": {"Fn::Sub": "${AWS::Region}-name"}}}}}`,
	}, map[string][]string{"A": {"B", "A.assets"}}))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	outputs, err := read.Plan(func(r *assembly.Resource) (assembly.Identity, error) {
		seen = append(seen, fmt.Sprint(r, " ", r.Path, " ", r.Properties))
		return identify(r)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"stack B: resource S  map[]", "stack A: resource R A/R/Resource map[P:S]"}, seen); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(assembly.Outputs{"A": {"Got": "R", "Asked": "S"}, "B": {"Name": "S"}}, outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func TestResourcesAfterWhatTheyMention(t *testing.T) {
	read, err := assembly.Read(write(t, map[string]string{"Main": `{"Resources": {
		"A": {"Type": "T", "DependsOn": "D"},
		"B": {"Type": "T", "Properties": {"P": [{"Fn::Sub": ["${V} ${C.Arn}", {"V": {"Ref": "A"}}]}]}},
		"C": {"Type": "T", "Properties": {"P": {"Q": {"Fn::GetAtt": ["E", "Arn"]}}}},
		"D": {"Type": "T"},
		"E": {"Type": "T"}
	}}`}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	if _, err := read.Plan(func(r *assembly.Resource) (assembly.Identity, error) {
		order = append(order, r.LogicalID)
		return identify(r)
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"D", "A", "E", "C", "B"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestRead(t *testing.T) {
	const empty = `{"Resources": {"A": {"Type": "T"}}}`
	t.Run("not an assembly", func(t *testing.T) {
		if _, err := assembly.Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "run cdk synth first") {
			t.Errorf("Read = %v, want the way out", err)
		}
	})
	t.Run("no stack", func(t *testing.T) {
		if _, err := assembly.Read(write(t, nil, nil)); err == nil || !strings.Contains(err.Error(), "holds no stack") {
			t.Errorf("Read = %v", err)
		}
	})
	t.Run("unknown section", func(t *testing.T) {
		dir := write(t, map[string]string{"Main": `{"Resources": {"A": {"Type": "T"}}, "Transform": "AWS::Serverless-2016-10-31"}`}, nil)
		if _, err := assembly.Read(dir); err == nil || !strings.Contains(err.Error(), `unknown field "Transform"`) {
			t.Errorf("Read = %v, want an error that names the section", err)
		}
	})
	t.Run("stacks in a circle", func(t *testing.T) {
		dir := write(t, map[string]string{"A": empty, "B": empty}, map[string][]string{"A": {"B"}, "B": {"A"}})
		if _, err := assembly.Read(dir); err == nil || !strings.Contains(err.Error(), "circular dependency: A needs B needs A") {
			t.Errorf("Read = %v", err)
		}
	})
	t.Run("assets, stages and fixed environments", func(t *testing.T) {
		dir := t.TempDir()
		stage := filepath.Join(dir, "assembly-Prod")
		if err := os.Mkdir(stage, 0o700); err != nil {
			t.Fatal(err)
		}
		save(t, filepath.Join(dir, "manifest.json"), `{"artifacts": {"assembly-Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}}}`)
		save(t, filepath.Join(stage, "manifest.json"), `{"artifacts": {
			"P.assets": {"type": "cdk:asset-manifest", "properties": {"file": "P.assets.json"}},
			"P": {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1", "properties": {"templateFile": "P.json", "stackName": "Prod-P", "parameters": {"Size": "9"}}}
		}}`)
		save(t, filepath.Join(stage, "P.assets.json"), `{"files": {"abc": {"source": {"path": "asset.abc", "packaging": "zip"}, "destinations": {"x": {"bucketName": "assets-111122223333-eu-west-1", "objectKey": "abc.zip"}}}}}`)
		save(t, filepath.Join(stage, "P.json"), `{"Parameters": {"Size": {"Type": "Number"}}, "Resources": {"A": {"Type": "T", "Properties": {"P": "arn:aws:x:eu-west-1:111122223333:y", "S": {"Ref": "Size"}}}}}`)
		read, err := assembly.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if _, err := read.Plan(func(r *assembly.Resource) (assembly.Identity, error) {
			got = r.Properties
			return identify(r)
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]any{"P": "arn:aws:x:us-east-1:000000000000:y", "S": "9"}, got); diff != "" {
			t.Errorf("properties (-want +got):\n%s", diff)
		}
		want := map[string]assembly.Asset{"abc.zip": {Bucket: "assets-000000000000-us-east-1", Path: filepath.Join(stage, "asset.abc"), Zip: true}}
		if diff := cmp.Diff(want, read.Stacks[0].Assets()); diff != "" || read.Stacks[0].Name != "Prod-P" {
			t.Errorf("assets of stack %s (-want +got):\n%s", read.Stacks[0].Name, diff)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add(`{"Resources": {"A": {"Type": "T", "Properties": {"P": {"Fn::Sub": ["${V} ${B.Arn} ${!x}", {"V": {"Ref": "AWS::Region"}}]}}}, "B": {"Type": "T"}}}`)
	f.Add(`{"Conditions": {"C": {"Fn::Or": [{"Condition": "C"}, {"Fn::Equals": [{"Fn::Select": ["0", {"Fn::Split": ["", "ab"]}]}, "a"]}]}}, "Resources": {"A": {"Type": "T", "Condition": "C"}}}`)
	f.Add(`{"Resources": {"A": {"Type": "T", "DependsOn": ["A"], "Properties": {"Fn::If": [[], {}, 1]}}}, "Outputs": {"O": {"Value": {"Fn::FindInMap": [1, 2, 3, {"DefaultValue": {"Fn::Length": [[]]}}]}, "Export": {"Name": {}}}}}`)
	f.Fuzz(func(t *testing.T, template string) {
		read, err := assembly.Read(write(t, map[string]string{"Main": template}, nil))
		if err != nil {
			return
		}
		_, first := read.Plan(identify)
		_, second := read.Plan(identify)
		if fmt.Sprint(first) != fmt.Sprint(second) {
			t.Errorf("two plans differ:\n%v\n%v", first, second)
		}
	})
}
