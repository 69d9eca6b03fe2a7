package test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
	"github.com/noidle/noidle/rules"
	templates "github.com/noidle/noidle/rules/template"
)

// TestRulesHold: the reference app, as it is deployed and as it runs on this machine,
// keeps every rule or says why not.
func TestRulesHold(t *testing.T) {
	for name, dir := range map[string]string{
		"deployed": synthesizeApp(t, "..", filepath.Join(t.TempDir(), "deployed"), ordersStack, "none").dir,
		"local":    referenceApp(t).dir,
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := templates.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			findings := rules.Check(loaded)
			for _, finding := range findings {
				if finding.Suppressed == "" {
					t.Errorf("%s breaks %s: %s", finding.Path, finding.Rule, finding.Why)
				}
			}
			if len(findings) == 0 {
				t.Error("nothing is suppressed, not even what is meant to be destroyed: was anything checked?")
			}
		})
	}
}

// TestSuppressTwice: who accepts a finding about a construct's resource keeps what the
// construct accepts itself.
func TestSuppressTwice(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		table := storage.NewTable(s, "Table", &storage.TableProps{PartitionKey: "id"})
		suppress.Findings(table, map[string]string{"table-ttl": "kept for ever"})
		suppress.Findings(table, map[string]string{"retain-stateful": "made again", "table-point-in-time-recovery": "the same"})
	})
	want := map[string]any{"suppress": []any{
		map[string]any{"rule": "table-ttl", "reason": "kept for ever"},
		map[string]any{"rule": "retain-stateful", "reason": "made again"},
		map[string]any{"rule": "table-point-in-time-recovery", "reason": "the same"},
	}}
	if diff := cmp.Diff(want, got.find(t, "AWS::DynamoDB::GlobalTable", "Table").Metadata["noidle"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

// broken are the rules that the scenarios of constructs break, as those ask for it: data
// that is to be destroyed, a table in which nothing expires, the dead-letter queue of
// nothing.
var broken = []string{
	"analytics/StreamAnalytics-full retain-stateful",
	"messaging/DeadLetterQueue queue-redrive",
	"messaging/DeadLetterQueue-full queue-redrive",
	"compute/GoFunction-canary queue-redrive",
	"ops/CustomResource-full table-ttl",
	"orders/OrderQueue-full retain-stateful",
	"storage/Bucket-full retain-stateful",
	"storage/Table table-ttl",
	"storage/Table-full retain-stateful",
	"thumbnails/ThumbnailPipeline-full retain-stateful",
	"web/HTTPService-full table-ttl",
	"web/SignIn-full retain-stateful",
	"workflow/Saga-full table-ttl",
}

// TestRulesHoldForConstructs: each construct keeps every rule by itself, whatever its
// props are, but for what the props ask for.
func TestRulesHoldForConstructs(t *testing.T) {
	var got []string
	for name := range scenarios {
		loaded, err := templates.Load(filepath.Join("testdata", "snapshots", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range rules.Check(loaded) {
			if finding.Suppressed == "" && finding.Severity != rules.Info {
				got = append(got, name+" "+finding.Rule)
			}
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(slices.Values(broken)), slices.Compact(got)); diff != "" {
		t.Errorf("rules that are broken (-want +got):\n%s", diff)
	}
}
