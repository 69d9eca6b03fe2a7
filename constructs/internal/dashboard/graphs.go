package dashboard

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// graph is a kind of graph: every resource of a use case gets its lines.
type graph struct {
	title  string
	region string // where it is not the resource's own
	lines  []line
	levels func(Resource) []Annotation // across the graph, once each
}

// line is a metric of the resources of a kind. The kinds' metrics are those of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html.
type line struct {
	kind         Kind
	metric, stat string
	name         string                // follows the resource's label
	formula      func(Resource) string // with %[1]s for the metric
	only         func(Resource) bool   // nil: all of the kind
	detail       bool                  // only where few resources share the graph
}

// detailed is with how many resources of a kind a graph shows details, and
// linesPerGraph how many lines it has before there is another; the quota is 500.
const (
	detailed      = 3
	linesPerGraph = 30
)

// percentiles are the lines of a duration.
func percentiles(kind Kind, metric string) []line {
	return []line{
		{kind: kind, metric: metric, stat: "p50", name: "p50", detail: true},
		{kind: kind, metric: metric, stat: "p90", name: "p90", detail: true},
		{kind: kind, metric: metric, stat: "p99", name: "p99"},
	}
}

// graphs are what an operator looks at, in the order from those who ask to what
// is paid.
var graphs = []graph{
	{title: "Requests to the site", region: "us-east-1", lines: []line{
		{kind: Distribution, metric: "Requests", stat: "Sum"},
	}},
	{title: "Site: requests that failed (%)", region: "us-east-1", lines: []line{
		{kind: Distribution, metric: "4xxErrorRate", stat: "Average", name: "4xx"},
		{kind: Distribution, metric: "5xxErrorRate", stat: "Average", name: "5xx"},
	}},
	{title: "Site: bytes to browsers", region: "us-east-1", lines: []line{
		{kind: Distribution, metric: "BytesDownloaded", stat: "Sum"},
	}},
	{title: "Requests to the API", lines: []line{
		{kind: HTTPAPI, metric: "Count", stat: "Sum"},
		{kind: RESTAPI, metric: "Count", stat: "Sum"},
	}},
	{title: "API: requests that failed", lines: []line{
		{kind: HTTPAPI, metric: "4xx", stat: "Sum", name: "4xx"},
		{kind: HTTPAPI, metric: "5xx", stat: "Sum", name: "5xx"},
		{kind: RESTAPI, metric: "4XXError", stat: "Sum", name: "4xx"},
		{kind: RESTAPI, metric: "5XXError", stat: "Sum", name: "5xx"},
	}},
	{title: "API: time to an answer (ms)", lines: append(percentiles(HTTPAPI, "Latency"), percentiles(RESTAPI, "Latency")...)},
	{title: "Runs of functions", lines: []line{
		{kind: Function, metric: "Invocations", stat: "Sum"},
	}},
	{title: "Runs that failed", lines: []line{
		{kind: Function, metric: "Errors", stat: "Sum"},
	}},
	{title: "Time of a run (ms)", lines: percentiles(Function, "Duration"), levels: timeouts},
	{title: "Age of the oldest message (s)", lines: []line{
		{kind: Queue, metric: "ApproximateAgeOfOldestMessage", stat: "Maximum"},
	}},
	{title: "Messages that wait", lines: []line{
		{kind: Queue, metric: "ApproximateNumberOfMessagesVisible", stat: "Maximum", name: "waiting"},
		{kind: Queue, metric: "ApproximateNumberOfMessagesNotVisible", stat: "Maximum", name: "in flight"},
	}},
	{title: "Dead letters", lines: []line{
		{kind: DeadLetterQueue, metric: "ApproximateNumberOfMessagesVisible", stat: "Maximum"},
	}},
	{title: "Executions and how they ended", lines: []line{
		{kind: StateMachine, metric: "ExecutionsStarted", stat: "Sum", name: "started"},
		{kind: StateMachine, metric: "ExecutionsSucceeded", stat: "Sum", name: "succeeded"},
		{kind: StateMachine, metric: "ExecutionsFailed", stat: "Sum", name: "failed"},
		{kind: StateMachine, metric: "ExecutionsTimedOut", stat: "Sum", name: "timed out"},
		{kind: StateMachine, metric: "ExecutionsAborted", stat: "Sum", name: "aborted"},
	}},
	{title: "Time of an execution (ms)", lines: percentiles(StateMachine, "ExecutionTime")},
	{title: "Records that arrive", lines: []line{
		{kind: Stream, metric: "IncomingRecords", stat: "Sum"},
	}},
	{title: "Age of records when they are read (ms)", lines: []line{
		{kind: Stream, metric: "GetRecords.IteratorAgeMilliseconds", stat: "Maximum"},
		{kind: Function, metric: "IteratorAge", stat: "Maximum", only: func(r Resource) bool { return r.ReadsStream }},
	}},
	{title: "Age of records when they are delivered (s)", lines: []line{
		{kind: DeliveryStream, metric: "DeliveryToS3.DataFreshness", stat: "Maximum"},
	}},
	{title: "Events that could not be delivered", lines: []line{
		{kind: Function, metric: "AsyncEventsDropped", stat: "Sum", name: "dropped"},
		{kind: Rule, metric: "FailedInvocations", stat: "Sum"},
		{kind: Topic, metric: "NumberOfNotificationsFailed", stat: "Sum"},
	}},
	{title: "Throttled", lines: []line{
		{kind: Function, metric: "Throttles", stat: "Sum"},
		{kind: StateMachine, metric: "ExecutionThrottled", stat: "Sum"},
		{kind: Table, metric: "ReadThrottleEvents", stat: "Sum", name: "reads"},
		{kind: Table, metric: "WriteThrottleEvents", stat: "Sum", name: "writes"},
		{kind: Stream, metric: "ReadProvisionedThroughputExceeded", stat: "Sum", name: "reads"},
		{kind: Stream, metric: "WriteProvisionedThroughputExceeded", stat: "Sum", name: "writes"},
	}},
	{title: "Use of quotas (%)", levels: fullQuota, lines: []line{
		{kind: HTTPAPI, metric: "Count", stat: "Sum", formula: percentPerSecond(apiRequests)},
		{kind: RESTAPI, metric: "Count", stat: "Sum", formula: percentPerSecond(apiRequests)},
		{kind: Function, metric: "ConcurrentExecutions", stat: "Maximum", formula: percentOfConcurrency},
		{kind: Queue, metric: "ApproximateNumberOfMessagesNotVisible", stat: "Maximum", formula: percentOfMessages},
		{kind: Table, metric: "ConsumedReadCapacityUnits", stat: "Sum", name: "reads", formula: percentPerSecond(tableUnits), only: paidByRequest},
		{kind: Table, metric: "ConsumedWriteCapacityUnits", stat: "Sum", name: "writes", formula: percentPerSecond(tableUnits), only: paidByRequest},
		{kind: Stream, metric: "IncomingRecords", stat: "Sum", name: "records", formula: percentOfShards(shardRecords), only: hasShards},
		{kind: Stream, metric: "IncomingBytes", stat: "Sum", name: "bytes", formula: percentOfShards(shardBytes), only: hasShards},
	}},
	{title: "Paid for: GB-seconds of functions", lines: []line{
		{kind: Function, metric: "Duration", stat: "Sum", formula: gigabyteSeconds},
	}},
	{title: "Paid for: units of tables", lines: []line{
		{kind: Table, metric: "ConsumedReadCapacityUnits", stat: "Sum", name: "reads"},
		{kind: Table, metric: "ConsumedWriteCapacityUnits", stat: "Sum", name: "writes"},
	}},
	{title: "Paid for: messages and bytes", lines: []line{
		{kind: Queue, metric: "NumberOfMessagesSent", stat: "Sum", name: "messages"},
		{kind: Topic, metric: "NumberOfMessagesPublished", stat: "Sum", name: "messages"},
		{kind: Stream, metric: "IncomingBytes", stat: "Sum", name: "bytes"},
		{kind: DeliveryStream, metric: "IncomingBytes", stat: "Sum", name: "bytes"},
	}},
}

