package test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/ops"
	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/web"
)

func defaultStaticSite(scope constructs.Construct, id string) constructs.Construct {
	return web.NewStaticSite(scope, id, &web.StaticSiteProps{Site: "testdata/site"})
}

func fullStaticSite(scope constructs.Construct, id string) constructs.Construct {
	return web.NewStaticSite(scope, id, &web.StaticSiteProps{
		Site:           "testdata/site",
		SinglePage:     true,
		NotFoundPage:   "/about/index.html",
		Files:          map[string]string{"config.json": `{"region":"` + *awscdk.Aws_REGION() + `"}`},
		Immutable:      []string{"assets/*"},
		ContentSources: map[string][]string{"img-src": {"data:"}, "connect-src": {"https://api.example.com"}},
		Domain: &web.Domain{
			Name: "www.example.com",
			Zone: awsroute53.HostedZone_FromHostedZoneAttributes(scope, new(id+"Zone"), &awsroute53.HostedZoneAttributes{
				HostedZoneId: new("Z0000000000000"), ZoneName: new("example.com"),
			}),
		},
		WebACL:        "arn:aws:wafv2:us-east-1:111122223333:global/webacl/shop/1",
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		Bucket:        &awss3.BucketProps{Versioned: new(true)},
		Distribution:  &awscloudfront.DistributionProps{PriceClass: awscloudfront.PriceClass_PRICE_CLASS_100},
	})
}

func defaultCustomResource(scope constructs.Construct, id string) constructs.Construct {
	return ops.NewCustomResource(scope, id, &ops.CustomResourceProps{Package: "./functions/seed"})
}

func fullCustomResource(scope constructs.Construct, id string) constructs.Construct {
	table := storage.NewTable(scope, id+"Catalogue", &storage.TableProps{PartitionKey: "sku"})
	seed := ops.NewCustomResource(scope, id, &ops.CustomResourceProps{
		Package:     "./functions/seed",
		Type:        "Custom::Catalogue",
		Properties:  map[string]any{"Table": table.TableName(), "Edition": 3, "Parts": []string{"a", "b"}},
		Environment: map[string]string{"MODE": "all"},
		Memory:      512,
		Timeout:     5 * time.Minute,
	})
	storage.Grant(table, seed.Function.Function, "dynamodb:PutItem")
	awscdk.NewCfnOutput(seed, new("Count"), &awscdk.CfnOutputProps{Value: seed.Attribute("Count")})
	return seed
}

// TestStaticSiteIsPrivate: only the site's distribution reads the bucket, over TLS.
func TestStaticSiteIsPrivate(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultStaticSite(s, "It") })
	p := got.find(t, "AWS::S3::Bucket", "ItBucket").Properties
	if diff := cmp.Diff(map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}, p["PublicAccessBlockConfiguration"]); diff != "" {
		t.Errorf("public access (-want +got):\n%s", diff)
	}
	distribution := got.ofType("AWS::CloudFront::Distribution")[0]
	policy, _ := json.Marshal(got.find(t, "AWS::S3::BucketPolicy", "ItBucket").Properties)
	for _, want := range []string{`"Service":"cloudfront.amazonaws.com"`, `"Action":"s3:GetObject"`, `:distribution/",{"Ref":"` + distribution, `"aws:SecureTransport":"false"`} {
		if !strings.Contains(string(policy), want) {
			t.Errorf("the bucket's policy has no %s: %s", want, policy)
		}
	}
	control := got.only(t, "AWS::CloudFront::OriginAccessControl").Properties["OriginAccessControlConfig"].(map[string]any)
	if control["SigningBehavior"] != "always" {
		t.Errorf("origin access control %v signs not always", control)
	}
}

