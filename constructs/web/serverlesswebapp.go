package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/constructs-go/constructs/v10"
)

// ServerlessWebAppProps configures a [ServerlessWebApp]. Only Site is required.
type ServerlessWebAppProps struct {
	// Site is the directory of the site's files, as in [StaticSiteProps].
	Site string
	// API is the app's own API, which pages find under /api: its route /photos is at
	// /api/photos. If there is a SignIn, each of its routes that is not public takes
	// a token of it. Nil means that there is none.
	API *HTTPServiceProps
	// SignIn lets users sign up and in. Nil means that there is no sign-in.
	SignIn *SignInProps
	// Mounts are further APIs under /api, which come before the app's own.
	Mounts []Mount
	// Config is more for the pages in /config.json, by name. Texts may hold CDK
	// tokens. The names region, apiUrl and signIn are taken.
	Config map[string]any
	// StaticSite configures the site further. Site, and config.json in Files, are not
	// to be set here.
	StaticSite *StaticSiteProps
}

// Mount is an API of another construct that the app's pages use.
type Mount struct {
	// Path is what the API's own paths start with, such as /orders, which pages find
	// at /api/orders.
	Path string
	// API is the API. It answers without CORS, as its origin is that of the pages.
	API awsapigatewayv2.IHttpApi
}

// ServerlessWebApp is a web app: a site and, under /api of the same origin, its APIs,
// with sign-in. Its pages read in /config.json where they are, so that the same files
// serve every deployment:
//
//	{"region": …, "apiUrl": "/api", "signIn": {"url": …, "clientId": …, "userPoolId": …, "scopes": […], "providers": […]}}
//
// apiUrl and signIn are missing in an app without. In place of an API's answer 403, and
// of no other, pages get the site's page for what is not there, if it has one, as that
// is also what the bucket answers, and CloudFront does not tell them apart: let APIs
// answer 404
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html).
type ServerlessWebApp struct {
	constructs.Construct

	// Site is the site.
	Site *StaticSite
	// API is the app's own API; nil if it has none.
	API *HTTPService
	// SignIn is the sign-in; nil if there is none.
	SignIn *SignIn
	// APIPaths takes /api off the paths that APIs get; nil if there are no APIs.
	APIPaths awscloudfront.Function
}

// NewServerlessWebApp adds a ServerlessWebApp to scope. It panics if props are invalid.
func NewServerlessWebApp(scope constructs.Construct, id string, props *ServerlessWebAppProps) *ServerlessWebApp {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("web: ServerlessWebApp %q: %w", id, err))
	}
	a := &ServerlessWebApp{}
	constructs.NewConstruct_Override(a, scope, &id)
	if props.SignIn != nil {
		a.SignIn = NewSignIn(a, "SignIn", props.SignIn)
	}
	if props.API != nil {
		service := *props.API
		if a.SignIn != nil {
			service.SignIn = a.SignIn
		}
		a.API = NewHTTPService(a, "API", &service)
	}
	a.Site = NewStaticSite(a, "Site", a.site(props))
	a.addAPIs(props.Mounts)
	if a.SignIn != nil {
		a.SignIn.AllowRedirect(new(*a.URL() + "/"))
	}
	return a
}

// URL returns the address of the app, without a slash at its end.
func (a *ServerlessWebApp) URL() *string { return a.Site.URL() }

// site returns the props of the site, whose pages may talk to the sign-in.
func (a *ServerlessWebApp) site(props *ServerlessWebAppProps) *StaticSiteProps {
	var site StaticSiteProps
	if props.StaticSite != nil {
		site = *props.StaticSite
	}
	site.Site = props.Site
	site.Files = maps.Clone(site.Files)
	if site.Files == nil {
		site.Files = map[string]string{}
	}
	site.Files["config.json"] = a.config(props)
	if a.SignIn != nil {
		site.ContentSources = maps.Clone(site.ContentSources)
		if site.ContentSources == nil {
			site.ContentSources = map[string][]string{}
		}
		site.ContentSources["connect-src"] = append(slices.Clone(site.ContentSources["connect-src"]), *a.SignIn.URL())
	}
	return &site
}

