// Package expect holds what the tests of several constructs check alike.
package expect

import (
	"strings"
	"testing"
)

// Error fails the test unless err's text contains want, or err is nil where
// want is empty.
func Error(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error is %v, want none", err)
	case want != "" && err == nil:
		t.Errorf("no error, want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error is %v, want %q", err, want)
	}
}
