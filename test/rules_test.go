package test

import (
	"path/filepath"
	"testing"

	"github.com/noidle/noidle/rules"
	"github.com/noidle/noidle/rules/template"
)

// TestRulesHold: the reference app, as it is deployed, keeps every rule or says why not.
func TestRulesHold(t *testing.T) {
	app := synthesizeApp(t, "..", filepath.Join(t.TempDir(), "deployed"), ordersStack, "none")
	loaded, err := template.Load(app.dir)
	if err != nil {
		t.Fatal(err)
	}
	suppressed := 0
	for _, finding := range rules.Check(loaded) {
		if finding.Suppressed == "" {
			t.Errorf("%s breaks %s: %s", finding.Path, finding.Rule, finding.Why)
		}
		suppressed++
	}
	if suppressed == 0 {
		t.Error("nothing is suppressed, not even what is meant to be destroyed: was anything checked?")
	}
}
