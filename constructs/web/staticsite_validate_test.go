package web

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// What nobody looks into.
type (
	zone        struct{ awsroute53.IHostedZone }
	certificate struct {
		awscertificatemanager.ICertificate
	}
)

func TestStaticSiteProps(t *testing.T) {
	tests := []struct {
		name   string
		change func(*StaticSiteProps)
		want   string
	}{
		{"all defaults", func(*StaticSiteProps) {}, ""},
		{"no site", func(p *StaticSiteProps) { p.Site = "" }, "no Site: set the directory of the site's files"},
		{"no directory", func(p *StaticSiteProps) { p.Site = "testdata/none" }, `Site is "testdata/none": there is no such directory`},
		{"a file", func(p *StaticSiteProps) { p.Site = "testdata/site/index.html" }, "there is no such directory"},
		{"no index", func(p *StaticSiteProps) { p.Site = "testdata" }, `Site is "testdata": it holds no index.html`},
		{"written index", func(p *StaticSiteProps) {
			p.Site, p.Files = "testdata", map[string]string{"index.html": "<!doctype html>"}
		}, ""},
		{"page", func(p *StaticSiteProps) { p.NotFoundPage = "/index.html" }, ""},
		{"page without a slash", func(p *StaticSiteProps) { p.NotFoundPage = "index.html" }, `NotFoundPage is "index.html": must start with a slash`},
		{"no page", func(p *StaticSiteProps) { p.NotFoundPage = "/gone.html" }, `NotFoundPage is "/gone.html": there is no such file in the site`},
		{"file outside", func(p *StaticSiteProps) { p.Files = map[string]string{"../a": ""} }, `Files has "../a": must be the path of a file in the site`},
		{"file from the root", func(p *StaticSiteProps) { p.Files = map[string]string{"/a": ""} }, `Files has "/a"`},
		{"directory", func(p *StaticSiteProps) { p.Files = map[string]string{"a/": ""} }, `Files has "a/"`},
		{"backslash", func(p *StaticSiteProps) { p.Files = map[string]string{`a\b`: ""} }, "must be the path of a file"},
		{"empty pattern", func(p *StaticSiteProps) { p.Immutable = []string{""} }, `Immutable has "": must be a pattern of paths in the site`},
		{"pattern from the root", func(p *StaticSiteProps) { p.Immutable = []string{"/assets/*"} }, `Immutable has "/assets/*"`},
		{"broken pattern", func(p *StaticSiteProps) { p.Immutable = []string{"assets[/*"} }, `Immutable has "assets[/*"`},
		{"directive", func(p *StaticSiteProps) { p.ContentSources = map[string][]string{"sandbox": nil} }, `ContentSources has "sandbox": must be a directive of sources, such as img-src`},
		{"two sources in one", func(p *StaticSiteProps) { p.ContentSources = map[string][]string{"img-src": {"a b"}} }, `ContentSources has "a b" for img-src: must be one source`},
		{"end of a directive", func(p *StaticSiteProps) { p.ContentSources = map[string][]string{"img-src": {"a;script-src"}} }, `"a;script-src"`},
		{"web ACL of CloudFront", func(p *StaticSiteProps) {
			p.WebACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/shop/1"
		}, ""},
		{"web ACL of a region", func(p *StaticSiteProps) {
			p.WebACL = "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/1"
		}, "must be the ARN of a web ACL for CloudFront"},
		{"name of a web ACL", func(p *StaticSiteProps) { p.WebACL = "shop" }, `WebACL is "shop"`},
		{"domain", func(p *StaticSiteProps) {
			p.Domain = &Domain{Name: "a.example", Zone: zone{}, Certificate: certificate{}}
		}, ""},
		{"no name", func(p *StaticSiteProps) { p.Domain = &Domain{Zone: zone{}} }, "Domain has no Name"},
		{"no zone", func(p *StaticSiteProps) { p.Domain = &Domain{Name: "a.example"} }, `Domain "a.example" has no Zone`},
		{"URL as a name", func(p *StaticSiteProps) { p.Domain = &Domain{Name: "https://a.example", Zone: zone{}} }, `Domain "https://a.example": Name must be a whole domain name`},
		{"name of one word", func(p *StaticSiteProps) { p.Domain = &Domain{Name: "www", Zone: zone{}} }, `Domain "www": Name must be a whole domain name`},
		{"name in capitals", func(p *StaticSiteProps) { p.Domain = &Domain{Name: "A.example", Zone: zone{}} }, "in small letters"},
		{"name with a dot at its end", func(p *StaticSiteProps) { p.Domain = &Domain{Name: "a.example.", Zone: zone{}} }, `Domain "a.example."`},
		{"behaviour", distribution(awscloudfront.DistributionProps{DefaultBehavior: &awscloudfront.BehaviorOptions{}}), "Distribution.DefaultBehavior is set"},
		{"names", distribution(awscloudfront.DistributionProps{DomainNames: &[]*string{}}), "Distribution has DomainNames or a Certificate: set Domain instead"},
		{"web ACL", distribution(awscloudfront.DistributionProps{WebAclId: new("a")}), "Distribution.WebAclId is set: set WebACL instead"},
		{"no logs", distribution(awscloudfront.DistributionProps{EnableLogging: new(false)}), "Distribution.EnableLogging is false: the construct keeps access logs"},
		{"error responses", distribution(awscloudfront.DistributionProps{ErrorResponses: &[]*awscloudfront.ErrorResponse{}}), "Distribution.ErrorResponses are set: set NotFoundPage instead"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &StaticSiteProps{Site: "testdata/site"}
			tt.change(p)
			_, err := p.complete()
			expect.Error(t, err, tt.want)
		})
	}
}

