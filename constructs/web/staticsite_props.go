package web

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
)

// StaticSiteProps configures a [StaticSite]. Only Site is required.
type StaticSiteProps struct {
	// Site is the directory of the site's files, relative to the working directory.
	// It holds an index.html, which / shows; what a path that ends in a slash shows
	// is the index.html there.
	Site string
	// SinglePage shows index.html at every path whose last part has no dot, for pages
	// that read the path themselves.
	SinglePage bool
	// NotFoundPage is the path of the page that is shown, with status 404, where
	// there is nothing. Empty means /404.html if the site has one, or else what S3
	// answers.
	NotFoundPage string
	// Files are further files of the site by path, such as config.json: texts that
	// may hold CDK tokens, and take the place of a file in Site.
	Files map[string]string
	// Immutable are patterns of files that never change, such as assets/*: browsers
	// keep them for a year. So they do with those whose names hold a hash of their
	// content, such as app.3f2a9c1b.js. HTML is asked for anew each time, and so are,
	// by browsers, all others.
	Immutable []string
	// ContentSources are what the pages may use beside what is of their own origin,
	// by directive of the Content-Security-Policy, such as
	// {"img-src": {"https://images.example.com"}}. Values may be CDK tokens
	// (https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy).
	ContentSources map[string][]string
	// Domain gives the site a name of your own. Nil means CloudFront's.
	Domain *Domain
	// WebACL is the ARN of a web ACL of AWS WAF for CloudFront, which is in us-east-1
	// and has a monthly price. Empty means none
	// (https://docs.aws.amazon.com/waf/latest/developerguide/cloudfront-features.html).
	WebACL string
	// RemovalPolicy says what becomes of the buckets when they leave their stack. Empty
	// means that the files of the site go, which are in the stack's assets anyway, and
	// that the access logs are retained.
	RemovalPolicy awscdk.RemovalPolicy
	// Bucket overrides settings of the bucket; nil fields keep the defaults.
	Bucket *awss3.BucketProps
	// Distribution overrides settings of the distribution; nil fields keep the
	// defaults. DefaultBehavior is not to be set here, nor what has a field of its
	// own above.
	Distribution *awscloudfront.DistributionProps
}

// Domain is a name of a site.
type Domain struct {
	// Name is the domain name, such as www.example.com, in small letters. Required.
	Name string
	// Zone is the hosted zone that gets the records of the name. Required.
	Zone awsroute53.IHostedZone
	// Certificate is that of the name, in us-east-1. Nil makes one, which takes the
	// stack to be in us-east-1
	// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html).
	Certificate awscertificatemanager.ICertificate
}

// complete returns the props with their defaults filled in.
func (p *StaticSiteProps) complete() (StaticSiteProps, error) {
	var settings StaticSiteProps
	if p != nil {
		settings = *p
	}
	if settings.NotFoundPage == "" && settings.has("404.html") {
		settings.NotFoundPage = "/404.html"
	}
	return settings, settings.validate()
}

// has says whether a file is in the site.
func (p *StaticSiteProps) has(name string) bool {
	_, written := p.Files[name]
	info, err := os.Stat(filepath.Join(p.Site, filepath.FromSlash(name)))
	return written || err == nil && info.Mode().IsRegular()
}

func (p *StaticSiteProps) validate() error {
	if p.Site == "" {
		return errors.New(`no Site: set the directory of the site's files, such as "./site"`)
	}
	if info, err := os.Stat(p.Site); err != nil || !info.IsDir() {
		return fmt.Errorf("Site is %q: there is no such directory", p.Site)
	}
	if !p.has("index.html") {
		return fmt.Errorf("Site is %q: it holds no index.html", p.Site)
	}
	for _, check := range []func() error{p.validateNotFoundPage, p.validateFiles, p.validateContentSources, p.validateWebACL, p.validateDomain, p.validateDistribution} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *StaticSiteProps) validateNotFoundPage() error {
	name, rooted := strings.CutPrefix(p.NotFoundPage, "/")
	switch {
	case p.NotFoundPage == "":
		return nil
	case !rooted:
		return fmt.Errorf("NotFoundPage is %q: must start with a slash", p.NotFoundPage)
	case !p.has(name):
		return fmt.Errorf("NotFoundPage is %q: there is no such file in the site", p.NotFoundPage)
	}
	return nil
}

