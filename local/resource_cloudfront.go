package local

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/noidle/noidle/local/apigateway"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/cloudfront"
)

type originAccessControlProperties struct {
	OriginAccessControlConfig struct {
		Description                   noEffect
		Name                          noEffect
		OriginAccessControlOriginType string
		SigningBehavior               string
		SigningProtocol               noEffect
	}
}

func planOriginAccessControl(c *Cloud, r *assembly.Resource, p *originAccessControlProperties) (planned, error) {
	config := p.OriginAccessControlConfig
	if config.OriginAccessControlOriginType != "s3" {
		return planned{}, fmt.Errorf("origin type %q is not supported locally: want s3", config.OriginAccessControlOriginType)
	}
	if config.SigningBehavior != "always" && config.SigningBehavior != "never" {
		return planned{}, fmt.Errorf("signing behavior %q is not supported locally: want always or never", config.SigningBehavior)
	}
	id := cloudFrontID(r)
	c.controls[id] = config.SigningBehavior == "always"
	return planned{assembly.Identity{Ref: id, Attributes: map[string]any{"Id": id}}, nothing}, nil
}

// cloudFrontID is an ID as CloudFront's are: capital letters and digits after an E.
func cloudFrontID(r *assembly.Resource) string { return "E" + strings.ToUpper(identifier(r)) }

type originProperties struct {
	ConnectionAttempts noEffect
	ConnectionTimeout  noEffect
	CustomOriginConfig *struct {
		HTTPPort               noEffect
		HTTPSPort              noEffect
		IPAddressType          noEffect `property:"IpAddressType"`
		OriginKeepaliveTimeout noEffect
		OriginProtocolPolicy   string
		OriginReadTimeout      noEffect
		OriginSSLProtocols     noEffect
	}
	DomainName                string
	ID                        string `property:"Id"`
	OriginAccessControlID     string `property:"OriginAccessControlId"`
	OriginPath                string
	OriginShield              noEffect
	ResponseCompletionTimeout noEffect
	S3OriginConfig            *struct {
		OriginAccessIdentity string
		OriginReadTimeout    noEffect
	}
}

type cacheBehaviorProperties struct {
	AllowedMethods       []string
	CachePolicyID        string `property:"CachePolicyId"`
	CachedMethods        noEffect
	Compress             noEffect
	FunctionAssociations []struct {
		EventType   string
		FunctionARN string
	}
	OriginRequestPolicyID   string `property:"OriginRequestPolicyId"`
	PathPattern             string
	ResponseHeadersPolicyID string   `property:"ResponseHeadersPolicyId"`
	TargetOriginID          string   `property:"TargetOriginId"`
	ViewerProtocolPolicy    noEffect // what listens stands for HTTPS
}

type distributionProperties struct {
	DistributionConfig struct {
		Aliases              noEffect
		CacheBehaviors       []cacheBehaviorProperties
		Comment              noEffect
		CustomErrorResponses []struct {
			ErrorCachingMinTTL *int
			ErrorCode          int
			ResponseCode       int
			ResponsePagePath   string
		}
		DefaultCacheBehavior cacheBehaviorProperties
		DefaultRootObject    string
		Enabled              bool
		HTTPVersion          noEffect `property:"HttpVersion"`
		IPV6Enabled          noEffect
		Logging              noEffect
		Origins              []originProperties
		PriceClass           noEffect
		ViewerCertificate    noEffect
		WebACLID             noEffect `property:"WebACLId"`
	}
	Tags noEffect
}

