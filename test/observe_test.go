package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesis"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdadestinations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdaeventsources"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/aws-cdk-go/awscdk/v2/cloudformationinclude"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/messaging"
	"github.com/noidle/noidle/constructs/observe"
	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/stacks"
)

func newDashboard(scope constructs.Construct, id string) *observe.Dashboard {
	return observe.NewDashboard(scope, id, &observe.DashboardProps{Scopes: []constructs.Construct{defaultQueueWorker(scope, id+"Work")}})
}

func newAlarms(scope constructs.Construct, id string) *observe.Alarms {
	return observe.NewAlarms(scope, id, &observe.AlarmsProps{Scopes: []constructs.Construct{defaultQueueWorker(scope, id+"Work")}})
}

func fullAlarms(scope constructs.Construct, id string) constructs.Construct {
	return observe.NewAlarms(scope, id, &observe.AlarmsProps{
		Scopes:      []constructs.Construct{defaultQueueWorker(scope, id+"Work")},
		Emails:      []string{"ops@example.com", "kim@example.com"},
		ChatWebhook: "/operations/chat-webhook",
		Runbook:     "https://wiki.example.com/shop",
	})
}

func defaultQueries(scope constructs.Construct, id string) constructs.Construct {
	return observe.NewQueries(scope, id, &observe.QueriesProps{Scopes: []constructs.Construct{newFunction(scope, id+"Function")}})
}

func defaultBudget(scope constructs.Construct, id string) constructs.Construct {
	return observe.NewBudget(scope, id, &observe.BudgetProps{Monthly: 100, Emails: []string{"ops@example.com"}, TagKey: "team", TagValue: "shop"})
}

func defaultAuditTrail(scope constructs.Construct, id string) constructs.Construct {
	return observe.NewAuditTrail(scope, id, nil)
}

func fullAuditTrail(scope constructs.Construct, id string) constructs.Construct {
	return observe.NewAuditTrail(scope, id, &observe.AuditTrailProps{KeepFor: 30 * 24 * time.Hour, ObjectEvents: true, FunctionEvents: true})
}

// drawn is a dashboard's body, as far as the tests look at it.
type drawn struct {
	Widgets []struct {
		Type                string
		X, Y, Width, Height int
		Properties          widgetProperties
	}
}

type widgetProperties struct {
	Title, Markdown string
	Alarms          []string
	Metrics         [][]any
	Annotations     struct{ Horizontal []struct{ Label string } }
}

// dashboard returns the template's only dashboard, with logical IDs for names.
func (t template) dashboard(tb testing.TB) drawn {
	tb.Helper()
	var d drawn
	if err := json.Unmarshal([]byte(target(t.only(tb, "AWS::CloudWatch::Dashboard").Properties["DashboardBody"])), &d); err != nil {
		tb.Fatal(err)
	}
	return d
}

// lines returns the labels and dimensions of the graph with a title.
func (d drawn) lines(title string) []string {
	var lines []string
	for _, w := range d.Widgets {
		if w.Properties.Title == title {
			for _, metric := range w.Properties.Metrics {
				if label, ok := metric[len(metric)-1].(map[string]any)["label"]; ok && len(metric) > 1 {
					lines = append(lines, fmt.Sprintf("%v: %v", label, metric[3]))
				}
			}
		}
	}
	return lines
}

