package local

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/cloudformation"
	"github.com/noidle/noidle/local/iam"
	"github.com/noidle/noidle/local/s3"
)

type bucketProperties struct {
	AccessControl           string
	AnalyticsConfigurations noEffect
	BucketEncryption        noEffect
	BucketName              string
	CorsConfiguration       struct {
		CorsRules []struct {
			AllowedHeaders, AllowedMethods, AllowedOrigins, ExposedHeaders []string
			ID                                                             noEffect `property:"Id"`
			MaxAge                                                         *int
		}
	}
	IntelligentTieringConfigurations noEffect
	InventoryConfigurations          noEffect
	LifecycleConfiguration           noEffect // nothing expires
	LoggingConfiguration             noEffect
	MetricsConfigurations            noEffect
	NotificationConfiguration        struct {
		EventBridgeConfiguration *struct{ EventBridgeEnabled *bool }
	}
	ObjectLockConfiguration        noEffect // nothing is locked
	ObjectLockEnabled              noEffect
	OwnershipControls              noEffect // there are no access control lists
	PublicAccessBlockConfiguration *struct {
		BlockPublicAcls, IgnorePublicAcls        noEffect
		BlockPublicPolicy, RestrictPublicBuckets bool
	}
	Tags                    noEffect
	VersioningConfiguration struct{ Status string }
}

// regionalDomain follows a bucket's name in its RegionalDomainName.
const regionalDomain = ".s3." + api.Region + ".amazonaws.com"

func planBucket(c *Cloud, r *assembly.Resource, p *bucketProperties) (planned, error) {
	name := cmp.Or(p.BucketName, strings.ToLower(physicalName(r, 63)))
	events := p.NotificationConfiguration.EventBridgeConfiguration
	bucket := s3.Bucket{
		Name:       name,
		Versioning: p.VersioningConfiguration.Status,
		Events:     events != nil && (events.EventBridgeEnabled == nil || *events.EventBridgeEnabled),
	}
	// Without a configuration a bucket has the default, which blocks
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
	if block := p.PublicAccessBlockConfiguration; block != nil {
		bucket.Public = !block.RestrictPublicBuckets && !block.BlockPublicPolicy
	}
	c.buckets[name] = p.PublicAccessBlockConfiguration == nil || p.PublicAccessBlockConfiguration.BlockPublicPolicy
	c.reachBucket(name)
	for _, rule := range p.CorsConfiguration.CorsRules {
		cors := s3.CORSRule{
			AllowedMethods: rule.AllowedMethods, AllowedOrigins: rule.AllowedOrigins,
			AllowedHeaders: rule.AllowedHeaders, ExposedHeaders: rule.ExposedHeaders,
		}
		if rule.MaxAge != nil {
			cors.MaxAge = new(int32(*rule.MaxAge))
		}
		bucket.CORS = append(bucket.CORS, cors)
	}
	result := named(name, s3.ARN(name), func() error { return c.s3.CreateBucket(bucket) })
	result.Attributes["DomainName"] = name + ".s3.amazonaws.com"
	result.Attributes["DualStackDomainName"] = name + ".s3.dualstack." + api.Region + ".amazonaws.com"
	result.Attributes["RegionalDomainName"] = name + regionalDomain
	return result, p.check(name)
}

func (p *bucketProperties) check(name string) error {
	var problems []error
	if !s3.ValidName(name) {
		problems = append(problems, fmt.Errorf("property BucketName: %q is no name of a bucket: want 3 to 63 lower-case letters, digits, dots and hyphens", name))
	}
	switch p.AccessControl {
	case "", "Private", "LogDeliveryWrite":
	default:
		problems = append(problems, fmt.Errorf("property AccessControl: %q is not supported locally: use a bucket policy", p.AccessControl))
	}
	switch p.VersioningConfiguration.Status {
	case "", "Enabled", "Suspended":
	default:
		problems = append(problems, fmt.Errorf("property VersioningConfiguration.Status: %q: want Enabled or Suspended", p.VersioningConfiguration.Status))
	}
	return errors.Join(problems...)
}

type bucketPolicyProperties struct {
	Bucket         string
	PolicyDocument json.RawMessage
}

func planBucketPolicy(c *Cloud, r *assembly.Resource, p *bucketPolicyProperties) (planned, error) {
	policy, err := iam.ParsePolicy(p.PolicyDocument)
	blocks, ok := c.buckets[p.Bucket]
	switch {
	case !ok:
		err = errors.Join(err, fmt.Errorf("bucket %q is not in this assembly", p.Bucket))
	case err == nil && blocks && policy.Public():
		err = fmt.Errorf("the policy of bucket %q lets in anybody, which its public access block refuses: set BlockPublicPolicy to false", p.Bucket)
	}
	return named(physicalName(r, 100), "", func() error {
		c.authority.AddResourcePolicy(s3.ARN(p.Bucket), policy)
		return nil
	}), err
}

// functionKeys is how the access keys of functions start. Any other is the
// administrator's.
const functionKeys = "ASIALOCAL"

// functionSecret is the secret of a function's access key.
func functionSecret(key string) string { return digest("secret of " + key)[:40] }

// secret returns the secret of an access key: of a function's its own, of any
// other the key itself.
func (c *Cloud) secret(key string) (string, bool) {
	if !strings.HasPrefix(key, functionKeys) {
		return key, true
	}
	_, ok := c.principals.Load(key)
	return functionSecret(key), ok
}

// bucketAllows says whether the CORS rules of the bucket that a request names allow
// it, or of a preflight request, the one that is to follow.
func (c *Cloud) bucketAllows(origin string, r *http.Request) bool {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	method := r.Method
	if method == http.MethodOptions {
		method = r.Header.Get("Access-Control-Request-Method")
	}
	return c.s3.Allows(bucket, origin, method)
}

// unsigned has S3 answer requests without a signature whose path names a bucket:
// those of browsers, and of anybody whom a bucket's policy lets in. The answers of
// custom resources have no signature, either.
func (c *Cloud) unsigned(r *http.Request) (service string, as *api.Principal) {
	if strings.HasPrefix(r.URL.Path, cloudformation.Path) {
		return "cloudformation", nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !c.s3.HasBucket(name) {
		return "", nil
	}
	return "s3", c.authority.Anonymous()
}
