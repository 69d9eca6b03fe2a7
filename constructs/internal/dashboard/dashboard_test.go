package dashboard

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// parsed returns the dashboard of resources, read back from its JSON.
func parsed(t *testing.T, alarms []string, resources ...Resource) Body {
	t.Helper()
	text, err := New("Heading", alarms, resources)
	if err != nil {
		t.Fatal(err)
	}
	var body Body
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err)
	}
	return body
}

func (b Body) graph(t *testing.T, title string) Properties {
	t.Helper()
	for _, w := range b.Widgets {
		if w.Properties.Title == title {
			return w.Properties
		}
	}
	t.Fatalf("there is no graph %q", title)
	return Properties{}
}

func (b Body) titles() []string {
	var titles []string
	for _, w := range b.Widgets {
		titles = append(titles, w.Properties.Title+w.Properties.Markdown)
	}
	return titles
}

func function(name string) Resource {
	return Resource{Kind: Function, UseCase: "Shop", Label: name, Name: "f-" + name, Region: "eu-west-1"}
}

func several(n int, make func(name string) Resource) []Resource {
	var resources []Resource
	for i := range n {
		resources = append(resources, make(fmt.Sprint(i)))
	}
	return resources
}

// TestGraphs: what is drawn of each kind.
func TestGraphs(t *testing.T) {
	tests := []struct {
		kind Kind
		want []string
	}{
		{HTTPAPI, []string{"Requests to the API", "API: requests that failed", "API: time to an answer (ms)", "Use of quotas (%)"}},
		{RESTAPI, []string{"Requests to the API", "API: requests that failed", "API: time to an answer (ms)", "Use of quotas (%)"}},
		{Distribution, []string{"Requests to the site", "Site: requests that failed (%)", "Site: bytes to browsers"}},
		{Table, []string{"Throttled", "Use of quotas (%)", "Paid for: units of tables"}},
		{Rule, []string{"Events that could not be delivered"}},
		{Stream, []string{"Records that arrive", "Age of records when they are read (ms)", "Throttled", "Paid for: messages and bytes"}},
		{DeliveryStream, []string{"Age of records when they are delivered (s)", "Paid for: messages and bytes"}},
		{Function, []string{"Runs of functions", "Runs that failed", "Time of a run (ms)", "Events that could not be delivered", "Throttled", "Use of quotas (%)", "Paid for: GB-seconds of functions"}},
		{Topic, []string{"Events that could not be delivered", "Paid for: messages and bytes"}},
		{Queue, []string{"Age of the oldest message (s)", "Messages that wait", "Use of quotas (%)", "Paid for: messages and bytes"}},
		{DeadLetterQueue, []string{"Dead letters"}},
		{StateMachine, []string{"Executions and how they ended", "Time of an execution (ms)", "Throttled"}},
	}
	if len(tests) != len(sources) {
		t.Errorf("%d kinds are tested, want %d", len(tests), len(sources))
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			body := parsed(t, nil, Resource{Kind: tt.kind, UseCase: "Shop", Label: "It", Name: "it"})
			if diff := cmp.Diff(append([]string{"Heading", "## Shop"}, tt.want...), body.titles()); diff != "" {
				t.Errorf("widgets (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMetrics: what a graph holds, as
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
// has it.
func TestMetrics(t *testing.T) {
	slow := function("Pay")
	slow.Timeout, slow.MemoryMB, slow.ReservedConcurrency, slow.ReadsStream = 30*time.Second, 512, 20, true
	tests := []struct {
		name, title string
		resources   []Resource
		want        string
	}{
		{
			"a sum", "Runs that failed",
			[]Resource{function("Pay")},
			`[["AWS/Lambda","Errors","FunctionName","f-Pay",{"label":"Pay","stat":"Sum"}]]`,
		},
		{
			"percentiles of few", "Time of a run (ms)",
			[]Resource{function("Pay")},
			`[["AWS/Lambda","Duration","FunctionName","f-Pay",{"label":"Pay p50","stat":"p50"}],` +
				`["AWS/Lambda","Duration","FunctionName","f-Pay",{"label":"Pay p90","stat":"p90"}],` +
				`["AWS/Lambda","Duration","FunctionName","f-Pay",{"label":"Pay p99","stat":"p99"}]]`,
		},
		{
			"a reserved concurrency", "Use of quotas (%)",
			[]Resource{slow},
			`[[{"expression":"100*m0/20","id":"em0","label":"Pay"}],` +
				`["AWS/Lambda","ConcurrentExecutions","FunctionName","f-Pay",{"id":"m0","stat":"Maximum","visible":false}]]`,
		},
		{
			"what the time costs", "Paid for: GB-seconds of functions",
			[]Resource{slow},
			`[[{"expression":"m0/1000*512/1024","id":"em0","label":"Pay"}],` +
				`["AWS/Lambda","Duration","FunctionName","f-Pay",{"id":"m0","stat":"Sum","visible":false}]]`,
		},
		{
			"a function that reads a stream", "Age of records when they are read (ms)",
			[]Resource{function("Other"), slow},
			`[["AWS/Lambda","IteratorAge","FunctionName","f-Pay",{"label":"Pay","stat":"Maximum"}]]`,
		},
		{
			"shards", "Use of quotas (%)",
			[]Resource{{Kind: Stream, Label: "Posts", Name: "posts", Shards: 2}, {Kind: Stream, Label: "OnDemand", Name: "any"}},
			`[[{"expression":"100*m0/PERIOD(m0)/2000","id":"em0","label":"Posts records"}],` +
				`["AWS/Kinesis","IncomingRecords","StreamName","posts",{"id":"m0","stat":"Sum","visible":false}],` +
				`[{"expression":"100*m1/PERIOD(m1)/2097152","id":"em1","label":"Posts bytes"}],` +
				`["AWS/Kinesis","IncomingBytes","StreamName","posts",{"id":"m1","stat":"Sum","visible":false}]]`,
		},
		{
			"units of tables, of which one has its own", "Use of quotas (%)",
			[]Resource{{Kind: Table, Label: "Own", Name: "own", Provisioned: true}, {Kind: Table, Label: "Orders", Name: "orders"}},
			`[[{"expression":"100*m0/PERIOD(m0)/40000","id":"em0","label":"Orders reads"}],` +
				`["AWS/DynamoDB","ConsumedReadCapacityUnits","TableName","orders",{"id":"m0","stat":"Sum","visible":false}],` +
				`[{"expression":"100*m1/PERIOD(m1)/40000","id":"em1","label":"Orders writes"}],` +
				`["AWS/DynamoDB","ConsumedWriteCapacityUnits","TableName","orders",{"id":"m1","stat":"Sum","visible":false}]]`,
		},
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
		{
			"a distribution", "Requests to the site",
			[]Resource{{Kind: Distribution, Label: "Site", Name: "E1"}},
			`[["AWS/CloudFront","Requests","DistributionId","E1","Region","Global",{"label":"Site","stat":"Sum"}]]`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(parsed(t, nil, tt.resources...).graph(t, tt.title).Metrics)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("region", func(t *testing.T) {
		body := parsed(t, nil, function("Pay"), Resource{Kind: Distribution, UseCase: "Shop", Name: "E1", Region: "eu-west-1"})
		if got := body.graph(t, "Runs that failed").Region; got != "eu-west-1" {
			t.Errorf("a function's metrics are read in %q", got)
		}
		if got := body.graph(t, "Requests to the site").Region; got != "us-east-1" {
			t.Errorf("those of CloudFront are read in %q", got)
		}
	})
	t.Run("percentiles of many", func(t *testing.T) {
		got := parsed(t, nil, several(4, function)...).graph(t, "Time of a run (ms)").Metrics
		if len(got) != 4 {
			t.Errorf("%d lines, want the p99 of each function", len(got))
		}
	})
}

func TestLevels(t *testing.T) {
	slow := function("Slow")
	slow.Timeout = time.Minute
	body := parsed(t, nil, slow, function("A"), function("B"))
	want := []Annotation{{"timeout of 3s", 3000}, {"timeout of 1m0s", 60_000}}
	if diff := cmp.Diff(want, body.graph(t, "Time of a run (ms)").Annotations["horizontal"]); diff != "" {
		t.Errorf("timeouts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Annotation{{"quota", 100}}, body.graph(t, "Use of quotas (%)").Annotations["horizontal"]); diff != "" {
		t.Errorf("quotas (-want +got):\n%s", diff)
	}
}

// TestManyLines: more than a graph shows well are in the next one.
func TestManyLines(t *testing.T) {
	body := parsed(t, nil, several(31, function)...)
	if n := len(body.graph(t, "Runs of functions").Metrics); n != 30 {
		t.Errorf("the first graph has %d lines, want 30", n)
	}
	if n := len(body.graph(t, "Runs of functions, 2").Metrics); n != 1 {
		t.Errorf("the second graph has %d lines, want 1", n)
	}
}

func TestUseCasesAndAlarms(t *testing.T) {
	other := function("Other")
	other.UseCase = "Blog"
	var alarms []string
	for i := range 101 {
		alarms = append(alarms, fmt.Sprint("arn:", i))
	}
	body := parsed(t, alarms, function("A"), other, function("B"))
	if n := len(body.Widgets[1].Properties.Alarms); n != 100 || len(body.Widgets[2].Properties.Alarms) != 1 {
		t.Errorf("the first alarm widget shows %d alarms, want 100, the most that one does, and the second the last", n)
	}
	titles := body.titles()
	shop, blog := slices.Index(titles, "## Shop"), slices.Index(titles, "## Blog")
	if shop < 0 || blog < shop || len(body.Widgets[shop+1].Properties.Metrics) != 2 {
		t.Errorf("widgets are %q, want both functions of Shop, then Blog", titles)
	}
}

// TestQuotasOfDashboards: those of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
func TestQuotasOfDashboards(t *testing.T) {
	tables := func(n, useCases int) []Resource {
		var resources []Resource
		for i := range n {
			resources = append(resources, Resource{Kind: Table, UseCase: fmt.Sprint(i % useCases), Label: fmt.Sprint(i), Name: "t"})
		}
		return resources
	}
	rules := func(n int) []Resource {
		return several(n, func(name string) Resource { return Resource{Kind: Rule, UseCase: name, Name: "r"} })
	}
	tests := []struct {
		name      string
		resources []Resource
		want      string
	}{
		{"nothing", nil, "there is nothing to draw below the scopes"},
		{"2,496 metrics", tables(312, 1), ""},
		{"2,504 metrics", tables(313, 1), "2504 metrics: a dashboard holds at most 2500: give some of the scopes a dashboard of their own"},
		{"499 widgets", rules(249), ""},
		{"501 widgets", rules(250), "501 widgets: a dashboard holds at most 500"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New("", nil, tt.resources)
			expect.Error(t, err, tt.want)
		})
	}
}

// TestLayout: whatever is drawn, widgets lie within the 24 columns of the grid and
// not upon each other.
func TestLayout(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 0))
		kinds := []Kind{HTTPAPI, Distribution, Table, Stream, Function, Queue, StateMachine}
		resources := several(1+random.IntN(20), func(name string) Resource {
			return Resource{Kind: kinds[random.IntN(len(kinds))], UseCase: fmt.Sprint(random.IntN(3)), Name: name}
		})
		taken := map[[2]int]string{}
		for _, w := range parsed(t, make([]string, random.IntN(250)), resources...).Widgets {
			title := strings.TrimSpace(w.Type + " " + w.Properties.Title)
			if w.X < 0 || w.X+w.Width > 24 {
				t.Fatalf("seed %d: %s lies from %d to %d", seed, title, w.X, w.X+w.Width)
			}
			for x := w.X; x < w.X+w.Width; x++ {
				for y := w.Y; y < w.Y+w.Height; y++ {
					if other, ok := taken[[2]int{x, y}]; ok {
						t.Fatalf("seed %d: %s lies upon %s", seed, title, other)
					}
					taken[[2]int{x, y}] = title
				}
			}
		}
	}
}

func TestKindOf(t *testing.T) {
	for resourceType, want := range map[string]Kind{
		"AWS::Lambda::Function":      Function,
		"AWS::DynamoDB::Table":       Table,
		"AWS::DynamoDB::GlobalTable": Table,
	} {
		if got, ok := KindOf(resourceType); !ok || got != want {
			t.Errorf("%s is %q, want %q", resourceType, got, want)
		}
	}
	if kind, ok := KindOf("AWS::IAM::Role"); ok {
		t.Errorf("a role is %q", kind)
	}
}
