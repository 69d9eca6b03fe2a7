package rules

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteText writes findings for people, with a summary at the end.
func WriteText(w io.Writer, findings []Finding) error {
	var out strings.Builder
	count := map[Severity]int{}
	suppressed := 0
	for _, f := range findings {
		label := string(f.Severity)
		if f.Suppressed != "" {
			label = "suppressed"
			suppressed++
		} else {
			count[f.Severity]++
		}
		fmt.Fprintf(&out, "%s:%d: %s: %s\n  %s (%s) %s\n  why: %s\n", f.File, f.Line, label, f.Rule, f.Path, f.Type, f.Property, f.Why)
		if f.Suppressed != "" {
			fmt.Fprintf(&out, "  accepted: %s\n\n", f.Suppressed)
			continue
		}
		fmt.Fprintf(&out, "  fix: %s\n  see: %s\n\n", f.Fix, f.Page)
	}
	fmt.Fprintf(&out, "%d errors, %d warnings, %d infos, %d suppressed\n", count[Error], count[Warning], count[Info], suppressed)
	_, err := io.WriteString(w, out.String())
	return err
}

// WriteJSON writes findings as an object with a list of them.
func WriteJSON(w io.Writer, findings []Finding) error {
	return writeIndented(w, map[string]any{"findings": append([]Finding{}, findings...)})
}

func writeIndented(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