func (p *StaticSiteProps) validateFiles() error {
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		if !filepath.IsLocal(name) || strings.Contains(name, `\`) || strings.HasSuffix(name, "/") {
			return fmt.Errorf("Files has %q: must be the path of a file in the site, such as config.json", name)
		}
	}
	for _, pattern := range p.Immutable {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || strings.HasPrefix(pattern, "/") {
			return fmt.Errorf("Immutable has %q: must be a pattern of paths in the site, such as assets/*", pattern)
		}
	}
	return nil
}

var directive = regexp.MustCompile(`^[a-z]+(-[a-z]+)*-src$`)

func (p *StaticSiteProps) validateContentSources() error {
	for _, name := range slices.Sorted(maps.Keys(p.ContentSources)) {
		if !directive.MatchString(name) {
			return fmt.Errorf("ContentSources has %q: must be a directive of sources, such as img-src", name)
		}
		for _, source := range p.ContentSources[name] {
			if source == "" || strings.ContainsAny(source, " ;,\r\n") {
				return fmt.Errorf("ContentSources has %q for %s: must be one source, such as https://images.example.com", source, name)
			}
		}
	}
	return nil
}

// webACL is the ARN of a web ACL for CloudFront
// (https://docs.aws.amazon.com/waf/latest/developerguide/cloudfront-features.html).
var webACL = regexp.MustCompile(`^arn:[^:]+:wafv2:us-east-1:\d{12}:global/webacl/`)

func (p *StaticSiteProps) validateWebACL() error {
	if p.WebACL == "" || isToken(p.WebACL) || webACL.MatchString(p.WebACL) {
		return nil
	}
	return fmt.Errorf("WebACL is %q: must be the ARN of a web ACL for CloudFront, such as arn:aws:wafv2:us-east-1:111122223333:global/webacl/shop/1", p.WebACL)
}

func (p *StaticSiteProps) validateDomain() error {
	switch {
	case p.Domain == nil:
		return nil
	case p.Domain.Name == "":
		return errors.New("Domain has no Name: set the site's, such as www.example.com")
	case p.Domain.Zone == nil:
		return fmt.Errorf("Domain %q has no Zone: set the hosted zone of the name", p.Domain.Name)
	case !isToken(p.Domain.Name) && !domainName.MatchString(p.Domain.Name):
		return fmt.Errorf("Domain %q: Name must be a whole domain name in small letters, such as www.example.com", p.Domain.Name)
	}
	return nil
}

// domainName is an alternate domain name
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html).
var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)

// validateZone refuses a name that is not in its zone: its records would get the
// zone's name at their end.
func (d *Domain) validateZone(zone string) error {
	if isToken(d.Name) || isToken(zone) || strings.HasSuffix("."+d.Name, "."+strings.TrimSuffix(zone, ".")) {
		return nil
	}
	return fmt.Errorf("Domain %q is not in its Zone %s: set the hosted zone of the name", d.Name, zone)
}

// validateDistribution refuses settings that the construct decides.
func (p *StaticSiteProps) validateDistribution() error {
	d := p.Distribution
	switch {
	case d == nil:
		return nil
	case d.DefaultBehavior != nil:
		return errors.New("Distribution.DefaultBehavior is set: the construct serves the site there")
	case d.DomainNames != nil || d.Certificate != nil:
		return errors.New("Distribution has DomainNames or a Certificate: set Domain instead")
	case d.WebAclId != nil:
		return errors.New("Distribution.WebAclId is set: set WebACL instead")
	case d.EnableLogging != nil && !*d.EnableLogging:
		return errors.New("Distribution.EnableLogging is false: the construct keeps access logs, set LogBucket for another place")
	case d.ErrorResponses != nil:
		return errors.New("Distribution.ErrorResponses are set: set NotFoundPage instead")
	}
	return nil
}

// contentSecurityPolicy lets the pages use what is of their own origin, and what the
// props name.
func (p *StaticSiteProps) contentSecurityPolicy() string {
	sources := maps.Clone(p.ContentSources)
	delete(sources, "default-src") // Only the first directive of a name counts.
	directives := []string{strings.Join(append([]string{"default-src 'self'"}, p.ContentSources["default-src"]...), " ")}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		directives = append(directives, strings.Join(append([]string{name, "'self'"}, sources[name]...), " "))
	}
	return strings.Join(append(directives, "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"), "; ")
}
