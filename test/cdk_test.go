// Package test holds every test that starts the CDK: snapshots, logical IDs and
// rules of each construct, the reference app's assembly with its real
// binaries, and a module outside of this one.
package test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/compute"
)

var update = flag.Bool("update", false, "rewrite the snapshots, and add new logical IDs to the contract")

// scratch is a directory for what several tests use.
var scratch string

func TestMain(m *testing.M) {
	flag.Parse()
	// The template validator takes seconds of CPU at the first synthesis of a
	// process. TestReferenceApp leaves it on.
	if err := os.Setenv("CDK_VALIDATION", "false"); err != nil {
		panic(err)
	}
	var err error
	if scratch, err = os.MkdirTemp("", "noidle-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	jsii.Close()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// template is a synthesized CloudFormation template.
type template struct {
	Resources map[string]resource
	Outputs   map[string]map[string]any
}

type resource struct {
	Type           string
	Properties     map[string]any
	DependsOn      any
	DeletionPolicy string
	UpdatePolicy   map[string]any
	Metadata       map[string]any
}

// newApp returns an empty app that builds no functions.
func newApp(t testing.TB) awscdk.App {
	t.Helper()
	return newAppFor(t, "none", nil)
}

// newAppFor returns an empty app with the feature flags of cdk.json that builds
// functions for a target, and puts its assembly into a directory: nil is one of the
// CDK's own.
func newAppFor(t testing.TB, target string, dir *string) awscdk.App {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "cdk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var settings struct{ Context map[string]any }
	if err := json.Unmarshal(content, &settings); err != nil {
		t.Fatalf("cdk.json: %v", err)
	}
	settings.Context[compute.TargetContext] = target
	return awscdk.NewApp(&awscdk.AppProps{Context: &settings.Context, Outdir: dir, AnalyticsReporting: new(false)})
}

// newStack returns an empty stack of a new app.
func newStack(t testing.TB) awscdk.Stack {
	t.Helper()
	return awscdk.NewStack(newApp(t), new("Stack"), nil)
}

// synthesize returns the stack's template, as text and parsed.
func synthesize(t *testing.T, stack awscdk.Stack) ([]byte, template) {
	t.Helper()
	assembly := awscdk.App_Of(stack).Synth(nil)
	text, err := os.ReadFile(*assembly.GetStackArtifact(stack.ArtifactId()).TemplateFullPath())
	if err != nil {
		t.Fatal(err)
	}
	var parsed template
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	return text, parsed
}

// render builds something in a stack of its own and returns its template.
func render(t *testing.T, build func(awscdk.Stack)) template {
	t.Helper()
	stack := newStack(t)
	build(stack)
	_, parsed := synthesize(t, stack)
	return parsed
}

// ofType returns the logical IDs of the resources of one type, sorted.
func (t template) ofType(resourceType string) []string {
	var ids []string
	for id, r := range t.Resources {
		if r.Type == resourceType {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// only returns the only resource of a type.
func (t template) only(tb testing.TB, resourceType string) resource {
	tb.Helper()
	ids := t.ofType(resourceType)
	if len(ids) != 1 {
		tb.Fatalf("%d resources of type %s: %v, want one", len(ids), resourceType, ids)
	}
	return t.Resources[ids[0]]
}

// find returns the only resource of a type whose logical ID starts with prefix.
func (t template) find(tb testing.TB, resourceType, prefix string) resource {
	tb.Helper()
	var found []string
	for _, id := range t.ofType(resourceType) {
		if strings.HasPrefix(id, prefix) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		tb.Fatalf("%d resources of type %s that start with %s: %v, want one", len(found), resourceType, prefix, found)
	}
	return t.Resources[found[0]]
}

// statements returns what the role policies whose logical ID starts with prefix
// allow, as lines of "action resource", sorted.
func (t template) statements(prefix string) []string {
	var lines []string
	for _, id := range t.ofType("AWS::IAM::Policy") {
		if !strings.HasPrefix(id, prefix) {
			continue
		}
		document := t.Resources[id].Properties["PolicyDocument"].(map[string]any)
		for _, s := range document["Statement"].([]any) {
			statement := s.(map[string]any)
			for _, action := range list(statement["Action"]) {
				for _, res := range list(statement["Resource"]) {
					lines = append(lines, fmt.Sprintf("%v %s", action, target(res)))
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// list returns a value that may stand alone as a list.
func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

var logicalIDHash = regexp.MustCompile(`[0-9A-F]{8}$`)

// target returns what a resource of a policy statement refers to: the logical
// ID without its hash, with what is joined to it, or the text itself.
func target(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		if ref, ok := v["Ref"].(string); ok {
			return logicalIDHash.ReplaceAllString(ref, "")
		}
		if get, ok := v["Fn::GetAtt"].([]any); ok {
			return logicalIDHash.ReplaceAllString(get[0].(string), "")
		}
		if join, ok := v["Fn::Join"].([]any); ok && join[0] == "" {
			var parts strings.Builder
			for _, part := range join[1].([]any) {
				parts.WriteString(target(part))
			}
			return parts.String()
		}
	}
	text, _ := json.Marshal(v)
	return string(text)
}

var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// matchSnapshot compares the template with the one that is kept under name, and
// its logical IDs with those that were promised.
func matchSnapshot(t *testing.T, name string, text []byte) {
	t.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, assetHash.ReplaceAll(text, []byte("ASSET-HASH")), "", "  "); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "snapshots", name+".json")
	if *update {
		write(t, file, indented.Bytes())
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: make update writes it", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(indented.String(), "\n")); diff != "" {
		t.Errorf("the template differs from %s (-want +got); if that is meant, run make update:\n%s", file, diff)
	}
	var parsed template
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	checkLogicalIDs(t, name, parsed)
}

// checkLogicalIDs fails if a resource that somebody may have deployed is gone:
// CloudFormation would delete it and make another. Updating adds to the
// contract; only a person takes something out of it.
func checkLogicalIDs(t *testing.T, name string, got template) {
	t.Helper()
	file := filepath.Join("testdata", "logical-ids", name+".txt")
	content, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatalf("%v: make update writes it", err)
	}
	promised := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		promised[strings.TrimSpace(line)] = true
	}
	exists := map[string]bool{}
	for id, r := range got.Resources {
		// A version is another one with each change, and is meant to be.
		if r.Type != "AWS::Lambda::Version" {
			exists[id+" "+r.Type] = true
		}
	}
	for line := range promised {
		if !exists[line] {
			t.Errorf("%s is gone: whoever deployed it would lose it. If that must be, take it out of %s and say so in the changelog", line, file)
		}
	}
	if *update {
		var lines []string
		for line := range exists {
			promised[line] = true
		}
		for line := range promised {
			lines = append(lines, line+"\n")
		}
		slices.Sort(lines)
		write(t, file, []byte(strings.Join(lines, "")))
		return
	}
	for line := range exists {
		if !promised[line] {
			t.Errorf("%s is new: make update adds it to %s", line, file)
		}
	}
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// panics returns what f panics with, as text; empty if it does not.
func panics(f func()) (message string) {
	defer func() {
		if v := recover(); v != nil {
			message = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}
