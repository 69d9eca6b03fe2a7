package local

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/cloudfront"
)

// edge is what distributions refer to.
type edge struct {
	functions map[string]*cloudfront.Function // by ARN
	headers   map[string][]cloudfront.Header  // response headers policies by ID
}

// apiOrigin returns an origin that is an HTTP API. Its domain name may have become
// that of its listener already.
func (c *Cloud) apiOrigin(o cloudfront.Origin, p originProperties) (cloudfront.Origin, error) {
	if policy := p.CustomOriginConfig.OriginProtocolPolicy; policy != "https-only" {
		return o, fmt.Errorf("origin protocol policy %q: want https-only, as HTTP APIs speak HTTPS only", policy)
	}
	for id, a := range c.apis {
		if p.DomainName == id+apiDomain || p.DomainName == a.listener.Addr().String() {
			o.Domain = id + apiDomain
			// The handler is made when all of the API is planned.
			o.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.handlers[id].ServeHTTP(w, r) })
			return o, nil
		}
	}
	return o, fmt.Errorf("domain name %q is not supported locally: want that of an HTTP API in this assembly", p.DomainName)
}

// viewerRequest returns the function of a behavior, or nil.
func (c *Cloud) viewerRequest(b *cacheBehaviorProperties) (*cloudfront.Function, error) {
	var function *cloudfront.Function
	for _, association := range b.FunctionAssociations {
		found, ok := c.edge.functions[association.FunctionARN]
		switch {
		case association.EventType != "viewer-request":
			return nil, fmt.Errorf("event type %q of a function is not supported locally: want viewer-request", association.EventType)
		case !ok:
			return nil, fmt.Errorf("function %q is not in this assembly", association.FunctionARN)
		case function != nil:
			return nil, fmt.Errorf("function %q: want one function for viewer-request", association.FunctionARN)
		}
		function = found
	}
	return function, nil
}

type edgeFunctionProperties struct {
	AutoPublish    bool
	FunctionCode   string
	FunctionConfig struct {
		Comment noEffect
		Runtime string
	}
	Name string
	Tags noEffect
}

func planEdgeFunction(c *Cloud, r *assembly.Resource, p *edgeFunctionProperties) (planned, error) {
	if runtime := p.FunctionConfig.Runtime; runtime != "cloudfront-js-1.0" && runtime != "cloudfront-js-2.0" {
		return planned{}, fmt.Errorf("runtime %q is not supported locally: want cloudfront-js-1.0 or cloudfront-js-2.0", runtime)
	}
	if !p.AutoPublish {
		return planned{}, fmt.Errorf("a function that is not published is not supported locally: want AutoPublish")
	}
	name := cmp.Or(p.Name, physicalName(r, 64))
	group := "/aws/cloudfront/function/" + name
	function, err := cloudfront.NewFunction(name, p.FunctionCode, func(line string) { c.logs.Append(group, "local", []byte(line)) })
	if err != nil {
		return planned{}, err
	}
	arn := "arn:aws:cloudfront::" + api.Account + ":function/" + name
	c.edge.functions[arn] = function
	return planned{assembly.Identity{Ref: arn, Attributes: map[string]any{
		"FunctionARN": arn, "FunctionMetadata.FunctionARN": arn, "Stage": "LIVE",
	}}, nothing}, nil
}

type responseHeadersPolicyProperties struct {
	ResponseHeadersPolicyConfig struct {
		Comment             noEffect
		CustomHeadersConfig struct {
			Items []struct {
				Header, Value string
				Override      bool
			}
		}
		Name                  noEffect
		SecurityHeadersConfig securityHeaders
	}
}

type securityHeaders struct {
	ContentSecurityPolicy *struct {
		ContentSecurityPolicy string
		Override              bool
	}
	ContentTypeOptions *struct{ Override bool }
	FrameOptions       *struct {
		FrameOption string
		Override    bool
	}
	ReferrerPolicy *struct {
		Override       bool
		ReferrerPolicy string
	}
	StrictTransportSecurity *struct {
		AccessControlMaxAgeSec               int
		IncludeSubdomains, Override, Preload bool
	}
	XSSProtection *struct {
		ModeBlock, Override, Protection bool
		ReportURI                       string `property:"ReportUri"`
	}
}

func planResponseHeadersPolicy(c *Cloud, r *assembly.Resource, p *responseHeadersPolicyProperties) (planned, error) {
	headers := p.ResponseHeadersPolicyConfig.SecurityHeadersConfig.headers()
	for _, item := range p.ResponseHeadersPolicyConfig.CustomHeadersConfig.Items {
		headers = append(headers, cloudfront.Header{Name: item.Header, Value: item.Value, Override: item.Override})
	}
	id := identifier(r)
	c.edge.headers[id] = headers
	return planned{assembly.Identity{Ref: id, Attributes: map[string]any{"Id": id}}, nothing}, nil
}

func (s *securityHeaders) headers() []cloudfront.Header {
	var headers []cloudfront.Header
	add := func(name, value string, override bool) {
		headers = append(headers, cloudfront.Header{Name: name, Value: value, Override: override})
	}
	if h := s.ContentSecurityPolicy; h != nil {
		add("Content-Security-Policy", h.ContentSecurityPolicy, h.Override)
	}
	if h := s.ContentTypeOptions; h != nil {
		add("X-Content-Type-Options", "nosniff", h.Override)
	}
	if h := s.FrameOptions; h != nil {
		add("X-Frame-Options", h.FrameOption, h.Override)
	}
	if h := s.ReferrerPolicy; h != nil {
		add("Referrer-Policy", h.ReferrerPolicy, h.Override)
	}
	if h := s.StrictTransportSecurity; h != nil {
		value := "max-age=" + strconv.Itoa(h.AccessControlMaxAgeSec)
		if h.IncludeSubdomains {
			value += "; includeSubDomains"
		}
		if h.Preload {
			value += "; preload"
		}
		add("Strict-Transport-Security", value, h.Override)
	}
	if h := s.XSSProtection; h != nil {
		parts := []string{"0"}
		if h.Protection {
			parts[0] = "1"
		}
		if h.ModeBlock {
			parts = append(parts, "mode=block")
		}
		if h.ReportURI != "" {
			parts = append(parts, "report="+h.ReportURI)
		}
		add("X-XSS-Protection", strings.Join(parts, "; "), h.Override)
	}
	return headers
}
