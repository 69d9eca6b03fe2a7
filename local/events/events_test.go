package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/events"
)

var start = time.Date(2026, time.March, 2, 10, 30, 15, 0, time.UTC)

// fixture is a service whose deliveries arrive on channels, and a client of it.
type fixture struct {
	*events.Service
	client    *eventbridge.Client
	clock     *clockwork.FakeClock
	delivered chan api.Delivery
	dropped   chan string
	mu        sync.Mutex
	fail      func(attempt int, delivery api.Delivery) error // nil means never
	attempts  int
	principal *api.Principal
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{clock: clockwork.NewFakeClockAt(start), delivered: make(chan api.Delivery, 1000), dropped: make(chan string, 100)}
	f.Service = events.New(events.Options{
		Clock:  f.clock,
		Random: rand.New(rand.NewPCG(1, 2)),
		Deliver: func(_ context.Context, delivery api.Delivery) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.attempts++
			if f.fail != nil {
				if err := f.fail(f.attempts, delivery); err != nil {
					return err
				}
			}
			f.delivered <- delivery
			return nil
		},
		Dropped: func(delivery api.Delivery, err error) { f.dropped <- delivery.Target + ": " + err.Error() },
	})
	t.Cleanup(f.Close)
	server := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"events": f.Operations().JSON()},
		Principal: func(string) *api.Principal { return f.principal },
	})
	t.Cleanup(server.Close)
	f.client = eventbridge.New(eventbridge.Options{
		BaseEndpoint: aws.String(server.URL),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("x", "x", ""),
	})
	return f
}

func (f *fixture) create(t *testing.T, rule events.Rule) {
	t.Helper()
	if err := f.CreateRule(rule); err != nil {
		t.Fatal(err)
	}
}

// put puts an event that must succeed.
func (f *fixture) put(t *testing.T, detail string) (id string) {
	t.Helper()
	output, err := f.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("Order"), Detail: aws.String(detail), Resources: []string{"r1"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if output.FailedEntryCount != 0 {
		t.Fatalf("put: %s", *output.Entries[0].ErrorMessage)
	}
	return *output.Entries[0].EventId
}

func (f *fixture) next(t *testing.T) api.Delivery {
	t.Helper()
	select {
	case delivery := <-f.delivered:
		return delivery
	case <-time.After(time.Minute):
		t.Fatal("nothing is delivered")
		panic("unreachable")
	}
}

// nothing checks that nothing is delivered once all deliveries have ended.
func (f *fixture) nothing(t *testing.T) {
	t.Helper()
	f.Close()
	if len(f.delivered) > 0 {
		t.Errorf("delivered %+v", <-f.delivered)
	}
}

func code(err error) string {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorCode()
	}
	return fmt.Sprint(err)
}

func queue(name string) string { return api.ARN("sqs", name) }

var everything = []byte(`{"source": [{"exists": true}]}`)

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
func TestEventAsDelivered(t *testing.T) {
	f := newFixture(t)
	role := &api.Principal{ARN: "arn:aws:iam::000000000000:role/r"}
	f.create(t, events.Rule{Name: "all", Pattern: everything, Targets: []events.Target{{ID: "1", ARN: queue("q.fifo"), MessageGroupID: "g", Role: role}}})
	id := f.put(t, `{"a": "<&>", "n": 1.50}`)
	want := api.Delivery{
		Source: "arn:aws:events:us-east-1:000000000000:rule/all",
		Role:   role,
		Target: queue("q.fifo"),
		Payload: []byte(`{"version":"0","id":"` + id + `","detail-type":"Order","source":"shop","account":"000000000000",` +
			`"time":"2026-03-02T10:30:15Z","region":"us-east-1","resources":["r1"],"detail":{"a":"<&>","n":1.50}}`),
		MessageGroupID: "g",
	}
	if diff := cmp.Diff(want, f.next(t)); diff != "" {
		t.Error(diff)
	}
}

