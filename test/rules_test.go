package test

import (
	"path/filepath"
	"testing"

	"github.com/noidle/noidle/rules"
	templates "github.com/noidle/noidle/rules/template"
)

// TestRulesHold: the reference app, as it is deployed, keeps every rule or says why not.
func TestRulesHold(t *testing.T) {
	app := synthesizeApp(t, "..", filepath.Join(t.TempDir(), "deployed"), ordersStack, "none")
	loaded, err := templates.Load(app.dir)
	if err != nil {
		t.Fatal(err)
	}
	findings := 0
	for _, finding := range rules.Check(loaded) {
		if finding.Suppressed == "" {
			t.Errorf("%s breaks %s: %s", finding.Path, finding.Rule, finding.Why)
		}
		findings++
	}
	if findings == 0 {
		t.Error("nothing is suppressed, not even what is meant to be destroyed: was anything checked?")
	}
}
