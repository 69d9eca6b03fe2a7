package ops

import (
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/constructs/internal/expect"
)

func TestProps(t *testing.T) {
	tests := []struct {
		name   string
		change func(*CustomResourceProps)
		want   string
	}{
		{"all defaults", func(*CustomResourceProps) {}, ""},
		{"no package", func(p *CustomResourceProps) { p.Package = "" }, "no Package: set the main package of the function"},
		{"type", func(p *CustomResourceProps) { p.Type = "Custom::Seed_1@a-b" }, ""},
		{"no custom type", func(p *CustomResourceProps) { p.Type = "AWS::S3::Bucket" }, `Type is "AWS::S3::Bucket": must be Custom:: and letters`},
		{"type with a space", func(p *CustomResourceProps) { p.Type = "Custom::a b" }, `Type is "Custom::a b"`},
		{"long type", func(p *CustomResourceProps) { p.Type = "Custom::" + strings.Repeat("a", 53) }, "at most 60 in all"},
		{"longest type", func(p *CustomResourceProps) { p.Type = "Custom::" + strings.Repeat("a", 52) }, ""},
		{"negative timeout", func(p *CustomResourceProps) { p.Timeout = -time.Second }, "Timeout is -1s: must be whole seconds from 1s to 15m0s"},
		{"part of a second", func(p *CustomResourceProps) { p.Timeout = time.Millisecond }, "Timeout is 1ms"},
		{"long timeout", func(p *CustomResourceProps) { p.Timeout = 16 * time.Minute }, "Timeout is 16m0s"},
		{"service token", func(p *CustomResourceProps) { p.Properties = map[string]any{"ServiceToken": "x"} }, "Properties hold a ServiceToken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &CustomResourceProps{Package: "./seed"}
			tt.change(p)
			_, err := p.complete()
			expect.Error(t, err, tt.want)
		})
	}
	t.Run("no props", func(t *testing.T) {
		_, err := (*CustomResourceProps)(nil).complete()
		expect.Error(t, err, "no Package")
	})
}