// plainStack holds resources of the CDK's own, and one of a package that is not part
// of this program.
func plainStack(t testing.TB) awscdk.Stack {
	t.Helper()
	stack := newStack(t)
	service := constructs.NewConstruct(stack, new("Service"))
	function := awslambda.NewFunction(service, new("Work"), &awslambda.FunctionProps{
		Runtime: awslambda.Runtime_NODEJS_LATEST(), Handler: new("index.handler"), Code: awslambda.Code_FromInline(new("x")),
		ReservedConcurrentExecutions: new(7.0),
	})
	dead := awssqs.NewQueue(service, new("Broken"), nil)
	awssqs.NewQueue(service, new("Jobs"), &awssqs.QueueProps{DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: new(3.0)}})
	stream := awskinesis.NewStream(service, new("Stream"), &awskinesis.StreamProps{ShardCount: new(2.0)})
	function.AddEventSource(awslambdaeventsources.NewKinesisEventSource(stream, &awslambdaeventsources.KinesisEventSourceProps{
		StartingPosition: awslambda.StartingPosition_LATEST,
	}))
	awsdynamodb.NewTable(stack, new("Table"), &awsdynamodb.TableProps{
		PartitionKey: &awsdynamodb.Attribute{Name: new("id"), Type: awsdynamodb.AttributeType_STRING},
	})
	awscdk.NewCfnResource(stack, new("Raw"), &awscdk.CfnResourceProps{
		Type: new("AWS::Lambda::Function"), Properties: &map[string]any{
			"Timeout": 40, "Role": "arn:aws:iam::111122223333:role/raw", "Handler": "index.handler", "Runtime": "nodejs24.x", "Code": map[string]any{"ZipFile": "x"},
		},
	})
	file := filepath.Join(t.TempDir(), "included.json")
	included := `{"Resources": {"Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "old"}}}}`
	if err := os.WriteFile(file, []byte(included), 0o600); err != nil {
		t.Fatal(err)
	}
	cloudformationinclude.NewCfnInclude(stack, new("Included"), &cloudformationinclude.CfnIncludeProps{TemplateFile: &file})
	return stack
}

// TestDashboardOfPlainCDK: it takes no construct of ours.
func TestDashboardOfPlainCDK(t *testing.T) {
	stack := plainStack(t)
	observe.NewDashboard(stack, "Dashboard", &observe.DashboardProps{Scopes: []constructs.Construct{stack, stack}, Name: "plain", Runbook: "https://wiki.example.com"})
	_, got := synthesize(t, stack)
	d := got.dashboard(t)
	for title, want := range map[string][]string{
		"Runs that failed":                       {"Work: ServiceWork", "Raw: Raw"},
		"Age of the oldest message (s)":          {"Jobs: ServiceJobs"},
		"Dead letters":                           {"Broken: ServiceBroken"},
		"Age of records when they are read (ms)": {"Work: ServiceWork", "Stream: ServiceStream"},
		"Requests to the API":                    {"Included/Rest: old"},
		"Paid for: units of tables":              {"Table reads: Table", "Table writes: Table"},
	} {
		if diff := cmp.Diff(want, d.lines(title)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", title, diff)
		}
	}
	var headings, formulas, timeouts []string
	for _, w := range d.Widgets {
		if w.Type == "text" {
			headings = append(headings, w.Properties.Markdown)
		}
		for _, a := range w.Properties.Annotations.Horizontal {
			timeouts = append(timeouts, a.Label)
		}
		for _, metric := range w.Properties.Metrics {
			if formula, ok := metric[0].(map[string]any); ok {
				formulas = append(formulas, fmt.Sprint(formula["expression"]))
			}
		}
	}
	if !strings.HasPrefix(headings[0], "[Runbook](https://wiki.example.com). ") {
		t.Errorf("the heading is %q", headings[0])
	}
	if diff := cmp.Diff([]string{"## Stack/Service", "## Stack"}, headings[1:]); diff != "" {
		t.Errorf("use cases (-want +got):\n%s", diff)
	}
	for _, want := range []string{"100*m0/7", "100*m1/120000", "100*m2/PERIOD(m2)/2000"} {
		if !slices.Contains(formulas, want) {
			t.Errorf("the quotas are %q, want %s", formulas, want)
		}
	}
	for _, want := range []string{"timeout of 3s", "timeout of 40s"} {
		if !slices.Contains(timeouts, want) {
			t.Errorf("the levels are %q, want %s", timeouts, want)
		}
	}
	if name := got.only(t, "AWS::CloudWatch::Dashboard").Properties["DashboardName"]; name != "plain" {
		t.Errorf("the dashboard's name is %v", name)
	}
}

