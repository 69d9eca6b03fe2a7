package test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
	"github.com/google/go-cmp/cmp"
)

// Why a finding of cdk-nag is as it is meant to be.
const (
	openToAll = "anyone may place an order, read trends and use the labs: throttled by route, and what is written is validated"
	tracing   = "X-Ray has no resources to name; the test checks that nothing else may be done with all resources"
	stateLogs = "tracing and the delivery of logs have no resources to name; the test checks that nothing else may be done with all resources"
	anObject  = "the keys of objects come with photos, posts and files: the right is for reading or writing one bucket's, or one prefix of it"

	siteReads   = "only the distribution reads the bucket, and its own access log has every request"
	logOfLogs   = "the log of a bucket of logs would need one, too"
	objectReads = "CloudTrail's data events say who did what, on request; access logs are delivered on a best-effort basis, and a bucket of them for each would be kept for no reader"

	anywhere = "the site is meant for all countries"
	firewall = "a web ACL has a monthly price while nobody comes; the prop WebACL takes one"
	ownName  = "with CloudFront's own name it decides on TLS itself; with the prop Domain the least is TLS 1.2"

	optionalMFA = "customers of a shop decide for themselves; the prop MFA requires it"
	plusPlan    = "threat protection takes the plan Plus, with a price for each user; UserPool takes the settings"

	streamSource = "server-side encryption of a delivery stream is for direct puts; its source, a Kinesis stream, is encrypted, and so is the bucket"
	isDeadLetter = "it is the destination of an event source mapping's failures, which the rule does not see"
	ownHistory   = "a Standard execution keeps its whole history itself for 90 days; the log has the errors"
)

// explained are the findings that stay, by rule and path of the resource. A path ends
// in what is wrong where a rule finds more than one thing.
var explained = map[string]map[string]string{
	"APIG4": {
		"Orders/Orders/Api/POST--orders":                  openToAll,
		"Orders/Orders/Api/GET--orders--{orderId}":        openToAll,
		"Analytics/Analytics/Api/GET--trends":             openToAll,
		"Analytics/Analytics/Api/GET--trends--{hashtag}":  openToAll,
		"HelloLambda/Hello/Api/GET--":                     openToAll,
		"HelloServerless/Guestbook/API/Api/GET--entries":  openToAll,
		"HelloServerless/Guestbook/API/Api/POST--entries": openToAll,
	},
	"IAM5": {
		"Orders/Reserve/Role/DefaultPolicy Resource::*":                                  tracing,
		"Orders/Release/Role/DefaultPolicy Resource::*":                                  tracing,
		"Orders/Charge/Role/DefaultPolicy Resource::*":                                   tracing,
		"Orders/Refund/Role/DefaultPolicy Resource::*":                                   tracing,
		"Orders/Confirm/Role/DefaultPolicy Resource::*":                                  tracing,
		"Orders/Orders/Accept/Role/DefaultPolicy Resource::*":                            tracing,
		"Orders/Orders/Read/Role/DefaultPolicy Resource::*":                              tracing,
		"Orders/Orders/Start/Role/DefaultPolicy Resource::*":                             tracing,
		"Orders/Orders/Saga/StateMachine/Role/DefaultPolicy Resource::*":                 stateLogs,
		"Thumbnails/Thumbnails/Resize/Role/DefaultPolicy Resource::*":                    tracing,
		"Analytics/Analytics/Aggregate/Role/DefaultPolicy Resource::*":                   tracing,
		"Analytics/Analytics/Trends/Role/DefaultPolicy Resource::*":                      tracing,
		"WebApp/App/API/Function/Role/DefaultPolicy Resource::*":                         tracing,
		"WebApp/App/Site/Publish/Function/Role/DefaultPolicy Resource::*":                tracing,
		"HelloLambda/Hello/Function/Role/DefaultPolicy Resource::*":                      tracing,
		"HelloServerless/Guestbook/API/Function/Role/DefaultPolicy Resource::*":          tracing,
		"HelloServerless/Guestbook/Site/Publish/Function/Role/DefaultPolicy Resource::*": tracing,

		"Thumbnails/Thumbnails/Resize/Role/DefaultPolicy Resource::<ThumbnailsUploads.Arn>/*":                      anObject,
		"Thumbnails/Thumbnails/Resize/Role/DefaultPolicy Resource::<Thumbnails.Arn>/*":                             anObject,
		"Analytics/Analytics/DeliveryRole/DefaultPolicy Resource::<AnalyticsArchive.Arn>/posts/*":                  anObject,
		"Analytics/Analytics/DeliveryRole/DefaultPolicy Resource::<AnalyticsArchive.Arn>/posts-errors/*":           anObject,
		"WebApp/App/API/Function/Role/DefaultPolicy Resource::<ThumbnailsUploads.Arn>/photos/*":                    anObject,
		"WebApp/App/API/Function/Role/DefaultPolicy Resource::<Thumbnails.Arn>/*":                                  anObject,
		"WebApp/App/Site/Publish/Function/Role/DefaultPolicy Resource::<AppSiteBucket.Arn>/*":                      anObject,
		"HelloServerless/Guestbook/Site/Publish/Function/Role/DefaultPolicy Resource::<GuestbookSiteBucket.Arn>/*": anObject,
	},
	"S1": {
		"Thumbnails/Thumbnails/Uploads":             objectReads,
		"Thumbnails/Thumbnails/Thumbnails":          objectReads,
		"Analytics/Analytics/Archive":               objectReads,
		"WebApp/App/Site/Bucket":                    siteReads,
		"WebApp/App/Site/AccessLogs":                logOfLogs,
		"HelloServerless/Guestbook/Site/Bucket":     siteReads,
		"HelloServerless/Guestbook/Site/AccessLogs": logOfLogs,
	},
	"CFR1": {"WebApp/App/Site/Distribution": anywhere, "HelloServerless/Guestbook/Site/Distribution": anywhere},
	"CFR2": {"WebApp/App/Site/Distribution": firewall, "HelloServerless/Guestbook/Site/Distribution": firewall},
	"CFR4": {"WebApp/App/Site/Distribution": ownName, "HelloServerless/Guestbook/Site/Distribution": ownName},
	"COG2": {"WebApp/App/SignIn/UserPool": optionalMFA},
	"COG3": {"WebApp/App/SignIn/UserPool": plusPlan},
	"KDF1": {"Analytics/Analytics/Delivery": streamSource},
	"SQS3": {"Analytics/Analytics/Failures/Queue": isDeadLetter},
	"SF1":  {"Orders/Orders/Saga/StateMachine": ownHistory},
}

