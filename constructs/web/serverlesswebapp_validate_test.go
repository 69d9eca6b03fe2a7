package web

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// httpAPI stands for an API that nobody looks into.
type httpAPI struct{ awsapigatewayv2.IHttpApi }

// token stands for what the CDK works out later.
type token struct{ awscdk.IResolvable }

func TestServerlessWebAppProps(t *testing.T) {
	tests := []struct {
		name   string
		change func(*ServerlessWebAppProps)
		want   string
	}{
		{"all defaults", func(*ServerlessWebAppProps) {}, ""},
		{"no site", func(p *ServerlessWebAppProps) { p.Site = "" }, "no Site: set the directory of the site's files"},
		{"name taken", func(p *ServerlessWebAppProps) { p.Config = map[string]any{"apiUrl": "/"} }, `Config has "apiUrl": the construct sets it`},
		{"mount", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"/orders", httpAPI{}}} }, ""},
		{"mount without a slash", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"orders", httpAPI{}}} }, `mount "orders": Path must start with a slash`},
		{"mount of everything", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"/*", httpAPI{}}} }, `mount "/*"`},
		{"mount of nothing", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"/orders", nil}} }, `mount "/orders": no API`},
		{"mount of several parts", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"/orders/v1.2", httpAPI{}}} }, ""},
		{"mount that ends in a slash", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"/orders/", httpAPI{}}} }, `mount "/orders/"`},
		{"mount of the root", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"", httpAPI{}}} }, `mount ""`},
		{"mount with a parameter", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"/{id}", httpAPI{}}} }, "have only letters, digits"},
		{"long mount", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"/" + strings.Repeat("a", 249), httpAPI{}}} }, "Path must"},
		{"mount twice", func(p *ServerlessWebAppProps) { p.Mounts = []Mount{{"/a", httpAPI{}}, {"/a", httpAPI{}}} }, `mount "/a" is there twice`},
		{"no JSON", func(p *ServerlessWebAppProps) { p.Config = map[string]any{"now": func() {}} }, "Config.now is no JSON"},
		{"text token", func(p *ServerlessWebAppProps) { p.Config = map[string]any{"a": "${Token[A.1]}", "b": []any{1, "-"}} }, ""},
		{"token", func(p *ServerlessWebAppProps) { p.Config = map[string]any{"a": []any{token{}}} }, "Config.a.0 is a CDK token that is no text: set awscdk.Token_AsString of it"},
		{"list token", func(p *ServerlessWebAppProps) { p.Config = map[string]any{"a": &[]*string{new("#{Token[A.1]}")}} }, "Config.a is a CDK token of a list or number"},
		{"number token", func(p *ServerlessWebAppProps) {
			p.Config = map[string]any{"a": map[string]any{"b": new(-1.8881545897087503e+289)}}
		}, "Config.a.b is a CDK token of a list or number"},
		{"empty configuration", func(p *ServerlessWebAppProps) {
			p.StaticSite = &StaticSiteProps{Files: map[string]string{"config.json": ""}}
		}, "StaticSite.Files has config.json"},
		{"two sign-ins", func(p *ServerlessWebAppProps) {
			p.SignIn, p.API = &SignInProps{}, &HTTPServiceProps{JWT: &JWT{}}
		}, "API has a SignIn or JWT beside that of the app"},
		{"two sites", func(p *ServerlessWebAppProps) { p.StaticSite = &StaticSiteProps{Site: "./b"} }, "StaticSite.Site is set: set Site instead"},
		{"two configurations", func(p *ServerlessWebAppProps) {
			p.StaticSite = &StaticSiteProps{Files: map[string]string{"config.json": "{}"}}
		}, "StaticSite.Files has config.json: set Config instead"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &ServerlessWebAppProps{Site: "./site"}
			tt.change(p)
			expect.Error(t, p.validate(), tt.want)
		})
	}
	t.Run("no props", func(t *testing.T) { expect.Error(t, (*ServerlessWebAppProps)(nil).validate(), "no Site") })
}