// config returns what the pages read in /config.json.
func (a *ServerlessWebApp) config(props *ServerlessWebAppProps) string {
	config := map[string]any{"region": awscdk.Stack_Of(a).Region()}
	maps.Copy(config, props.Config)
	if props.API != nil || len(props.Mounts) > 0 {
		config["apiUrl"] = "/api"
	}
	if a.SignIn != nil {
		providers := []string{}
		for _, provider := range a.SignIn.Providers {
			providers = append(providers, *provider.ProviderName())
		}
		config["signIn"] = map[string]any{
			"url":        a.SignIn.URL(),
			"clientId":   a.SignIn.Client.UserPoolClientId(),
			"userPoolId": a.SignIn.UserPool.UserPoolId(),
			"scopes":     defaultScopes,
			"providers":  providers,
		}
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(fmt.Errorf("web: ServerlessWebApp %q: Config: %w", *a.Node().Path(), err))
	}
	return string(text)
}

// addAPIs leads /api of the site to the APIs. The first pattern that matches counts
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern).
func (a *ServerlessWebApp) addAPIs(mounts []Mount) {
	if a.API == nil && len(mounts) == 0 {
		return
	}
	a.APIPaths = newViewerFunction(a, "APIPaths", `function handler(event) {
  var request = event.request;
  request.uri = request.uri.slice('/api'.length) || '/';
  return request;
}
`)
	for _, m := range mounts {
		a.addAPI(m.API, "/api"+m.Path, "/api"+m.Path+"/*")
	}
	if a.API != nil {
		a.addAPI(a.API.API, "/api/*")
	}
}

func (a *ServerlessWebApp) addAPI(api awsapigatewayv2.IHttpApi, patterns ...string) {
	stack := awscdk.Stack_Of(api)
	domain := *api.ApiId() + ".execute-api." + *stack.Region() + "." + *stack.UrlSuffix()
	origin := awscloudfrontorigins.NewHttpOrigin(&domain, nil)
	for _, pattern := range patterns {
		a.Site.Distribution.AddBehavior(&pattern, origin, &awscloudfront.AddBehaviorOptions{
			AllowedMethods:        awscloudfront.AllowedMethods_ALLOW_ALL(),
			CachePolicy:           awscloudfront.CachePolicy_CACHING_DISABLED(),
			OriginRequestPolicy:   awscloudfront.OriginRequestPolicy_ALL_VIEWER_EXCEPT_HOST_HEADER(),
			ResponseHeadersPolicy: a.Site.Headers,
			ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_HTTPS_ONLY,
			FunctionAssociations:  onViewerRequest(a.APIPaths),
		})
	}
}

func (p *ServerlessWebAppProps) validate() error {
	if p == nil || p.Site == "" {
		return errors.New(`no Site: set the directory of the site's files, such as "./site"`)
	}
	for _, name := range []string{"region", "apiUrl", "signIn"} {
		if _, ok := p.Config[name]; ok {
			return fmt.Errorf("Config has %q: the construct sets it, choose another name", name)
		}
	}
	seen := map[string]bool{}
	for _, m := range p.Mounts {
		if seen[m.Path] {
			return fmt.Errorf("mount %q is there twice: leave one out", m.Path)
		}
		seen[m.Path] = true
		if err := m.validate(); err != nil {
			return err
		}
	}
	if _, err := json.Marshal(p.Config); err != nil {
		return fmt.Errorf("Config is no JSON: %w", err)
	}
	return cmp.Or(p.validateSignIn(), p.validateStaticSite())
}

func (p *ServerlessWebAppProps) validateSignIn() error {
	if p.API != nil && p.SignIn != nil && (p.API.SignIn != nil || p.API.JWT != nil) {
		return errors.New("API has a SignIn or JWT beside that of the app: leave one out")
	}
	return nil
}

func (p *ServerlessWebAppProps) validateStaticSite() error {
	switch s := p.StaticSite; {
	case s == nil:
		return nil
	case s.Site != "":
		return errors.New("StaticSite.Site is set: set Site instead")
	}
	if _, ok := p.StaticSite.Files["config.json"]; ok {
		return errors.New("StaticSite.Files has config.json: set Config instead")
	}
	return nil
}

// mountPath is what may be the path of a mount, of the characters of a path pattern
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern).
var mountPath = regexp.MustCompile(`^(/[A-Za-z0-9_.$~@:+-]+)+$`)

// maxPatternChars is how long a path pattern may be.
const maxPatternChars = 255

func (m Mount) validate() error {
	switch {
	case !mountPath.MatchString(m.Path) || len("/api"+m.Path+"/*") > maxPatternChars:
		return fmt.Errorf("mount %q: Path must start with a slash and not end in one, such as /orders, and have only letters, digits and _.$~@:+-", m.Path)
	case m.API == nil:
		return fmt.Errorf("mount %q: no API: set the one that answers", m.Path)
	}
	return nil
}
