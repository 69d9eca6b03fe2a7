package rules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/rules"
	"github.com/noidle/noidle/rules/template"
)

var update = flag.Bool("update", false, "rewrite the table of rules in docs/rules.md and the golden output")

// TestOutput compares each format with its golden file.
func TestOutput(t *testing.T) {
	findings := rules.Check(load(t, "testdata/corpus/notes-api.yaml"))
	var text, inJSON bytes.Buffer
	if err := rules.WriteText(&text, findings); err != nil {
		t.Fatal(err)
	}
	if err := rules.WriteJSON(&inJSON, findings); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/corpus/notes-api.txt", text.String())
	golden(t, "testdata/corpus/notes-api.json", inJSON.String())
}

// TestSARIF checks what code scanning needs of a log.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
func TestSARIF(t *testing.T) {
	findings := rules.Check(load(t, "testdata/corpus/notes-api.yaml"))
	findings[0].File = "cdk out/a.template.json"
	var out bytes.Buffer
	if err := rules.WriteSARIF(&out, findings); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID                   string
						HelpURI              string
						ShortDescription     struct{ Text string }
						DefaultConfiguration struct{ Level string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
				PartialFingerprints map[string]string
				Suppressions        []struct{ Kind, Justification string }
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != len(findings) {
		t.Fatalf("the log is not version 2.1.0 with one run and %d results:\n%s", len(findings), out.String())
	}
	run := log.Runs[0]
	fingerprints := map[string]bool{}
	for i, result := range run.Results {
		rule := run.Tool.Driver.Rules[result.RuleIndex]
		if rule.ID != result.RuleID || rule.ID != findings[i].Rule || rule.HelpURI == "" || rule.ShortDescription.Text == "" || rule.DefaultConfiguration.Level != result.Level {
			t.Errorf("result %d is of %s, its rule is %+v", i, result.RuleID, rule)
		}
		at := result.Locations[0].PhysicalLocation
		if at.Region.StartLine != findings[i].Line || at.Region.StartLine < 1 || strings.Contains(at.ArtifactLocation.URI, " ") || at.ArtifactLocation.URI == "" {
			t.Errorf("result %d is at %+v", i, at)
		}
		if suppressed := len(result.Suppressions) == 1; suppressed != (findings[i].Suppressed != "") {
			t.Errorf("result %d has the suppressions %v", i, result.Suppressions)
		}
		fingerprints[result.PartialFingerprints["noidle/v1"]] = true
	}
	if len(fingerprints) != len(findings) {
		t.Errorf("%d results have %d fingerprints", len(findings), len(fingerprints))
	}
}

// TestDocs keeps the table in docs/rules.md as the rules are.
func TestDocs(t *testing.T) {
	const file, begin, end = "../docs/rules.md", "<!-- rules -->\n", "<!-- end of rules -->\n"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks %q or %q", file, begin, end)
	}
	var table strings.Builder
	table.WriteString("| rule | severity | what it wants | AWS |\n|---|---|---|---|\n")
	for _, rule := range rules.All() {
		fmt.Fprintf(&table, "| `%s` | %s | %s | [page](%s) |\n", rule.ID, rule.Severity, rule.Title, rule.Page)
	}
	golden(t, file, before+begin+table.String()+end+after)
}

// FuzzCheck feeds templates of any kind: none makes a rule panic.
func FuzzCheck(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.json", "testdata/corpus/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		app := &template.App{}
		if _, err := app.Add("stack", "template", data); err == nil {
			rules.Check(app)
		}
	})
}

// golden compares text with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: go test ./rules -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); if that is meant, run go test ./rules -update:\n%s", file, diff)
	}
}