// TestDashboardOfConnections: who reads a stream through an alias, and which queues
// take what failed, whoever sends it there.
func TestDashboardOfConnections(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		queue := func(id string) awssqs.Queue { return awssqs.NewQueue(s, &id, nil) }
		function := awslambda.NewFunction(s, new("Work"), &awslambda.FunctionProps{
			Runtime: awslambda.Runtime_NODEJS_LATEST(), Handler: new("index.handler"), Code: awslambda.Code_FromInline(new("x")),
			DeadLetterQueue: queue("OfFunction"),
		})
		alias := awslambda.NewAlias(s, new("Alias"), &awslambda.AliasProps{
			AliasName: new("live"), Version: function.CurrentVersion(), OnFailure: awslambdadestinations.NewSqsDestination(queue("OfAlias")),
		})
		alias.AddEventSource(awslambdaeventsources.NewKinesisEventSource(awskinesis.NewStream(s, new("Stream"), nil), &awslambdaeventsources.KinesisEventSourceProps{
			StartingPosition: awslambda.StartingPosition_LATEST, OnFailure: awslambdaeventsources.NewSqsDlq(queue("OfStream")),
		}))
		jobs := queue("Jobs")
		alias.AddEventSource(awslambdaeventsources.NewSqsEventSource(jobs, nil))
		awssns.NewSubscription(s, new("Subscription"), &awssns.SubscriptionProps{
			Topic: awssns.NewTopic(s, new("Topic"), nil), Protocol: awssns.SubscriptionProtocol_SQS, Endpoint: jobs.QueueArn(), DeadLetterQueue: queue("OfSubscription"),
		})
		awsevents.NewRule(s, new("Rule"), &awsevents.RuleProps{
			Schedule: awsevents.Schedule_Rate(awscdk.Duration_Hours(new(1.0))),
			Targets:  &[]awsevents.IRuleTarget{awseventstargets.NewSqsQueue(jobs, &awseventstargets.SqsQueueProps{DeadLetterQueue: queue("OfRule")})},
		})
		observe.NewDashboard(s, "Dashboard", &observe.DashboardProps{Scopes: []constructs.Construct{s}})
	})
	d := got.dashboard(t)
	for title, want := range map[string][]string{
		"Age of records when they are read (ms)": {"Work: Work", "Stream: Stream"},
		"Age of the oldest message (s)":          {"Jobs: Jobs"},
		"Dead letters":                           {"OfFunction: OfFunction", "OfAlias: OfAlias", "OfStream: OfStream", "OfSubscription: OfSubscription", "OfRule: OfRule"},
	} {
		if diff := cmp.Diff(want, d.lines(title), cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", title, diff)
		}
	}
}

func TestNothingToObserve(t *testing.T) {
	empty := newStack(t)
	for want, add := range map[string]func(){
		`observe: Dashboard "It": there is nothing to draw`: func() {
			observe.NewDashboard(empty, "It", &observe.DashboardProps{Scopes: []constructs.Construct{empty}})
		},
		`observe: Alarms "It": there is no alarm below the scopes`: func() {
			observe.NewAlarms(newStack(t), "It", &observe.AlarmsProps{Scopes: []constructs.Construct{empty}})
		},
		`observe: Queries "It": there is no log group below the scopes`: func() {
			observe.NewQueries(newStack(t), "It", &observe.QueriesProps{Scopes: []constructs.Construct{empty}})
		},
		`observe: Budget "It": no Monthly`: func() { observe.NewBudget(empty, "It", nil) },
	} {
		if got := panics(add); !strings.HasPrefix(got, want) {
			t.Errorf("it panics with %q, want %q", got, want)
		}
	}
}