func TestEventTime(t *testing.T) {
	f := newFixture(t)
	f.create(t, events.Rule{Name: "all", Pattern: everything, Targets: []events.Target{{ID: "1", ARN: queue("q"), InputPath: "$.time"}}})
	_, err := f.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("s"), DetailType: aws.String("t"), Detail: aws.String("{}"), Time: aws.Time(time.Date(2020, 1, 2, 3, 4, 5, 6e8, time.UTC))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`"2020-01-02T03:04:05Z"`, string(f.next(t).Payload)); diff != "" {
		t.Error(diff)
	}
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
func TestPutEventsFailsEntries(t *testing.T) {
	f := newFixture(t)
	f.create(t, events.Rule{Name: "all", Pattern: everything, Targets: []events.Target{{ID: "1", ARN: queue("q")}}})
	entry := func(change func(*types.PutEventsRequestEntry)) types.PutEventsRequestEntry {
		e := types.PutEventsRequestEntry{Source: aws.String("s"), DetailType: aws.String("t"), Detail: aws.String("{}")}
		change(&e)
		return e
	}
	output, err := f.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		entry(func(e *types.PutEventsRequestEntry) { e.Source = nil }),
		entry(func(e *types.PutEventsRequestEntry) { e.DetailType = nil }),
		entry(func(e *types.PutEventsRequestEntry) { e.Detail = nil }),
		entry(func(e *types.PutEventsRequestEntry) { e.Detail = aws.String("{") }),
		entry(func(e *types.PutEventsRequestEntry) { e.Detail = aws.String("[]") }),
		entry(func(e *types.PutEventsRequestEntry) { e.Source = aws.String("aws.s3") }),
		entry(func(e *types.PutEventsRequestEntry) { e.EventBusName = aws.String("none") }),
		entry(func(e *types.PutEventsRequestEntry) { e.EventBusName = aws.String(events.BusARN("default")) }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range output.Entries {
		got = append(got, aws.ToString(e.ErrorCode)+": "+aws.ToString(e.ErrorMessage))
	}
	want := []string{
		"InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.",
		"InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument.",
		"InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.",
		"MalformedDetail: Detail is malformed.",
		"MalformedDetail: Detail is malformed.",
		"NotAuthorizedForSourceException: Not authorized for the source.",
		"InvalidArgument: Event bus none does not exist.",
		": ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if output.FailedEntryCount != 7 {
		t.Errorf("%d entries failed", output.FailedEntryCount)
	}
	f.next(t)
	f.nothing(t)
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html,
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
func TestPutEventsLimits(t *testing.T) {
	f := newFixture(t)
	entry := types.PutEventsRequestEntry{Source: aws.String("s"), DetailType: aws.String("t"), Detail: aws.String("{}")}
	sized := func(size int) types.PutEventsRequestEntry { // size is all of the entry's bytes
		e := entry
		e.Time = aws.Time(start)    // 14 bytes
		e.Resources = []string{"r"} // 1 byte
		e.Detail = aws.String(`{"a":"` + strings.Repeat("x", size-25) + `"}`)
		return e
	}
	tests := []struct {
		name    string
		entries []types.PutEventsRequestEntry
		want    string
	}{
		{"10 entries", slices.Repeat([]types.PutEventsRequestEntry{entry}, 10), "<nil>"},
		{"11 entries", slices.Repeat([]types.PutEventsRequestEntry{entry}, 11), "ValidationException"},
		{"no entry", []types.PutEventsRequestEntry{}, "ValidationException"},
		{"1 MB", []types.PutEventsRequestEntry{sized(1 << 19), sized(1 << 19)}, "<nil>"},
		{"more than 1 MB", []types.PutEventsRequestEntry{sized(1 << 19), sized(1<<19 + 1)}, "ValidationException"},
		{"no entry is complete", []types.PutEventsRequestEntry{{Source: aws.String("s")}, {Detail: aws.String("{}")}}, "ValidationException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: test.entries})
			if got := code(err); got != test.want {
				t.Errorf("got %s, want %s: %v", got, test.want, err)
			}
		})
	}
}

// Each bus has rules of its own, and rules match by their patterns and state
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html).
func TestRulesThatMatch(t *testing.T) {
	f := newFixture(t)
	if err := f.CreateBus("other"); err != nil {
		t.Fatal(err)
	}
	target := []events.Target{{ID: "1", ARN: queue("q"), Input: `"x"`}, {ID: "2", ARN: queue("q"), Input: `"y"`}}
	f.create(t, events.Rule{Name: "big", Pattern: []byte(`{"detail": {"total": [{"numeric": [">", 100]}]}}`), Targets: target})
	f.create(t, events.Rule{Name: "small", Pattern: []byte(`{"detail": {"total": [{"numeric": ["<=", 100]}]}}`), Targets: target})
	f.create(t, events.Rule{Name: "disabled", State: "DISABLED", Pattern: everything, Targets: target})
	f.create(t, events.Rule{Name: "all", Bus: "other", Pattern: everything, Targets: target})
	f.put(t, `{"total": 200}`)
	var got []string
	for range 2 {
		delivery := f.next(t)
		got = append(got, delivery.Source+" "+string(delivery.Payload))
	}
	slices.Sort(got)
	want := []string{events.RuleARN("", "big") + ` "x"`, events.RuleARN("default", "big") + ` "y"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	f.nothing(t)
}

func TestCreateRuleRefuses(t *testing.T) {
	target := func(change func(*events.Target)) events.Rule {
		target := events.Target{ID: "1", ARN: queue("q")}
		change(&target)
		return events.Rule{Name: "r", Pattern: everything, Targets: []events.Target{target}}
	}
	transformer := func(template string, paths map[string]string) events.Rule {
		return target(func(t *events.Target) {
			t.InputTransformer = &events.InputTransformer{InputTemplate: template, InputPathsMap: paths}
		})
	}
	tests := []struct {
		name string
		rule events.Rule
		want string
	}{
		{"pattern", events.Rule{Name: "r", Pattern: []byte(`{"a": [{"regex": "x"}]}`)}, "rule r: InvalidEventPatternException: Event pattern is not valid. Reason: a: unrecognized match type"},
		{"neither pattern nor schedule", events.Rule{Name: "r"}, "Parameter(s) EventPattern or ScheduleExpression must be specified."},
		{"schedule", events.Rule{Name: "r", Schedule: "at(2026-01-01T00:00:00)"}, "Parameter ScheduleExpression is not valid: at(2026-01-01T00:00:00)"},
		{"schedule on another bus", events.Rule{Name: "r", Bus: "other", Schedule: "rate(1 day)"}, "ScheduleExpression is supported only on the default event bus."},
		{"bus", events.Rule{Name: "r", Bus: "none", Pattern: everything}, "Event bus none does not exist."},
		{"state", events.Rule{Name: "r", Pattern: everything, State: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}, "is not supported locally"},
		{"same name", events.Rule{Name: "taken", Pattern: everything}, "Rule taken already exists on EventBus default."},
		{"six targets", events.Rule{Name: "r", Pattern: everything, Targets: make([]events.Target, 6)}, "LimitExceededException"},
		{"two inputs", target(func(t *events.Target) { t.Input, t.InputPath = "{}", "$" }), "Only one of Input, InputPath, or InputTransformer must be provided for target 1."},
		{"input", target(func(t *events.Target) { t.Input = "hello" }), "JSON syntax error in input for target 1"},
		{"input path", target(func(t *events.Target) { t.InputPath = "$['a']" }), "Invalid InputPath for target 1"},
		{"FIFO dead-letter queue", target(func(t *events.Target) { t.DeadLetterARN = queue("dead.fifo") }), "must not be a FIFO queue"},
		{"template without quotes", transformer("hello", nil), "Invalid InputTemplate for target 1"},
		{"template with an unknown variable", transformer(`{"a": <b>}`, nil), "InputTemplate for target 1 contains invalid placeholder b."},
		{"reserved variable", transformer(`<AWS.x>`, map[string]string{"AWS.x": "$.a"}), "the name AWS.x is reserved"},
		{"path of a variable", transformer(`<x>`, map[string]string{"x": "$..a"}), "Invalid InputPathsMap for target 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.create(t, events.Rule{Name: "taken", Pattern: everything})
			err := f.CreateRule(test.rule)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
func TestInput(t *testing.T) {
	const detail = `{"instance-id": "i-0123456789", "state": "RUNNING", "n": 5, "on": true, "none": null, "list": ["a", "b"], "items": [{"id": 1}, {"id": 2}], "o": {"k": "v"}}`
	paths := map[string]string{
		"instance": "$.detail.instance-id", "state": "$.detail.state", "n": "$.detail.n", "on": "$.detail.on", "none": "$.detail.none",
		"list": "$.detail.list", "second": "$.detail.list[1]", "ids": "$.detail.items[*].id", "o": "$.detail.o", "missing": "$.detail.missing.x", "type": "$.detail-type",
	}
	template := func(text string) events.Target {
		return events.Target{InputTransformer: &events.InputTransformer{InputPathsMap: paths, InputTemplate: text}}
	}
	tests := []struct {
		name   string
		target events.Target
		want   string
	}{
		{"constant", events.Target{Input: `{"a": 1}`}, `{"a": 1}`},
		{"path", events.Target{InputPath: "$.detail.o"}, `{"k":"v"}`},
		{"path of a string", events.Target{InputPath: "$.detail-type"}, `"Order"`},
		{"simple string", template(`"instance <instance> is in <state>"`), `"instance i-0123456789 is in RUNNING"`},
		{"string with escaped quotes", template(`"instance \"<instance>\" is in <state>"`), `"instance \"i-0123456789\" is in RUNNING"`},
		{"simple JSON", template(`{"instance": <instance>, "n": <n>, "on": <on>, "none": <none>}`), `{"instance": "i-0123456789", "n": 5, "on": true, "none": null}`},
		{"JSON with strings and variables", template(`{"instance": "<instance>", "text": "<n> \"<state>\" <on>"}`), `{"instance": "i-0123456789", "text": "5 \"RUNNING\" true"}`},
		{"static information", template(`{"state": [9, <state>, true]}`), `{"state": [9, "RUNNING", true]}`},
		{"objects and arrays", template(`{"o": <o>, "list": <list>, "second": <second>, "ids": <ids>}`), `{"o": {"k":"v"}, "list": ["a","b"], "second": "b", "ids": [1,2]}`},
		{"objects and arrays in strings lose their quotes", template(`"<o> <list>"`), `"{k:v} [a,b]"`},
		{"paths that do not exist", template(`{"a": "x<missing>y", "b": <missing>}`), `{"a": "xy", "b": ""}`},
		{"rule", template(`{"arn": <aws.events.rule-arn>, "text": "<aws.events.rule-name> triggered"}`), `{"arn": "` + events.RuleARN("", "r") + `", "text": "r triggered"}`},
		{"ingestion time", template(`"<aws.events.event.ingestion-time>"`), `"2026-03-02T10:30:15Z"`},
		{"lines", template("\"one <n>\"\n\"two\""), "\"one 5\"\n\"two\""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			test.target.ID, test.target.ARN = "1", queue("q")
			f.create(t, events.Rule{Name: "r", Pattern: everything, Targets: []events.Target{test.target}})
			f.put(t, detail)
			if diff := cmp.Diff(test.want, string(f.next(t).Payload)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The whole event, and the event without its detail
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html#eb-transform-input-predefined).
func TestInputOfTheEvent(t *testing.T) {
	f := newFixture(t)
	f.create(t, events.Rule{Name: "r", Pattern: everything, Targets: []events.Target{
		{ID: "1", ARN: queue("q"), InputTransformer: &events.InputTransformer{InputTemplate: `[<aws.events.event>, <aws.events.event.json>]`}},
	}})
	id := f.put(t, `{"a": 1}`)
	head := `{"version":"0","id":"` + id + `","detail-type":"Order","source":"shop","account":"000000000000","time":"2026-03-02T10:30:15Z","region":"us-east-1","resources":["r1"]`
	want := `[` + head + `}, ` + head + `,"detail":{"a":1}}]`
	if diff := cmp.Diff(want, string(f.next(t).Payload)); diff != "" {
		t.Error(diff)
	}
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
func TestTestEventPattern(t *testing.T) {
	f := newFixture(t)
	const event = `{"id":"1","account":"2","source":"s","time":"2026-01-01T00:00:00Z","region":"r","resources":[],"detail-type":"t","detail":{"a":1}}`
	tests := []struct {
		name, pattern, event string
		want                 bool
		code                 string
	}{
		{"match", `{"detail": {"a": [1]}}`, event, true, "<nil>"},
		{"no match", `{"detail": {"a": [2]}}`, event, false, "<nil>"},
		{"invalid pattern", `{"detail": []}`, event, false, "InvalidEventPatternException"},
		{"incomplete event", `{"detail": {"a": [1]}}`, `{"id":"1"}`, false, "ValidationException"},
		{"no event", `{"detail": {"a": [1]}}`, `{`, false, "ValidationException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			output, err := f.client.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: &test.pattern, Event: &test.event})
			if got := code(err); got != test.code {
				t.Fatalf("got %s, want %s: %v", got, test.code, err)
			}
			if err == nil && output.Result != test.want {
				t.Errorf("got %t", output.Result)
			}
		})
	}
}

func TestDescriptions(t *testing.T) {
	f := newFixture(t)
	if err := f.CreateBus("shop"); err != nil {
		t.Fatal(err)
	}
	if err := f.CreateBus("shop"); code(err) != "ResourceAlreadyExistsException: Event bus shop already exists." {
		t.Error(err)
	}
	f.create(t, events.Rule{Name: "orders", Bus: "shop", Pattern: everything, Targets: []events.Target{{
		ID: "1", ARN: queue("q"), DeadLetterARN: queue("dead"), MaximumEventAge: time.Minute, MaximumRetryAttempts: new(0), MessageGroupID: "g",
		InputTransformer: &events.InputTransformer{InputTemplate: `"x"`}, Role: &api.Principal{ARN: "arn:role"},
	}, {ID: "2", ARN: queue("q"), InputPath: "$.detail"}}})
	f.create(t, events.Rule{Name: "daily", Schedule: "rate(1 day)"})
	ctx := t.Context()
	ignore := cmp.Options{cmpopts.IgnoreUnexported(types.EventBus{}, types.Rule{}, types.Target{}, types.DeadLetterConfig{}, types.RetryPolicy{}, types.SqsParameters{}, types.InputTransformer{})}

	buses, err := f.client.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{})
	if err != nil {
		t.Fatal(err)
	}
	want := []types.EventBus{
		{Name: aws.String("default"), Arn: aws.String("arn:aws:events:us-east-1:000000000000:event-bus/default"), CreationTime: &start},
		{Name: aws.String("shop"), Arn: aws.String("arn:aws:events:us-east-1:000000000000:event-bus/shop"), CreationTime: &start},
	}
	if diff := cmp.Diff(want, buses.EventBuses, ignore); diff != "" {
		t.Error(diff)
	}
	described, err := f.client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("shop")})
	if err != nil || *described.Arn != events.BusARN("shop") {
		t.Error(described, err)
	}
	rules, err := f.client.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: aws.String("shop"), NamePrefix: aws.String("ord")})
	if err != nil {
		t.Fatal(err)
	}
	wantRules := []types.Rule{{
		Name: aws.String("orders"), Arn: aws.String("arn:aws:events:us-east-1:000000000000:rule/shop/orders"), EventBusName: aws.String("shop"),
		EventPattern: aws.String(string(everything)), State: types.RuleStateEnabled,
	}}
	if diff := cmp.Diff(wantRules, rules.Rules, ignore); diff != "" {
		t.Error(diff)
	}
	targets, err := f.client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("orders"), EventBusName: aws.String("shop")})
	if err != nil {
		t.Fatal(err)
	}
	wantTargets := []types.Target{
		{
			Id: aws.String("1"), Arn: aws.String(queue("q")), DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String(queue("dead"))}, RoleArn: aws.String("arn:role"),
			RetryPolicy:   &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(60), MaximumRetryAttempts: aws.Int32(0)},
			SqsParameters: &types.SqsParameters{MessageGroupId: aws.String("g")}, InputTransformer: &types.InputTransformer{InputTemplate: aws.String(`"x"`)},
		},
		{Id: aws.String("2"), Arn: aws.String(queue("q")), InputPath: aws.String("$.detail")},
	}
	if diff := cmp.Diff(wantTargets, targets.Targets, ignore); diff != "" {
		t.Error(diff)
	}
	if _, err := f.client.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String("daily")}); err != nil {
		t.Fatal(err)
	}
	daily, err := f.client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("daily")})
	if err != nil || daily.State != types.RuleStateDisabled || *daily.ScheduleExpression != "rate(1 day)" {
		t.Error(daily, err)
	}
	for _, name := range []string{"none", "orders"} { // orders is on the other bus
		if _, err := f.client.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: &name}); code(err) != "ResourceNotFoundException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.client.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: aws.String("none")}); code(err) != "ResourceNotFoundException" {
		t.Error(err)
	}
}

// What is not supported is refused by name.
func TestRefuses(t *testing.T) {
	f := newFixture(t)
	_, err := f.client.ListRules(t.Context(), &eventbridge.ListRulesInput{Limit: aws.Int32(1)})
	if err == nil || !strings.Contains(err.Error(), `parameter "Limit" is not supported locally`) {
		t.Error(err)
	}
	_, err = f.client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String("{}")})
	if err == nil || !strings.Contains(err.Error(), `operation "PutRule" is not supported locally`) {
		t.Error(err)
	}
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
func TestPermissions(t *testing.T) {
	const rule = "arn:aws:events:us-east-1:000000000000:rule/"
	tests := []struct {
		name string
		call func(ctx context.Context, c *eventbridge.Client) error
		want string
	}{
		{"DescribeEventBus", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{})
			return err
		}, "events:DescribeEventBus arn:aws:events:us-east-1:000000000000:event-bus/default"},
		{"DescribeRule", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r"), EventBusName: aws.String(events.BusARN("b"))})
			return err
		}, "events:DescribeRule " + rule + "b/r"},
		{"DisableRule", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String("r")})
			return err
		}, "events:DisableRule " + rule + "r"},
		{"EnableRule", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: aws.String("r")})
			return err
		}, "events:EnableRule " + rule + "r"},
		{"ListEventBuses", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{})
			return err
		}, "events:ListEventBuses *"},
		{"ListRules", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.ListRules(ctx, &eventbridge.ListRulesInput{})
			return err
		}, "events:ListRules *"},
		{"ListTargetsByRule", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
			return err
		}, "events:ListTargetsByRule " + rule + "r"},
		{"PutEvents", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
				{Source: aws.String("s"), DetailType: aws.String("t"), Detail: aws.String("{}"), EventBusName: aws.String("b")},
			}})
			return err
		}, "events:PutEvents arn:aws:events:us-east-1:000000000000:event-bus/b events:detail-type=[t] events:source=[s]"},
		{"TestEventPattern", func(ctx context.Context, c *eventbridge.Client) error {
			_, err := c.TestEventPattern(ctx, &eventbridge.TestEventPatternInput{Event: aws.String("{}"), EventPattern: aws.String("{}")})
			return err
		}, "events:TestEventPattern *"},
	}
	var names []string
	for _, test := range tests {
		names = append(names, test.name)
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			var asked []string
			f.principal = &api.Principal{Allow: func(action, resource string, keys api.Keys) error {
				asked = append(asked, action+" "+resource)
				for _, key := range []string{"events:detail-type", "events:source"} {
					if values, ok := keys[key]; ok {
						asked[len(asked)-1] += fmt.Sprintf(" %s=%v", key, values)
					}
				}
				return &api.Error{Code: "AccessDeniedException", Message: "no"}
			}}
			if got := code(test.call(t.Context(), f.client)); got != "AccessDeniedException" {
				t.Errorf("got %s", got)
			}
			if diff := cmp.Diff([]string{test.want}, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
	if diff := cmp.Diff(newFixture(t).Operations().Names(), names); diff != "" {
		t.Error(diff)
	}
}

func decodeInto(t *testing.T, data []byte, value any) {
	t.Helper()
	if err := json.Unmarshal(data, value); err != nil {
		t.Fatal(err)
	}
}