// timeouts are the levels at which functions are stopped.
func timeouts(r Resource) []Annotation {
	if r.Kind != Function {
		return nil
	}
	timeout := cmp.Or(r.Timeout, functionTimeout*time.Second)
	return []Annotation{{Label: fmt.Sprintf("timeout of %v", timeout), Value: float64(timeout.Milliseconds())}}
}

func fullQuota(Resource) []Annotation { return []Annotation{{Label: "quota", Value: 100}} }

// draw returns the graphs of a use case that have lines, not yet placed.
func draw(resources []Resource) []Widget {
	count := map[Kind]int{}
	for _, r := range resources {
		count[r.Kind]++
	}
	var widgets []Widget
	for _, g := range graphs {
		var entries []entry
		var levels []Annotation
		for _, r := range resources {
			own := g.entries(r, count[r.Kind] <= detailed)
			if entries = append(entries, own...); len(own) > 0 && g.levels != nil {
				levels = append(levels, g.levels(r)...)
			}
		}
		slices.SortFunc(levels, func(a, b Annotation) int { return cmp.Compare(a.Value, b.Value) })
		part := 0
		for some := range slices.Chunk(entries, linesPerGraph) {
			w := widget(cmp.Or(g.region, resources[0].Region), some, slices.Compact(levels))
			w.Properties.Title = g.title
			if part++; part > 1 {
				w.Properties.Title = fmt.Sprintf("%s, %d", g.title, part)
			}
			widgets = append(widgets, w)
		}
	}
	return widgets
}

// entry is a line of one resource.
type entry struct {
	line
	resource Resource
}

func (g graph) entries(r Resource, details bool) []entry {
	var entries []entry
	for _, l := range g.lines {
		if l.kind == r.Kind && (details || !l.detail) && (l.only == nil || l.only(r)) {
			entries = append(entries, entry{l, r})
		}
	}
	return entries
}

func widget(region string, entries []entry, levels []Annotation) Widget {
	properties := Properties{Region: region, View: "timeSeries", Period: 60}
	for i, e := range entries {
		properties.Metrics = append(properties.Metrics, e.metrics(fmt.Sprintf("m%d", i))...)
	}
	if len(levels) > 0 {
		properties.Annotations = map[string][]Annotation{"horizontal": levels}
	}
	return Widget{Type: "metric", Width: graphWidth, Height: graphHeight, Properties: properties}
}

// metrics are the entry in the format of a dashboard: of a formula the formula and
// the metric that it takes, hidden
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
func (e entry) metrics(id string) [][]any {
	from := sources[e.kind]
	metric := []any{from.namespace, e.metric, from.dimension, e.resource.Name}
	if e.kind == Distribution {
		metric = append(metric, "Region", "Global")
	}
	label := e.resource.Label
	if e.name != "" {
		label += " " + e.name
	}
	if e.formula == nil {
		return [][]any{append(metric, map[string]any{"stat": e.stat, "label": label})}
	}
	return [][]any{
		{map[string]any{"expression": fmt.Sprintf(e.formula(e.resource), id), "label": label, "id": "e" + id}},
		append(metric, map[string]any{"stat": e.stat, "id": id, "visible": false}),
	}
}
