package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTraceRefused(t *testing.T) {
	forget(t)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
	file := filepath.Join(t.TempDir(), "outputs.json")
	if err := os.WriteFile(file, []byte(`{"Shop": {"OrdersTable": "orders"}, "Site": {}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		arguments []string
		want      string
	}{
		"no ID":         {nil, "want one order's ID or photo's key"},
		"an empty ID":   {[]string{""}, "want one order's ID or photo's key"},
		"two IDs":       {[]string{"a", "b"}, "want one order's ID or photo's key"},
		"another stack": {[]string{"-outputs", file, "-stack", "shop", "a"}, `stack "shop" is none of the stacks ["Shop" "Site"]`},
		"a wrong stack": {[]string{"-outputs", file, "-stack", "Site", "a"}, "no stack has an output OrdersTable or ThumbnailIndex"},
		"no file":       {[]string{"-outputs", "missing", "a"}, "cdk deploy --outputs-file writes such a file"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), append([]string{"trace"}, tt.arguments...), io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("it ends with %v, want %q", err, tt.want)
			}
		})
	}
}
