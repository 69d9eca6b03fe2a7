package test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/web"
	"github.com/noidle/noidle/local"
)

func defaultServerlessWebApp(scope constructs.Construct, id string) constructs.Construct {
	return web.NewServerlessWebApp(scope, id, &web.ServerlessWebAppProps{Site: "testdata/site"})
}

func fullServerlessWebApp(scope constructs.Construct, id string) constructs.Construct {
	trends := analytics.NewStreamAnalytics(scope, id+"Analytics", nil)
	return web.NewServerlessWebApp(scope, id, &web.ServerlessWebAppProps{
		Site:       "testdata/site",
		API:        &web.HTTPServiceProps{Package: "./functions/notes"},
		SignIn:     &web.SignInProps{},
		Mounts:     []web.Mount{{Path: "/trends", API: trends.API}},
		Config:     map[string]any{"shop": "Seoul"},
		StaticSite: &web.StaticSiteProps{ContentSources: map[string][]string{"img-src": {"data:"}}},
	})
}

// TestServerlessWebAppServes: a page reads where its API and sign-in are, and its API is
// under /api of the same origin, which strangers do not pass.
func TestServerlessWebAppServes(t *testing.T) {
	s := openOwn(t, local.Options{}, func(app awscdk.App) {
		stack := awscdk.NewStack(app, new("Own"), nil)
		api := &web.HTTPServiceProps{
			Package: "github.com/noidle/noidle/functions/guestbook",
			Table:   &storage.TableProps{PartitionKey: "book", SortKey: "id"},
			Routes:  []web.Route{{Method: "GET", Path: "/entries", Public: true}, {Method: "POST", Path: "/entries"}},
		}
		webApp := web.NewServerlessWebApp(stack, "App", &web.ServerlessWebAppProps{Site: "testdata/site", API: api, SignIn: &web.SignInProps{}})
		awscdk.NewCfnOutput(stack, new("SiteUrl"), &awscdk.CfnOutputProps{Value: webApp.URL()})
	})
	_, text := get(t, s.outputs["SiteUrl"]+"/config.json")
	var config struct {
		Region, APIURL string
		SignIn         struct{ URL, ClientID string }
	}
	if err := json.Unmarshal([]byte(text), &config); err != nil || config.APIURL != "/api" || config.SignIn.ClientID == "" {
		t.Errorf("config.json is %s: %v", text, err)
	}
	answer, _ := get(t, config.SignIn.URL+"/login?client_id="+config.SignIn.ClientID+"&response_type=code&scope=openid&redirect_uri="+s.outputs["SiteUrl"]+"/")
	if answer.StatusCode != 200 {
		t.Errorf("the sign-in page answers %d", answer.StatusCode)
	}
	answer, text = get(t, s.outputs["SiteUrl"]+"/api/entries")
	if answer.StatusCode != 200 || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the API answers %d: %s", answer.StatusCode, text)
	}
	if diff := cmp.Diff(401, post(t, s.outputs["SiteUrl"]+"/api/entries", `{"name":"kim","message":"hello"}`)); diff != "" {
		t.Errorf("status without a token (-want +got):\n%s", diff)
	}
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}