// numbered adds alarms of the CDK's own.
func numbered(scope constructs.Construct, n int) []awscloudwatch.Alarm {
	var alarms []awscloudwatch.Alarm
	for i := range n {
		alarms = append(alarms, awscloudwatch.NewMetric(&awscloudwatch.MetricProps{Namespace: new("Shop"), MetricName: new("Sales")}).
			CreateAlarm(scope, new(fmt.Sprintf("Alarm%d", i)), &awscloudwatch.CreateAlarmOptions{Threshold: new(1.0), EvaluationPeriods: new(1.0)}))
	}
	return alarms
}

// telling is an action on an alarm: what the CDK's own L1 alarms take.
func telling(scope constructs.Construct, id string, actions ...string) awscloudwatch.CfnAlarm {
	var arns []any
	for _, action := range actions {
		arns = append(arns, action)
	}
	return awscloudwatch.NewCfnAlarm(scope, &id, &awscloudwatch.CfnAlarmProps{
		ComparisonOperator: new("GreaterThanThreshold"), EvaluationPeriods: new(1.0), AlarmDescription: new("Look."), AlarmActions: &arns,
		Namespace: new("Shop"), MetricName: new("Sales"), Statistic: new("Sum"), Period: new(60.0), Threshold: new(1.0),
	})
}

func TestAlarmActions(t *testing.T) {
	stack := newStack(t)
	numbered(stack, 1)
	telling(stack, "Page", "arn:pager", "arn:ticket")
	late := telling(stack, "Late")
	late.SetAlarmDescription(awscdk.Fn_Join(new(" "), &[]*string{new("Of"), awscdk.Aws_STACK_NAME()}))
	observe.NewAlarms(stack, "Alarms", &observe.AlarmsProps{Scopes: []constructs.Construct{stack}, Runbook: "https://wiki"})
	_, got := synthesize(t, stack)
	tests := []struct {
		alarm       string
		actions     []any
		description string
	}{
		{"Alarm0", []any{"AlarmsTopic"}, "Runbook: https://wiki"},
		{"Page", []any{"arn:pager", "arn:ticket", "AlarmsTopic"}, "Look. Runbook: https://wiki"},
		{"Late", []any{"AlarmsTopic"}, `{"Fn::Join":[" ",["Of",{"Ref":"AWS::StackName"}]]} Runbook: https://wiki`},
	}
	for _, tt := range tests {
		t.Run(tt.alarm, func(t *testing.T) {
			p := got.find(t, "AWS::CloudWatch::Alarm", tt.alarm).Properties
			var actions []any
			for _, action := range list(p["AlarmActions"]) {
				actions = append(actions, target(action))
			}
			if diff := cmp.Diff(tt.actions, actions); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			if ok := list(p["OKActions"]); len(ok) != 1 || target(ok[0]) != "AlarmsTopic" {
				t.Errorf("when it is over it tells %v", ok)
			}
			if got := target(p["AlarmDescription"]); got != tt.description {
				t.Errorf("its description is %s, want %s", got, tt.description)
			}
		})
	}
	rule := target(got.only(t, "AWS::CloudWatch::CompositeAlarm").Properties["AlarmRule"])
	if want := `ALARM("Alarm0") OR ALARM("Page") OR ALARM("Late")`; logicalIDsOnly(rule) != want {
		t.Errorf("it is unhealthy when %s, want %s", rule, want)
	}
}