func distribution(props awscloudfront.DistributionProps) func(*StaticSiteProps) {
	return func(p *StaticSiteProps) { p.Distribution = &props }
}

// TestDomainIsInItsZone: the CDK would write www.example.org.example.com.
func TestDomainIsInItsZone(t *testing.T) {
	tests := []struct{ name, zone, want string }{
		{"www.example.com", "example.com", ""},
		{"example.com", "example.com", ""},
		{"www.example.com", "example.com.", ""},
		{"www.example.com", "${Token[Zone.1]}", ""},
		{"${Token[Name.1]}", "example.com", ""},
		{"www.example.org", "example.com", `Domain "www.example.org" is not in its Zone example.com`},
		{"myexample.com", "example.com", `Domain "myexample.com" is not in its Zone`},
	}
	for _, tt := range tests {
		t.Run(tt.name+" in "+tt.zone, func(t *testing.T) {
			expect.Error(t, (&Domain{Name: tt.name}).validateZone(tt.zone), tt.want)
		})
	}
}

// TestContentSecurityPolicy: of two directives of one name browsers take the first
// (https://www.w3.org/TR/CSP3/#parse-serialized-policy).
func TestContentSecurityPolicy(t *testing.T) {
	p := StaticSiteProps{ContentSources: map[string][]string{"default-src": {"https://a.example"}, "img-src": {"data:"}}}
	const want = "default-src 'self' https://a.example; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	if got := p.contentSecurityPolicy(); got != want {
		t.Errorf("policy is %s\nwant %s", got, want)
	}
}

// TestNotFoundPage: a site's 404.html needs no setting.
func TestNotFoundPage(t *testing.T) {
	tests := []struct {
		name  string
		props StaticSiteProps
		want  string
	}{
		{"none", StaticSiteProps{Site: "testdata/site"}, ""},
		{"written", StaticSiteProps{Site: "testdata/site", Files: map[string]string{"404.html": ""}}, "/404.html"},
		{"another", StaticSiteProps{Site: "testdata/site", NotFoundPage: "/index.html", Files: map[string]string{"404.html": ""}}, "/index.html"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			settings, err := tt.props.complete()
			if err != nil || settings.NotFoundPage != tt.want {
				t.Errorf("page is %q with %v, want %q", settings.NotFoundPage, err, tt.want)
			}
		})
	}
}
