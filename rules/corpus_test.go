package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/rules"
)

// TestCorpus checks whole applications in which faults are planted: each is found,
// and nothing else.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("the corpus has %d templates, want 5 (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".findings")
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, f := range rules.Check(load(t, file)) {
				got.WriteString(f.Rule + " " + f.Resource + " " + f.Property)
				if f.Suppressed != "" {
					got.WriteString(" suppressed")
				}
				got.WriteString("\n")
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