// TestAlarmsTwice: several Alarms share alarms, and all are told.
func TestAlarmsTwice(t *testing.T) {
	stack := newStack(t)
	watched := constructs.NewConstruct(stack, new("Watched"))
	numbered(watched, 1)
	telling(watched, "Page", "arn:pager")
	runbooks := map[string]string{"First": "https://wiki/a", "Second": "https://wiki/a", "Third": "https://wiki/b"}
	for _, id := range []string{"First", "Second", "Third"} {
		observe.NewAlarms(stack, id, &observe.AlarmsProps{Scopes: []constructs.Construct{watched}, Runbook: runbooks[id]})
	}
	_, got := synthesize(t, stack)
	topics := []string{"FirstTopic", "SecondTopic", "ThirdTopic"}
	for alarm, want := range map[string][]string{"WatchedAlarm0": topics, "WatchedPage": slices.Concat([]string{"arn:pager"}, topics)} {
		p := got.find(t, "AWS::CloudWatch::Alarm", alarm).Properties
		for property, want := range map[string][]string{"AlarmActions": want, "OKActions": topics} {
			var actions []string
			for _, action := range list(p[property]) {
				actions = append(actions, target(action))
			}
			if diff := cmp.Diff(want, actions); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", property, alarm, diff)
			}
		}
		if text := target(p["AlarmDescription"]); strings.TrimPrefix(text, "Look. ") != "Runbook: https://wiki/a Runbook: https://wiki/b" {
			t.Errorf("the description of %s is %q", alarm, text)
		}
	}
	unhealthy := got.find(t, "AWS::CloudWatch::CompositeAlarm", "FirstUnhealthy").Properties["AlarmDescription"]
	if want := "The service is unhealthy: one of its alarms fires. Look at those. Runbook: https://wiki/a"; unhealthy != want {
		t.Errorf("the description of all is %q, want %q", unhealthy, want)
	}
}

// logicalIDsOnly takes the hashes off what a rule names.
var hashInRule = regexp.MustCompile(`[0-9A-F]{8}"`)

func logicalIDsOnly(rule string) string { return hashInRule.ReplaceAllString(rule, `"`) }

// TestAlarmsRefused: what CloudWatch would refuse, or never do, also with queries.
func TestAlarmsRefused(t *testing.T) {
	stack := newStack(t)
	elsewhere := awscdk.NewStack(awscdk.App_Of(stack), new("Elsewhere"), &awscdk.StackProps{Env: &awscdk.Environment{Region: new("eu-west-1")}})
	numbered(elsewhere, 1)
	awslogs.NewLogGroup(elsewhere, new("Log"), nil)
	busy := telling(constructs.NewConstruct(stack, new("Busy")), "Alarm", "a", "b", "c", "d", "e")
	long := telling(constructs.NewConstruct(stack, new("Long")), "Alarm")
	long.SetAlarmDescription(new(strings.Repeat("x", 1010)))
	for i, tt := range []struct {
		scope constructs.Construct
		want  string
	}{
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
		{busy, "alarm Stack/Busy/Alarm: it has 5 AlarmActions, and may have no more than 5: leave one out"},
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
		{long, "its description has 1032 characters with the runbook, and may have no more than 1024"},
		{elsewhere, "it is in aws://unknown-account/eu-west-1, the topic in aws://unknown-account/unknown-region: add Alarms to a stack of each"},
	} {
		got := panics(func() {
			observe.NewAlarms(stack, fmt.Sprintf("Alarms%d", i), &observe.AlarmsProps{Scopes: []constructs.Construct{tt.scope}, Runbook: "https://wiki"})
		})
		if !strings.Contains(got, tt.want) {
			t.Errorf("it panics with %q, want %q", got, tt.want)
		}
	}
	got := panics(func() {
		observe.NewQueries(stack, "Queries", &observe.QueriesProps{Scopes: []constructs.Construct{elsewhere}})
	})
	if want := "log group Elsewhere/Log/Resource is in aws://unknown-account/eu-west-1, the queries in aws://unknown-account/unknown-region: add Queries to"; !strings.Contains(got, want) {
		t.Errorf("it panics with %q, want %q", got, want)
	}
}

// TestManyAlarms: a composite alarm has at most 100 children and a rule of 10,240
// characters
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html).
func TestManyAlarms(t *testing.T) {
	got := render(t, func(s awscdk.Stack) {
		numbered(s, 109)
		observe.NewAlarms(s, "Alarms", &observe.AlarmsProps{Scopes: []constructs.Construct{s}})
	})
	children := map[string]int{}
	for _, id := range got.ofType("AWS::CloudWatch::CompositeAlarm") {
		children[logicalIDHash.ReplaceAllString(id, "")] = strings.Count(target(got.Resources[id].Properties["AlarmRule"]), "ALARM(")
	}
	want := map[string]int{"AlarmsUnhealthy": 4, "AlarmsUnhealthyPart1": 36, "AlarmsUnhealthyPart2": 36, "AlarmsUnhealthyPart3": 36, "AlarmsUnhealthyPart4": 1}
	if diff := cmp.Diff(want, children); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}
}