// TestStaticSiteNamesAreRegional: the same stack can be in two regions of an account,
// for all of which CloudFront has these names once
// (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateResponseHeadersPolicy.html).
func TestStaticSiteNamesAreRegional(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		defaultStaticSite(s, "One")
		defaultStaticSite(s, "Two")
	})
	names := map[string]bool{}
	for kind, config := range map[string]string{"AWS::CloudFront::OriginAccessControl": "OriginAccessControlConfig", "AWS::CloudFront::ResponseHeadersPolicy": "ResponseHeadersPolicyConfig"} {
		for _, id := range got.ofType(kind) {
			name, _ := json.Marshal(got.Resources[id].Properties[config].(map[string]any)["Name"])
			if !strings.Contains(string(name), `{"Ref":"AWS::Region"}`) {
				t.Errorf("%s has the name %s", id, name)
			}
			names[kind+string(name)] = true
		}
	}
	if len(names) != 4 {
		t.Errorf("two sites have the names %v", names)
	}
}

// TestStaticSiteDistribution: what viewers get.
func TestStaticSiteDistribution(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultStaticSite(s, "It") })
	config := got.only(t, "AWS::CloudFront::Distribution").Properties["DistributionConfig"].(map[string]any)
	if config["HttpVersion"] != "http2and3" || config["DefaultRootObject"] != "index.html" || config["Logging"] == nil {
		t.Errorf("distribution %v", config)
	}
	behavior := config["DefaultCacheBehavior"].(map[string]any)
	if behavior["Compress"] != true || behavior["ViewerProtocolPolicy"] != "redirect-to-https" {
		t.Errorf("behaviour %v", behavior)
	}
	want := []any{map[string]any{"ErrorCode": 403.0, "ResponseCode": 404.0, "ResponsePagePath": "/404.html", "ErrorCachingMinTTL": 10.0}}
	if diff := cmp.Diff(want, config["CustomErrorResponses"]); diff != "" {
		t.Errorf("error responses (-want +got):\n%s", diff)
	}
}

// TestStaticSiteHeaders: each answer tells browsers what they may do with it.
func TestStaticSiteHeaders(t *testing.T) {
	tests := []struct {
		name  string
		build func(constructs.Construct, string) constructs.Construct
		want  string
	}{
		{"default", defaultStaticSite, "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
		{"full", fullStaticSite, "default-src 'self'; connect-src 'self' https://api.example.com; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := render(t, func(s awscdk.Stack) { tt.build(s, "It") })
			config := got.only(t, "AWS::CloudFront::ResponseHeadersPolicy").Properties["ResponseHeadersPolicyConfig"].(map[string]any)
			headers := config["SecurityHeadersConfig"].(map[string]any)
			want := []string{"ContentSecurityPolicy", "ContentTypeOptions", "FrameOptions", "ReferrerPolicy", "StrictTransportSecurity"}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(headers))); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if got := headers["ContentSecurityPolicy"].(map[string]any)["ContentSecurityPolicy"]; got != tt.want {
				t.Errorf("policy of content is\n%v, want\n%s", got, tt.want)
			}
		})
	}
}