// withAllResources is what may be done with all resources, as the services know none
// that could be named
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html,
// https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html).
var withAllResources = []string{
	"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
	"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
	"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
}

// TestNag: AWS Solutions, the rules of others, find nothing in the reference stacks that
// is not explained, and nothing is explained that is not found.
func TestNag(t *testing.T) {
	app := newApp(t)
	// The CDK would make an error of each finding, and stop at the first stack.
	app.Node().SetContext(new("@aws-cdk/core:annotationsInValidationReport"), false)
	referenceStacks(app)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Reports: new(false)}), nil)
	dir := *app.Synth(nil).Directory()

	found := map[string]bool{}
	templates, err := filepath.Glob(filepath.Join(dir, "*.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range templates {
		var metadata map[string][]struct {
			Type string
			Data any
		}
		readJSON(t, strings.TrimSuffix(file, ".template.json")+".metadata.json", &metadata)
		for path, entries := range metadata {
			for _, entry := range entries {
				if text, ok := entry.Data.(string); ok && (entry.Type == "aws:cdk:error" || entry.Type == "aws:cdk:warning") {
					found[finding(path, text)] = true
				}
			}
		}
		var stack template
		readJSON(t, file, &stack)
		for _, line := range stack.statements("") {
			if action, all := strings.CutSuffix(line, " *"); all && !slices.Contains(withAllResources, action) {
				t.Errorf("%s: a role may do %s with all resources", filepath.Base(file), action)
			}
		}
	}
	var want []string
	for rule, paths := range explained {
		for path := range paths {
			want = append(want, rule+" "+path)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("findings (-explained +found):\n%s", diff)
	}
}

// hashInDetail is that of a logical ID that a finding names.
var hashInDetail = regexp.MustCompile(`[0-9A-F]{8}\.Arn>`)

// finding is what cdk-nag says of the resource at a path, in short: the rule, the path
// and, of a rule that finds more than one thing in it, what.
func finding(path, text string) string {
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "AwsSolutions-"), ": ")
	rule, detail, detailed := strings.Cut(strings.TrimSuffix(text, "]"), "[")
	short := rule + " " + strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/Resource")
	if detailed {
		short += " " + hashInDetail.ReplaceAllString(detail, ".Arn>")
	}
	return short
}