// TestAlarmTopic: over TLS, from this account's alarms, or one's own.
func TestAlarmTopic(t *testing.T) {
	t.Run("new", func(t *testing.T) {
		got := render(t, func(s awscdk.Stack) { fullAlarms(s, "Ops") })
		policy, _ := json.Marshal(got.only(t, "AWS::SNS::TopicPolicy").Properties["PolicyDocument"])
		for _, want := range []string{
			`"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"`,
			`"Action":"sns:Publish","Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}},"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"}`,
		} {
			if !strings.Contains(string(policy), want) {
				t.Errorf("the topic's policy is %s, want %s", policy, want)
			}
		}
		var may []string
		for _, s := range got.statements("OpsChatRole") {
			if strings.HasPrefix(s, "ssm:") {
				may = append(may, s)
			}
		}
		if diff := cmp.Diff([]string{"ssm:GetParameter arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter/operations/chat-webhook"}, may); diff != "" {
			t.Errorf("what the function may read (-want +got):\n%s", diff)
		}
		protocols := []string{}
		for _, id := range got.ofType("AWS::SNS::Subscription") {
			protocols = append(protocols, got.Resources[id].Properties["Protocol"].(string))
		}
		slices.Sort(protocols)
		if diff := cmp.Diff([]string{"email", "email", "lambda"}, protocols); diff != "" {
			t.Errorf("subscriptions (-want +got):\n%s", diff)
		}
	})
	t.Run("one's own", func(t *testing.T) {
		got := render(t, func(s awscdk.Stack) {
			numbered(s, 1)
			observe.NewAlarms(s, "Alarms", &observe.AlarmsProps{Scopes: []constructs.Construct{s}, Topic: awssns.NewTopic(s, new("Mine"), nil)})
		})
		if n := len(got.ofType("AWS::SNS::Topic")); n != 1 || target(list(got.find(t, "AWS::CloudWatch::Alarm", "Alarm0").Properties["AlarmActions"])[0]) != "Mine" {
			t.Errorf("there are %d topics, and the alarm does not tell the one that is there", n)
		}
	})
}

// TestAuditTrailBucket: only this trail writes, over TLS, what then stays
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html).
func TestAuditTrailBucket(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullAuditTrail(s, "Audit") })
	bucket := got.only(t, "AWS::S3::Bucket")
	lock, _ := json.Marshal(bucket.Properties["ObjectLockConfiguration"])
	if want := `{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Days":30,"Mode":"GOVERNANCE"}}}`; string(lock) != want || bucket.DeletionPolicy != "Retain" {
		t.Errorf("the lock is %s, and the bucket is to %s", lock, bucket.DeletionPolicy)
	}
	policy, _ := json.Marshal(got.only(t, "AWS::S3::BucketPolicy").Properties["PolicyDocument"])
	for _, want := range []string{`"aws:SecureTransport":"false"`, `"Action":"s3:PutObject","Condition":{"StringEquals":{"aws:SourceArn":`, `:trail/Stack-Audit-`, `"/AWSLogs/"`} {
		if !strings.Contains(string(policy), want) {
			t.Errorf("the bucket's policy is %s, want %s", policy, want)
		}
	}
	trail := got.only(t, "AWS::CloudTrail::Trail")
	selectors, _ := json.Marshal(trail.Properties["AdvancedEventSelectors"])
	if !strings.Contains(string(selectors), `"NotStartsWith":[{"Fn::Join":["",[{"Fn::GetAtt":["AuditBucket`) {
		t.Errorf("the trail records its own writes: %s", selectors)
	}
	if trail.Properties["EnableLogFileValidation"] != true || !strings.HasPrefix(fmt.Sprint(list(trail.DependsOn)[0]), "AuditBucketPolicy") {
		t.Errorf("the trail is %v, and waits for %v", trail.Properties, trail.DependsOn)
	}
}

