package test

import (
	"strings"
	"testing"

	"github.com/noidle/noidle/test/campaign/trial"
)

// campaign is what a campaign found, once it ran.
var campaign *trial.Result

// referenceCampaign returns what a round of the campaign found.
func referenceCampaign(t *testing.T) *trial.Result {
	t.Helper()
	if campaign == nil {
		result, err := trial.Run(t.Context(), referenceApp(t).dir, trial.Options{Seed: 1, Rate: 0.05})
		if err != nil {
			t.Fatal(err)
		}
		campaign = result
	}
	return campaign
}

// TestCampaign is a round of the chaos campaign: orders, photos and posts at once,
// one opportunity in twenty struck by a fault, and an overload of orders. Nothing is
// lost, nothing doubled, and what failed is told.
func TestCampaign(t *testing.T) {
	result := referenceCampaign(t)
	var printed strings.Builder
	if err := result.Print(&printed); err != nil {
		t.Fatal(err)
	}
	t.Log(printed.String())
	if !result.Passed() {
		t.Fatal("see above")
	}
	if len(result.Faults) != 9 {
		t.Errorf("injected faults %v, want all nine kinds", result.Faults)
	}
	for _, w := range result.Work {
		if w.Accepted == 0 || w.Final == 0 {
			t.Errorf("of %s, %d are accepted and %d final: this shows too little", w.Name, w.Accepted, w.Final)
		}
	}
}
