package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path/filepath"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// sarifLevels are the levels of severities in SARIF.
var sarifLevels = map[Severity]string{Error: "error", Warning: "warning", Info: "note"}

// WriteSARIF writes findings in SARIF 2.1.0, as code scanning takes it.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
func WriteSARIF(w io.Writer, findings []Finding) error {
	descriptors := []object{}
	index := map[string]int{}
	for i, rule := range All() {
		index[rule.ID] = i
		descriptors = append(descriptors, object{
			"id":                   rule.ID,
			"shortDescription":     object{"text": rule.Title},
			"fullDescription":      object{"text": rule.Title},
			"help":                 object{"text": rule.Fix + " See " + rule.Page},
			"helpUri":              rule.Page,
			"defaultConfiguration": object{"level": sarifLevels[rule.Severity]},
		})
	}
	results := []object{}
	for _, f := range findings {
		results = append(results, f.sarif(index[f.Rule]))
	}
	return writeIndented(w, object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"version": "2.1.0",
		"runs": []object{{
			"tool": object{"driver": object{
				"name":           "noidle check",
				"informationUri": "https://github.com/noidle/noidle",
				"rules":          descriptors,
			}},
			"results": results,
		}},
	})
}

// sarif returns the finding as a result of the rule at an index.
func (f Finding) sarif(rule int) object {
	hash := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.Stack, f.Resource, f.Property, f.Why}, "\x00")))
	result := object{
		"ruleId":    f.Rule,
		"ruleIndex": rule,
		"level":     sarifLevels[f.Severity],
		"message":   object{"text": f.Path + " (" + f.Type + ") " + f.Property + ": " + f.Why + ". " + f.Fix},
		"locations": []object{{
			"physicalLocation": object{
				"artifactLocation": object{"uri": (&url.URL{Path: filepath.ToSlash(f.File)}).String()},
				"region":           object{"startLine": f.Line},
			},
			"logicalLocations": []object{{"fullyQualifiedName": f.Stack + "/" + f.Path, "kind": "resource"}},
		}},
		"partialFingerprints": object{"noidle/v1": hex.EncodeToString(hash[:])},
	}
	if f.Suppressed != "" {
		result["suppressions"] = []object{{"kind": "inSource", "justification": f.Suppressed}}
	}
	return result
}
