package overlay_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/overlay"
)

type props struct {
	Name    *string
	Mode    string
	Size    *float64
	Handler any
}

func TestSet(t *testing.T) {
	defaults := props{Name: new("default"), Mode: "JSON", Size: new(128.0)}
	tests := []struct {
		name  string
		props *props
		want  props
	}{
		{"nil keeps the defaults", nil, defaults},
		{"zero fields keep the defaults", &props{}, defaults},
		{"set fields win", &props{Name: new("mine"), Handler: 1}, props{Name: new("mine"), Mode: "JSON", Size: new(128.0), Handler: 1}},
		{"a pointer to a zero value is set", &props{Size: new(0.0)}, props{Name: new("default"), Mode: "JSON", Size: new(0.0)}},
		{"an enum wins", &props{Mode: "TEXT"}, props{Name: new("default"), Mode: "TEXT", Size: new(128.0)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := defaults
			overlay.Set(&got, tt.props)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Set (-want +got):\n%s", diff)
			}
		})
	}
}
