package web

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53targets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/overlay"
	"github.com/noidle/noidle/constructs/ops"
	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
)

// StaticSite is a site of files: a private bucket behind CloudFront, with HTTP/2 and
// HTTP/3, compression, security headers and access logs. A deployment puts the files
// into the bucket and has CloudFront forget those that changed.
type StaticSite struct {
	constructs.Construct

	// Bucket holds the files. Only the distribution may read them.
	Bucket awss3.Bucket
	// AccessLogs holds the distribution's access logs, for 90 days.
	AccessLogs awss3.Bucket
	// Headers are the security headers of every answer.
	Headers awscloudfront.ResponseHeadersPolicy
	// Paths rewrites the paths that viewers ask for to those of files.
	Paths awscloudfront.Function
	// Distribution serves the site.
	Distribution awscloudfront.Distribution
	// Publish puts the files into the bucket.
	Publish *ops.CustomResource

	domain *Domain
}

// NewStaticSite adds a StaticSite to scope. It panics if props are invalid.
func NewStaticSite(scope constructs.Construct, id string, props *StaticSiteProps) *StaticSite {
	settings, err := props.complete()
	if err == nil {
		err = settings.validateCertificate(scope)
	}
	if err == nil && settings.Domain != nil {
		err = settings.Domain.validateZone(*settings.Domain.Zone.ZoneName())
	}
	if err != nil {
		panic(fmt.Errorf("web: StaticSite %q: %w", id, err))
	}
	s := &StaticSite{domain: settings.Domain}
	constructs.NewConstruct_Override(s, scope, &id)
	s.addBuckets(&settings)
	s.addDistribution(&settings)
	s.addPublish(&settings)
	if settings.Domain != nil {
		s.addRecords()
	}
	return s
}

// URL returns the address of the site, without a slash at its end.
func (s *StaticSite) URL() *string {
	if s.domain != nil {
		return new("https://" + s.domain.Name)
	}
	return new("https://" + *s.Distribution.DistributionDomainName())
}

// validateCertificate refuses to make a certificate where CloudFront does not look
// for it.
func (p *StaticSiteProps) validateCertificate(scope constructs.Construct) error {
	if p.Domain == nil || p.Domain.Certificate != nil {
		return nil
	}
	region := awscdk.Stack_Of(scope).Region()
	if !*awscdk.Token_IsUnresolved(region) && *region != "us-east-1" {
		return fmt.Errorf("Domain %q has no Certificate, and the stack is in %s: give one that is in us-east-1", p.Domain.Name, *region)
	}
	return nil
}

// addBuckets makes the bucket of the site and that of its access logs, which
// CloudFront writes as an access control list lets it
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html).
func (s *StaticSite) addBuckets(props *StaticSiteProps) {
	removal := cmp.Or(props.RemovalPolicy, awscdk.RemovalPolicy_DESTROY)
	s.Bucket = storage.NewBucket(s, "Bucket", &storage.BucketProps{RemovalPolicy: removal, Bucket: props.Bucket})
	if removal == awscdk.RemovalPolicy_DESTROY {
		suppress.Findings(s.Bucket, map[string]string{"retain-stateful": "the next deployment makes the files again"})
	}
	s.AccessLogs = storage.NewBucket(s, "AccessLogs", &storage.BucketProps{RemovalPolicy: props.RemovalPolicy, Bucket: &awss3.BucketProps{
		ObjectOwnership: awss3.ObjectOwnership_BUCKET_OWNER_PREFERRED,
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Id:         new("Expire"),
			Expiration: awscdk.Duration_Days(new(90.0)),
		}},
	}})
}

func (s *StaticSite) addDistribution(props *StaticSiteProps) {
	s.addHeaders(props)
	s.Paths = newViewerFunction(s, "Paths", pathsCode(props.SinglePage))
	settings := &awscloudfront.DistributionProps{
		DefaultRootObject: new("index.html"),
		HttpVersion:       awscloudfront.HttpVersion_HTTP2_AND_3,
		EnableLogging:     new(true),
		LogBucket:         s.AccessLogs,
	}
	if props.Domain != nil {
		// Without a name of its own CloudFront decides which TLS it speaks
		// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html).
		settings.DomainNames = &[]*string{&props.Domain.Name}
		settings.Certificate = s.certificate(props.Domain)
		settings.MinimumProtocolVersion = awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021
	}
	overlay.Set(settings, props.Distribution)
	settings.DefaultBehavior = &awscloudfront.BehaviorOptions{
		Origin:                awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(s.Bucket, nil),
		ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS,
		CachePolicy:           awscloudfront.CachePolicy_CACHING_OPTIMIZED(),
		ResponseHeadersPolicy: s.Headers,
		FunctionAssociations:  onViewerRequest(s.Paths),
		Compress:              new(true),
	}
	if props.NotFoundPage != "" {
		settings.ErrorResponses = &[]*awscloudfront.ErrorResponse{notFound(props.NotFoundPage)}
	}
	if props.WebACL != "" {
		settings.WebAclId = &props.WebACL
	}
	s.Distribution = awscloudfront.NewDistribution(s, new("Distribution"), settings)
	control := s.Distribution.Node().FindChild(new("Origin1")).Node().FindChild(new("S3OriginAccessControl"))
	control.Node().DefaultChild().(awscloudfront.CfnOriginAccessControl).AddPropertyOverride(new("OriginAccessControlConfig.Name"), s.globalName())
}

