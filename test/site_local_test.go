package test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/web"
	"github.com/noidle/noidle/local"
)

// TestStaticSiteServes: what is published is there, with its headers, and what is not
// shows the site's own page.
func TestStaticSiteServes(t *testing.T) {
	s := openOwn(t, local.Options{}, func(app awscdk.App) {
		stack := awscdk.NewStack(app, new("Own"), nil)
		site := web.NewStaticSite(stack, "Site", &web.StaticSiteProps{
			Site: "testdata/site", Files: map[string]string{"config.json": `{"region":"` + *stack.Region() + `"}`},
		})
		awscdk.NewCfnOutput(stack, new("SiteUrl"), &awscdk.CfnOutputProps{Value: site.URL()})
	})
	tests := []struct {
		path, content, cache string
		status               int
	}{
		{"/", "<h1>Shop</h1>", "no-cache", 200},
		{"/index.html", "<h1>Shop</h1>", "no-cache", 200},
		{"/about/", "<h1>About us</h1>", "no-cache", 200},
		{"/app.3f2a9c1b.js", "document.title", "public, max-age=31536000, immutable", 200},
		{"/config.json", `{"region":"us-east-1"}`, "no-cache", 200},
		{"/none", "<h1>Nothing is here</h1>", "no-cache", 404},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			answer, content := get(t, s.outputs["SiteUrl"]+tt.path)
			if answer.StatusCode != tt.status || !strings.Contains(content, tt.content) {
				t.Errorf("status %d: %s, want %d: %s", answer.StatusCode, content, tt.status, tt.content)
			}
			want := map[string]string{
				"Cache-Control":             tt.cache,
				"Content-Security-Policy":   "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
				"Referrer-Policy":           "strict-origin-when-cross-origin",
				"Strict-Transport-Security": "max-age=31536000",
				"X-Content-Type-Options":    "nosniff",
				"X-Frame-Options":           "DENY",
			}
			got := map[string]string{}
			for name := range want {
				got[name] = answer.Header.Get(name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(content)
}