// TestStaticSiteDomain: the records of the name, over both versions of IP, lead to
// the distribution, which has the certificate.
func TestStaticSiteDomain(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullStaticSite(s, "It") })
	config := got.only(t, "AWS::CloudFront::Distribution").Properties["DistributionConfig"].(map[string]any)
	if diff := cmp.Diff([]any{"www.example.com"}, config["Aliases"]); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
	if tls, _ := config["ViewerCertificate"].(map[string]any); tls["MinimumProtocolVersion"] != "TLSv1.2_2021" || config["WebACLId"] == nil || config["PriceClass"] != "PriceClass_100" {
		t.Errorf("distribution %v", config)
	}
	var types []string
	for _, id := range got.ofType("AWS::Route53::RecordSet") {
		p := got.Resources[id].Properties
		types = append(types, p["Type"].(string)+" "+p["Name"].(string))
	}
	slices.Sort(types)
	if diff := cmp.Diff([]string{"A www.example.com.", "AAAA www.example.com."}, types); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestCertificateElsewhere: CloudFront takes certificates of us-east-1 only
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html).
func TestCertificateElsewhere(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), new("Seoul"), &awscdk.StackProps{Env: &awscdk.Environment{Region: new("ap-northeast-2"), Account: new("111122223333")}})
	domain := &web.Domain{
		Name: "www.example.com",
		Zone: awsroute53.HostedZone_FromHostedZoneAttributes(stack, new("Zone"), &awsroute53.HostedZoneAttributes{HostedZoneId: new("Z0"), ZoneName: new("example.com")}),
	}
	func() {
		defer func() {
			want := `web: StaticSite "It": Domain "www.example.com" has no Certificate, and the stack is in ap-northeast-2: give one that is in us-east-1`
			if err, ok := recover().(error); !ok || err.Error() != want {
				t.Errorf("it panics with %v, want %s", err, want)
			}
		}()
		web.NewStaticSite(stack, "It", &web.StaticSiteProps{Site: "testdata/site", Domain: domain})
	}()
	domain.Certificate = awscertificatemanager.Certificate_FromCertificateArn(stack, new("Certificate"), new("arn:aws:acm:us-east-1:111122223333:certificate/1"))
	site := web.NewStaticSite(stack, "It", &web.StaticSiteProps{Site: "testdata/site", Domain: domain})
	if url := *site.URL(); url != "https://www.example.com" {
		t.Errorf("the site's address is %s", url)
	}
}

// archive is the site's file in the bucket of the CDK's assets, which is named by
// its content.
var archive = regexp.MustCompile(`arn:\S*cdk-hnb659fds-assets-\S+/[0-9a-f]{64}\.zip`)

// TestStaticSitePublish: the files are put into the bucket by a function that may do
// that and nothing else, once it may.
func TestStaticSitePublish(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullStaticSite(s, "It") })
	files := got.only(t, "Custom::SiteFiles")
	properties := files.Properties
	for _, name := range []string{"ServiceToken", "Source", "Bucket", "Distribution", "Files", "Immutable"} {
		if properties[name] == nil {
			t.Errorf("it is told no %s: %v", name, properties)
		}
	}
	if files.DeletionPolicy != "Retain" {
		t.Errorf("its deletion policy is %q, which empties a bucket that is retained", files.DeletionPolicy)
	}
	after, _ := json.Marshal(files)
	for _, want := range []string{"ItPublishFunctionRoleDefaultPolicy", "ItBucketPolicy"} {
		if !strings.Contains(string(after), want) {
			t.Errorf("it does not wait for %s: %s", want, after)
		}
	}
	var granted []string
	for _, line := range got.statements("ItPublish") {
		if strings.HasPrefix(line, "s3:") || strings.HasPrefix(line, "cloudfront:") {
			granted = append(granted, archive.ReplaceAllString(line, "the site's archive"))
		}
	}
	want := []string{
		"cloudfront:CreateInvalidation arn:AWS::Partition:cloudfront::AWS::AccountId:distribution/ItDistribution",
		"s3:DeleteObject ItBucket/*",
		"s3:GetObject the site's archive",
		"s3:ListBucket ItBucket",
		"s3:PutObject ItBucket/*",
	}
	if diff := cmp.Diff(want, granted); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
}

// TestCustomResource: the step waits for what was granted to the function.
func TestCustomResource(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullCustomResource(s, "It") })
	seed := got.only(t, "Custom::Catalogue")
	if seed.Properties["ServiceTimeout"] != "360" && seed.Properties["ServiceTimeout"] != 360.0 {
		t.Errorf("CloudFormation waits %v seconds", seed.Properties["ServiceTimeout"])
	}
	if after, _ := json.Marshal(seed); !strings.Contains(string(after), "ItFunctionRoleDefaultPolicy") {
		t.Errorf("it does not wait for the grant: %s", after)
	}
}