// globalName is a name for what CloudFront has once for all regions: of the region and
// the construct's path, so that the same stack can be in two, of at most 64 characters
// (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html).
func (s *StaticSite) globalName() *string {
	name := awscdk.Names_UniqueResourceName(s, &awscdk.UniqueResourceNameOptions{MaxLength: new(48.0), Separator: new("-")})
	return new(*awscdk.Stack_Of(s).Region() + "-" + *name)
}

// notFound is the page for what S3 refuses: to one who may not list the bucket it
// does not tell what is not there from what is forbidden
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
func notFound(page string) *awscloudfront.ErrorResponse {
	return &awscloudfront.ErrorResponse{
		HttpStatus:         new(403.0),
		ResponseHttpStatus: new(404.0),
		ResponsePagePath:   &page,
		Ttl:                awscdk.Duration_Seconds(new(10.0)),
	}
}

func (s *StaticSite) addHeaders(props *StaticSiteProps) {
	s.Headers = awscloudfront.NewResponseHeadersPolicy(s, new("Headers"), &awscloudfront.ResponseHeadersPolicyProps{
		ResponseHeadersPolicyName: s.globalName(),
		SecurityHeadersBehavior: &awscloudfront.ResponseSecurityHeadersBehavior{
			ContentSecurityPolicy: &awscloudfront.ResponseHeadersContentSecurityPolicy{
				ContentSecurityPolicy: new(props.contentSecurityPolicy()), Override: new(true),
			},
			ContentTypeOptions: &awscloudfront.ResponseHeadersContentTypeOptions{Override: new(true)},
			FrameOptions: &awscloudfront.ResponseHeadersFrameOptions{
				FrameOption: awscloudfront.HeadersFrameOption_DENY, Override: new(true),
			},
			ReferrerPolicy: &awscloudfront.ResponseHeadersReferrerPolicy{
				ReferrerPolicy: awscloudfront.HeadersReferrerPolicy_STRICT_ORIGIN_WHEN_CROSS_ORIGIN, Override: new(true),
			},
			StrictTransportSecurity: &awscloudfront.ResponseHeadersStrictTransportSecurity{
				AccessControlMaxAge: awscdk.Duration_Days(new(365.0)), Override: new(true),
			},
		},
	})
}

// certificate returns the certificate of the domain, which DNS proves to be its
// owner's.
func (s *StaticSite) certificate(d *Domain) awscertificatemanager.ICertificate {
	if d.Certificate != nil {
		return d.Certificate
	}
	return awscertificatemanager.NewCertificate(s, new("Certificate"), &awscertificatemanager.CertificateProps{
		DomainName: &d.Name,
		Validation: awscertificatemanager.CertificateValidation_FromDns(d.Zone),
	})
}

// addRecords leads the domain to the distribution, over IPv4 and IPv6.
func (s *StaticSite) addRecords() {
	target := awsroute53.RecordTarget_FromAlias(awsroute53targets.NewCloudFrontTarget(s.Distribution))
	awsroute53.NewARecord(s, new("Address"), &awsroute53.ARecordProps{Zone: s.domain.Zone, RecordName: &s.domain.Name, Target: target})
	awsroute53.NewAaaaRecord(s, new("AddressV6"), &awsroute53.AaaaRecordProps{Zone: s.domain.Zone, RecordName: &s.domain.Name, Target: target})
}

// addPublish puts the files into the bucket with each deployment that changes them.
func (s *StaticSite) addPublish(props *StaticSiteProps) {
	files := awss3assets.NewAsset(s, new("Files"), &awss3assets.AssetProps{Path: &props.Site})
	properties := map[string]any{
		"Source":       map[string]any{"Bucket": files.S3BucketName(), "Key": files.S3ObjectKey()},
		"Bucket":       s.Bucket.BucketName(),
		"Distribution": s.Distribution.DistributionId(),
	}
	if len(props.Files) > 0 {
		properties["Files"] = props.Files
	}
	if len(props.Immutable) > 0 {
		properties["Immutable"] = props.Immutable
	}
	s.Publish = ops.NewCustomResource(s, "Publish", &ops.CustomResourceProps{
		Package:    "github.com/noidle/noidle/functions/web/publish",
		Type:       "Custom::SiteFiles",
		Properties: properties,
		Memory:     1024,
		Timeout:    10 * time.Minute,
	})
	if props.RemovalPolicy != "" && props.RemovalPolicy != awscdk.RemovalPolicy_DESTROY {
		// Its deletion would empty a bucket that is to be retained.
		s.Publish.Resource.ApplyRemovalPolicy(props.RemovalPolicy)
	}
	function := s.Publish.Function.Function
	grant(function, *files.Bucket().ArnForObjects(files.S3ObjectKey()), "s3:GetObject")
	grant(function, *s.Bucket.BucketArn(), "s3:ListBucket")
	storage.GrantObjects(s.Bucket, function, nil, "s3:PutObject", "s3:DeleteObject")
	s.Distribution.Grant(function, new("cloudfront:CreateInvalidation"))
	// Without its policy the bucket shows nothing, and refuses no plain HTTP.
	s.Publish.Resource.Node().AddDependency(s.Bucket.Policy())
}

func grant(grantee awsiam.IGrantable, resource string, action string) {
	awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: grantee, Actions: &[]*string{&action}, ResourceArns: &[]*string{&resource},
	})
}
