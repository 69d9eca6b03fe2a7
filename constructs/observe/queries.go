package observe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsxray"
	"github.com/aws/constructs-go/constructs/v10"
)

// QueriesProps configures [Queries]. Scopes are required.
type QueriesProps struct {
	// Scopes are where the log groups are: an app, stacks or constructs.
	Scopes []constructs.Construct
	// Slow is from when on a request is slow, for traces; zero means a second.
	Slow time.Duration
}

// Queries are saved queries of CloudWatch Logs Insights for what an operator asks
// first, in a folder for each stack: errors, the slowest runs, cold starts, and all
// lines of one request. A group of X-Ray has the traces of the region that failed,
// were throttled or slow.
type Queries struct {
	constructs.Construct

	// Queries are the saved queries.
	Queries []awslogs.CfnQueryDefinition
	// Traces is the group of X-Ray.
	Traces awsxray.CfnGroup
}

// NewQueries adds Queries to scope. It panics if props are invalid, if there are no
// log groups, or if one is in another account or region, where no query finds it.
func NewQueries(scope constructs.Construct, id string, props *QueriesProps) *Queries {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("observe: Queries %q: %w", id, err))
	}
	q := &Queries{}
	constructs.NewConstruct_Override(q, scope, &id)
	own := *awscdk.Stack_Of(q).Environment()
	stacks, groups := []string{}, map[string][]any{}
	for _, group := range below(props.Scopes, func(t string) bool { return t == "AWS::Logs::LogGroup" }) {
		if its := *group.Stack().Environment(); its != own {
			panic(fmt.Errorf("observe: Queries %q: log group %s is in %s, the queries in %s: add Queries to a stack of each region and account", id, *group.Node().Path(), its, own))
		}
		stack := *group.Stack().StackName()
		if groups[stack] == nil {
			stacks = append(stacks, stack)
		}
		groups[stack] = append(groups[stack], group.Ref())
	}
	if len(stacks) == 0 {
		panic(fmt.Errorf("observe: Queries %q: there is no log group below the scopes", id))
	}
	for _, stack := range stacks {
		q.save(stack, groups[stack])
	}
	q.Traces = awsxray.NewCfnGroup(q, new("Traces"), &awsxray.CfnGroupProps{
		GroupName:        new(traceGroupName(*q.Node().Path())),
		FilterExpression: new(fmt.Sprintf("fault = true OR error = true OR throttle = true OR responsetime >= %v", cmp.Or(props.Slow, time.Second).Seconds())),
	})
	return q
}

// TracesARN returns the ARN of the group of X-Ray, as a CDK token.
func (q *Queries) TracesARN() *string { return q.Traces.AttrGroupArn() }

// maxLogGroups is how many a query takes
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html).
const maxLogGroups = 50

func (q *Queries) save(stack string, groups []any) {
	folder := constructs.NewConstruct(q, &stack)
	part := 0
	for some := range slices.Chunk(groups, maxLogGroups) {
		part++
		for _, query := range queries {
			id, name := strings.ReplaceAll(query.name, " ", ""), stack+"/"+query.name
			if part > 1 {
				id, name = fmt.Sprintf("%s%d", id, part), fmt.Sprintf("%s, %d", name, part)
			}
			q.Queries = append(q.Queries, awslogs.NewCfnQueryDefinition(folder, &id, &awslogs.CfnQueryDefinitionProps{
				Name: &name, QueryString: new(query.text), LogGroupNames: &some,
			}))
		}
	}
}

// queries take the logs of functions in JSON and in text
// (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html),
// and the access logs of APIs. The fields that Insights finds itself start with @.
var queries = []struct{ name, text string }{
	{"Errors", `fields @timestamp, coalesce(msg, errorMessage, @message) as what, coalesce(requestId, record.requestId, @requestId) as request, @log
| filter level in ["ERROR", "FATAL"] or record.status in ["error", "failure", "timeout"] or status >= 500 or @message like /panic:|Task timed out|Runtime exited/
| sort @timestamp desc
| limit 200`},
	{"Slowest runs", `filter type = "platform.report" or @type = "REPORT"
| fields coalesce(record.metrics.durationMs, @duration) as ms, coalesce(record.requestId, @requestId) as request, @log
| sort ms desc
| limit 50`},
	{"Cold starts", `filter type = "platform.report" or @type = "REPORT"
| fields coalesce(record.metrics.initDurationMs, @initDuration) as start
| stats count(*) as runs, count(start) as coldStarts, avg(start), pct(start, 99), max(start) by @log`},
	{"One request", `fields @timestamp, @message, @log
| filter @message like "PUT-THE-REQUEST-ID-HERE"
| sort @timestamp
| limit 1000`},
}

// traceGroupName is a path as the name of a group, of at most 32 characters
// (https://docs.aws.amazon.com/xray/latest/api/API_CreateGroup.html).
func traceGroupName(path string) string {
	name := strings.ReplaceAll(path, "/", "-")
	return name[max(0, len(name)-32):]
}

func (p *QueriesProps) validate() error {
	if p == nil {
		p = &QueriesProps{}
	}
	if err := validateScopes(p.Scopes); err != nil {
		return err
	}
	if p.Slow < 0 {
		return fmt.Errorf("Slow is %v: must not be negative", p.Slow)
	}
	return nil
}