// TestOperationsAcrossStacks: the stacks that are looked after do not depend on the
// one that looks, with references of either kind.
func TestOperationsAcrossStacks(t *testing.T) {
	for name, references := range map[string]any{"weak": "weak", "strong": "strong"} {
		t.Run(name, func(t *testing.T) {
			app := newApp(t)
			app.Node().SetContext(new("@aws-cdk/core:defaultCrossStackReferences"), references)
			orders := stacks.NewOrderStack(app, "Orders", nil)
			operations := stacks.NewOperationsStack(app, "Operations", &stacks.OperationsStackProps{
				Alarms: observe.AlarmsProps{Scopes: []constructs.Construct{orders}},
				Budget: &observe.BudgetProps{Monthly: 50, Emails: []string{"ops@example.com"}},
			})
			text, looking := synthesize(t, operations.Stack)
			if n := strings.Count(string(text), "Fn::ImportValue"); (n > 0) != (references == "strong") {
				t.Errorf("%d values are imported", n)
			}
			_, looked := synthesize(t, orders.Stack)
			for _, dependency := range *orders.Dependencies() {
				t.Errorf("the orders depend on %s", *dependency.StackName())
			}
			name := looking.only(t, "AWS::SNS::Topic").Properties["TopicName"]
			action := target(list(looked.find(t, "AWS::CloudWatch::Alarm", "OrdersSagaAlarm").Properties["AlarmActions"])[0])
			if want := fmt.Sprintf("arn:AWS::Partition:sns:AWS::Region:AWS::AccountId:%v", name); action != want {
				t.Errorf("an alarm of the orders tells %s, want %s", action, want)
			}
			if n := len(looking.ofType("AWS::Logs::QueryDefinition")); n != 4 {
				t.Errorf("%d queries are saved, want 4", n)
			}
		})
	}
}

// TestDashboardPicture: docs/pictures/dashboard.svg is the orders' dashboard.
func TestDashboardPicture(t *testing.T) {
	stack := stacks.NewOrderStack(newApp(t), "NoidleOrders", nil)
	observe.NewDashboard(stack, "Dashboard", &observe.DashboardProps{Scopes: []constructs.Construct{stack}})
	_, got := synthesize(t, stack.Stack)
	picture := svg(got.dashboard(t))
	file := filepath.Join("..", "docs", "pictures", "dashboard.svg")
	if *update {
		write(t, file, picture)
	}
	if string(readFile(t, file)) != string(picture) {
		t.Errorf("%s is not of this dashboard: go test ./test -run TestDashboardPicture -update draws it", file)
	}
}

// TestObserveLocally: the local cloud runs an app with all of it.
func TestObserveLocally(t *testing.T) {
	s := openOwn(t, local.Options{}, func(app awscdk.App) {
		own := awscdk.NewStack(app, new("Own"), nil)
		looked := []constructs.Construct{own}
		messaging.NewQueueWorker(own, "Work", &messaging.QueueWorkerProps{
			Handler: compute.NewGoFunction(own, "Handler", &compute.GoFunctionProps{Package: "github.com/noidle/noidle/functions/orders/start"}).Function,
		})
		defaultBudget(own, "Budget")
		fullAuditTrail(own, "AuditTrail")
		operations := awscdk.NewStack(app, new("Operations"), nil)
		observe.NewAlarms(operations, "Alarms", &observe.AlarmsProps{Scopes: looked, Emails: []string{"ops@example.com"}, ChatWebhook: "/operations/chat"})
		observe.NewDashboard(operations, "Dashboard", &observe.DashboardProps{Scopes: looked})
		observe.NewQueries(operations, "Queries", &observe.QueriesProps{Scopes: looked})
	})
	if s.URL() == "" {
		t.Error("the local cloud has no address")
	}
}
