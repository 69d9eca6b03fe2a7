package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
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
	// RemovalPolicy says what becomes of users, table and buckets when they leave their
	// stack, but for those whose own props say so. Empty means the default of each.
	RemovalPolicy awscdk.RemovalPolicy
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
		signIn := *props.SignIn
		signIn.RemovalPolicy = cmp.Or(signIn.RemovalPolicy, props.RemovalPolicy)
		a.SignIn = NewSignIn(a, "SignIn", &signIn)
	}
	if props.API != nil {
		service := *props.API
		if a.SignIn != nil {
			service.SignIn = a.SignIn
		}
		if service.Table != nil {
			table := *service.Table
			table.RemovalPolicy = cmp.Or(table.RemovalPolicy, props.RemovalPolicy)
			service.Table = &table
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
	site.RemovalPolicy = cmp.Or(site.RemovalPolicy, props.RemovalPolicy)
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
  if (!request.uri.startsWith('/api/')) return { statusCode: 404 };
  request.uri = request.uri.slice('/api'.length);
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
