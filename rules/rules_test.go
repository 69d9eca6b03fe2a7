package rules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/rules"
	"github.com/noidle/noidle/rules/template"
)

// TestRules checks each rule on two templates: of bad.json, it reports exactly the
// resources whose names start with Bad, and of good.json none.
func TestRules(t *testing.T) {
	for _, rule := range rules.All() {
		t.Run(rule.ID, func(t *testing.T) {
			dir := filepath.Join("testdata", rule.ID)
			bad := load(t, filepath.Join(dir, "bad.json"))
			var want []string
			for _, r := range bad.Resources() {
				if strings.HasPrefix(r.ID, "Bad") {
					want = append(want, r.ID)
				}
			}
			got := broken(bad, rule.ID)
			if len(want) == 0 {
				t.Error("no resource of bad.json is named Bad...")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("resources of bad.json that break %s (-want +got):\n%s", rule.ID, diff)
			}
			if got := broken(load(t, filepath.Join(dir, "good.json")), rule.ID); len(got) > 0 {
				t.Errorf("resources of good.json that break %s: %q", rule.ID, got)
			}
		})
	}
}

// TestUnknown makes each property of each good template unknown, one at a time: what
// only a deployment can tell breaks no rule.
func TestUnknown(t *testing.T) {
	for _, rule := range rules.All() {
		t.Run(rule.ID, func(t *testing.T) {
			file := filepath.Join("testdata", rule.ID, "good.json")
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var document map[string]any
			if err := json.Unmarshal(data, &document); err != nil {
				t.Fatal(err)
			}
			for path, r := range document["Resources"].(map[string]any) {
				properties, _ := r.(map[string]any)["Properties"].(map[string]any)
				intrinsic := func(key string) bool { return key == "Ref" || strings.HasPrefix(key, "Fn::") }
				replace(path, properties, map[string]any{"Ref": "Parameter"}, intrinsic, func(path string) {
					data, err := json.Marshal(document)
					if err != nil {
						t.Fatal(err)
					}
					app := &template.App{}
					if _, err := app.Add("good", file, data); err != nil {
						t.Fatal(err)
					}
					if got := broken(app, rule.ID); len(got) > 0 {
						t.Errorf("with an unknown %s, %q break %s", path, got, rule.ID)
					}
				})
			}
		})
	}
}

// replace calls check with each value below node replaced by another, except under
// the keys to leave out.
func replace(path string, node, by any, leaveOut func(key string) bool, check func(path string)) {
	switch node := node.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			if leaveOut(key) {
				continue
			}
			value := node[key]
			replace(path+"."+key, value, by, leaveOut, check)
			node[key] = by
			check(path + "." + key)
			node[key] = value
		}
	case []any:
		for i, value := range node {
			at := fmt.Sprintf("%s[%d]", path, i)
			replace(at, value, by, leaveOut, check)
			node[i] = by
			check(at)
			node[i] = value
		}
	}
}

// TestComplete finds test data that belongs to no rule, and rules without a page.
func TestComplete(t *testing.T) {
	ids := []string{"corpus"}
	for _, rule := range rules.All() {
		ids = append(ids, rule.ID)
		if !strings.HasPrefix(rule.Page, "https://docs.aws.amazon.com/") {
			t.Errorf("the page of %s is %q, not one of AWS", rule.ID, rule.Page)
		}
		if rule.Title == "" || rule.Fix == "" || rule.Severity == "" {
			t.Errorf("%s lacks a title, a fix or a severity", rule.ID)
		}
	}
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(ids, entry.Name()) {
			t.Errorf("testdata/%s belongs to no rule", entry.Name())
		}
	}
}

func load(t *testing.T, paths ...string) *template.App {
	t.Helper()
	app, err := template.Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// broken returns the resources that break a rule, each once.
func broken(app *template.App, rule string) []string {
	var ids []string
	for _, finding := range rules.Check(app) {
		if finding.Rule == rule && finding.Suppressed == "" && !slices.Contains(ids, finding.Resource) {
			ids = append(ids, finding.Resource)
		}
	}
	return ids
}
