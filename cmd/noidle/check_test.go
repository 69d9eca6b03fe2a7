package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const table = `{"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", %METADATA%
		"Properties": {"BillingMode": "%MODE%", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}}}}`
	const suppress = `"Metadata": {"noidle": {"suppress": [{"rule": "table-ttl", "reason": "kept for ever"}]}},`
	write := func(metadata, mode string) string {
		file := filepath.Join(t.TempDir(), "table.json")
		text := strings.NewReplacer("%METADATA%", metadata, "%MODE%", mode).Replace(table)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	plain, accepted, idle := write("", "PAY_PER_REQUEST"), write(suppress, "PAY_PER_REQUEST"), write(suppress, "PROVISIONED")
	tests := []struct {
		name      string
		arguments []string
		output    string
		err       string
	}{
		{"a warning fails", []string{plain}, "warning: table-ttl", "1 findings"},
		{"only errors fail", []string{"-fail", "error", plain}, "0 errors, 1 warnings, 0 infos, 0 suppressed", ""},
		{"a suppressed finding", []string{accepted}, "accepted: kept for ever", ""},
		{"information does not fail", []string{idle}, "info: idle-capacity", ""},
		{"information fails", []string{"-fail", "info", idle}, "info: idle-capacity", "1 findings"},
		{"JSON", []string{"-format", "json", plain}, `"rule": "table-ttl"`, "1 findings"},
		{"SARIF", []string{"-format", "sarif", plain}, `"version": "2.1.0"`, "1 findings"},
		{"several", []string{plain, idle}, "0 errors, 1 warnings, 1 infos, 1 suppressed", "1 findings"},
		{"the rules", []string{"-rules"}, "recursive-loop", ""},
		{"an unknown format", []string{"-format", "xml", plain}, "", `unknown format "xml"`},
		{"an unknown severity", []string{"-fail", "none", plain}, "", `unknown severity "none"`},
		{"no template", nil, "", "want a directory"},
		{"a missing template", []string{"none.json"}, "", "none.json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := run(t.Context(), append([]string{"check"}, test.arguments...), &stdout, &stderr)
			if !strings.Contains(stdout.String(), test.output) {
				t.Errorf("the output is\n%s\nwant %q in it", stdout.String(), test.output)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("the error is %v, want %q", err, test.err)
			}
			if format := test.arguments; len(format) == 3 && format[0] == "-format" && stdout.Len() > 0 && !json.Valid(stdout.Bytes()) {
				t.Error("the output is no JSON")
			}
		})
	}
}