func planDistribution(c *Cloud, r *assembly.Resource, p *distributionProperties) (planned, error) {
	config := &p.DistributionConfig
	id := cloudFrontID(r)
	d := cloudfront.Distribution{ID: id, Disabled: !config.Enabled, RootObject: config.DefaultRootObject}
	var problems []error
	for _, o := range config.Origins {
		origin, err := c.origin(id, o)
		if err != nil {
			problems = append(problems, fmt.Errorf("origin %q: %w", o.ID, err))
		}
		d.Origins = append(d.Origins, origin)
	}
	config.DefaultCacheBehavior.PathPattern = "*"
	for _, b := range append(config.CacheBehaviors, config.DefaultCacheBehavior) {
		function, err := c.viewerRequest(&b)
		if err != nil {
			problems = append(problems, fmt.Errorf("cache behavior %q: %w", b.PathPattern, err))
		}
		d.Behaviors = append(d.Behaviors, cloudfront.Behavior{
			PathPattern: b.PathPattern, OriginID: b.TargetOriginID, AllowedMethods: b.AllowedMethods, CachePolicyID: b.CachePolicyID,
			OriginRequestPolicyID: b.OriginRequestPolicyID, ResponseHeadersPolicyID: b.ResponseHeadersPolicyID, Function: function,
		})
	}
	for _, e := range config.CustomErrorResponses {
		response := cloudfront.ErrorResponse{Status: e.ErrorCode, PagePath: e.ResponsePagePath, PageStatus: e.ResponseCode}
		if e.ErrorCachingMinTTL != nil {
			response.MinTTL = new(time.Duration(*e.ErrorCachingMinTTL) * time.Second)
		}
		d.ErrorResponses = append(d.ErrorResponses, response)
	}
	handler, err := cloudfront.New(d, cloudfront.Options{Clock: c.clock, S3: c.s3, HeadersPolicies: c.edge.headers})
	if err := errors.Join(append(problems, err)...); err != nil {
		return planned{}, err
	}
	listener, err := c.listenBeside()
	if err != nil {
		return planned{}, err
	}
	return c.distribution(id, listener, handler), nil
}

// distribution is a planned distribution at an address of its own.
func (c *Cloud) distribution(id string, listener net.Listener, handler *cloudfront.Handler) planned {
	domain := listener.Addr().String()
	c.addresses["https://"+domain] = "http://" + domain
	c.cloudfront.Add(handler)
	return planned{assembly.Identity{Ref: id, Attributes: map[string]any{"DomainName": domain, "Id": id}}, func() error {
		c.serve(apigateway.Listener(listener), guard(handler, true, nil))
		return nil
	}}
}

// origin returns an origin of a distribution, which asks for the distribution if
// the origin's access control says so, or else as anybody
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html).
func (c *Cloud) origin(distribution string, p originProperties) (cloudfront.Origin, error) {
	o := cloudfront.Origin{ID: p.ID, Path: p.OriginPath, Principal: c.authority.Anonymous()}
	if o.Path != "" && (!strings.HasPrefix(o.Path, "/") || strings.HasSuffix(o.Path, "/")) {
		return o, fmt.Errorf("origin path %q: want a path that starts with a slash and does not end with one", o.Path)
	}
	if p.CustomOriginConfig != nil {
		return c.apiOrigin(o, p)
	}
	o.Bucket = strings.TrimSuffix(p.DomainName, regionalDomain)
	_, inAssembly := c.buckets[o.Bucket]
	signs, known := c.controls[p.OriginAccessControlID]
	if signs {
		o.Principal = c.authority.Service("cloudfront.amazonaws.com", cloudfront.ARN(distribution))
	}
	switch {
	case o.Bucket == p.DomainName || !inAssembly:
		return o, fmt.Errorf("domain name %q is not supported locally: want the RegionalDomainName of a bucket, or with a CustomOriginConfig the domain name of an HTTP API, in this assembly", p.DomainName)
	case p.S3OriginConfig == nil:
		return o, errors.New("want an S3OriginConfig or a CustomOriginConfig")
	case p.S3OriginConfig.OriginAccessIdentity != "":
		return o, errors.New("an origin access identity is not supported locally: use an origin access control")
	case p.OriginAccessControlID != "" && !known:
		return o, fmt.Errorf("origin access control %q is not in this assembly", p.OriginAccessControlID)
	}
	return o, nil
}
