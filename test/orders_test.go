package test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/orders"
	"github.com/noidle/noidle/stacks"
)

func TestOrderQueueAPI(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultOrderQueue(s, "Orders") })
	var routes []string
	for _, id := range got.ofType("AWS::ApiGatewayV2::Route") {
		routes = append(routes, got.Resources[id].Properties["RouteKey"].(string))
	}
	slices.Sort(routes)
	if diff := cmp.Diff([]string{"GET /orders/{orderId}", "POST /orders"}, routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}

	id := got.ofType("AWS::ApiGatewayV2::Stage")[0]
	stage := got.Resources[id]
	limits := func(rate, burst float64) map[string]any {
		return map[string]any{"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst, "DetailedMetricsEnabled": true}
	}
	if diff := cmp.Diff(map[string]any{
		"POST /orders":          limits(500, 1000),
		"GET /orders/{orderId}": limits(1000, 2000),
	}, stage.Properties["RouteSettings"]); diff != "" {
		t.Errorf("throttling of the routes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(limits(1000, 2000), stage.Properties["DefaultRouteSettings"]); diff != "" {
		t.Errorf("throttling of other routes (-want +got):\n%s", diff)
	}
	for _, route := range got.ofType("AWS::ApiGatewayV2::Route") {
		if !slices.Contains(list(stage.DependsOn), any(route)) {
			t.Errorf("the stage with settings of route %s does not wait for it", route)
		}
	}

	format := stage.Properties["AccessLogSettings"].(map[string]any)["Format"].(string)
	var fields map[string]string
	if err := json.Unmarshal([]byte(format), &fields); err != nil || fields["requestId"] != "$context.requestId" {
		t.Errorf("the access log's format is %s (%v), want JSON with the request's ID", format, err)
	}
}

// TestOrderQueueFunctions: what each function may do, beside writing its logs
// and traces.
func TestOrderQueueFunctions(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultOrderQueue(s, "Orders") })
	tests := []struct {
		function string
		want     []string
	}{
		{"Accept", []string{
			"dynamodb:DeleteItem OrdersIdempotency", "dynamodb:PutItem OrdersIdempotency", "dynamodb:PutItem OrdersTable",
			"dynamodb:UpdateItem OrdersIdempotency", "sqs:SendMessage OrdersWorkerQueue",
		}},
		{"Read", []string{"dynamodb:GetItem OrdersTable"}},
		{"Start", []string{
			"dynamodb:PutItem OrdersTable", "sqs:DeleteMessage OrdersWorkerQueue", "sqs:GetQueueAttributes OrdersWorkerQueue",
			"sqs:ReceiveMessage OrdersWorkerQueue", "states:StartExecution OrdersSagaStateMachine",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.function, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rights(got, "Orders"+tt.function+"Role")); diff != "" {
				t.Errorf("what it may do (-want +got):\n%s", diff)
			}
		})
	}
}

// rights returns what a role may do beside writing logs and traces.
func rights(got template, role string) []string {
	var may []string
	for _, s := range got.statements(role) {
		if !strings.HasPrefix(s, "logs:") && !strings.HasPrefix(s, "xray:") {
			may = append(may, s)
		}
	}
	return may
}

func TestOrderQueueTables(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultOrderQueue(s, "Orders") })
	tests := []struct {
		id, key, policy string
		expires         bool
	}{
		{"OrdersTable", "orderId", "Retain", false},
		{"OrdersIdempotency", "id", "Delete", true},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			table := got.find(t, "AWS::DynamoDB::GlobalTable", tt.id)
			p := table.Properties
			if diff := cmp.Diff([]any{map[string]any{"AttributeName": tt.key, "KeyType": "HASH"}}, p["KeySchema"]); diff != "" {
				t.Errorf("key (-want +got):\n%s", diff)
			}
			recovery := p["Replicas"].([]any)[0].(map[string]any)["PointInTimeRecoverySpecification"].(map[string]any)
			encryption := p["SSESpecification"].(map[string]any)
			if p["BillingMode"] != "PAY_PER_REQUEST" || recovery["PointInTimeRecoveryEnabled"] != true || encryption["SSEEnabled"] != true {
				t.Errorf("billing %v, recovery %v, encryption %v; want paid by request, recoverable, encrypted", p["BillingMode"], recovery, encryption)
			}
			if (p["TimeToLiveSpecification"] != nil) != tt.expires {
				t.Errorf("items expire: %v, want %t", p["TimeToLiveSpecification"], tt.expires)
			}
			if table.DeletionPolicy != tt.policy {
				t.Errorf("the deletion policy is %s, want %s", table.DeletionPolicy, tt.policy)
			}
		})
	}
}

// TestOrderQueueRecordsAndReports: what the state machine writes and tells at
// each point of an order's life.
func TestOrderQueueRecordsAndReports(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultOrderQueue(s, "Orders") })
	states := definition(t, got.only(t, "AWS::StepFunctions::StateMachine"))
	chains := map[string]struct {
		from   string
		states []string
		status string
	}{
		"a step is done":        {"Charge", []string{"RecordCharge"}, "PAID"},
		"all steps are done":    {"RecordCharge", []string{"RecordCompleted", "PutCompleted", "PublishCompleted", "Succeeded"}, "COMPLETED"},
		"all is undone":         {"WasEverythingCompensated", []string{"RecordFailed", "PutFailed", "PublishFailed", "Compensated"}, "FAILED"},
		"something is not done": {"", []string{"RecordNotCompensated", "PutNotCompensated", "PublishNotCompensated", "FailedToCompensate"}, "FAILED"},
	}
	for name, tt := range chains {
		t.Run(name, func(t *testing.T) {
			if tt.from == "" {
				choice := states["WasEverythingCompensated"]["Choices"].([]any)[0].(map[string]any)
				if choice["Next"] != tt.states[0] {
					t.Errorf("it leads to %v, want %s", choice["Next"], tt.states[0])
				}
			} else if next := either(states[tt.from]["Next"], states[tt.from]["Default"]); next != tt.states[0] {
				t.Errorf("%s leads to %v, want %s", tt.from, next, tt.states[0])
			}
			for i, state := range tt.states[:len(tt.states)-1] {
				if states[state]["Next"] != tt.states[i+1] {
					t.Errorf("%s leads to %v, want %s", state, states[state]["Next"], tt.states[i+1])
				}
			}
			values := states[tt.states[0]]["Parameters"].(map[string]any)["ExpressionAttributeValues"].(map[string]any)
			if diff := cmp.Diff(map[string]any{"S": tt.status}, values[":status"]); diff != "" {
				t.Errorf("the status written (-want +got):\n%s", diff)
			}
		})
	}
	for name, next := range map[string]any{
		"put":     states["PutCompleted"]["Resource"],
		"publish": states["PublishCompleted"]["Resource"],
	} {
		if !strings.HasSuffix(next.(string), map[string]string{"put": ":states:::events:putEvents", "publish": ":states:::sns:publish"}[name]) {
			t.Errorf("%s calls %v", name, next)
		}
	}
}

func either(a, b any) any {
	if a != nil {
		return a
	}
	return b
}

func TestOrderQueueTopic(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { defaultOrderQueue(s, "Orders") })
	if key, _ := json.Marshal(got.only(t, "AWS::SNS::Topic").Properties["KmsMasterKeyId"]); !strings.Contains(string(key), "alias/aws/sns") {
		t.Errorf("the topic is encrypted with %s, want the key of SNS", key)
	}
	policy, _ := json.Marshal(got.only(t, "AWS::SNS::TopicPolicy").Properties)
	if !strings.Contains(string(policy), `"aws:SecureTransport":"false"`) {
		t.Errorf("the topic takes messages without TLS: %s", policy)
	}
}

func TestOrderQueuePassesSettingsOn(t *testing.T) {
	got := render(t, func(s awscdk.Stack) { fullOrderQueue(s, "Orders") })
	mapping := got.only(t, "AWS::Lambda::EventSourceMapping").Properties
	if diff := cmp.Diff(map[string]any{"MaximumConcurrency": 5.0}, mapping["ScalingConfig"]); diff != "" {
		t.Errorf("concurrency (-want +got):\n%s", diff)
	}
	if p := got.find(t, "AWS::DynamoDB::GlobalTable", "OrdersTable").DeletionPolicy; p != "Delete" {
		t.Errorf("the orders' deletion policy is %s, want Delete", p)
	}
	if days := got.find(t, "AWS::SQS::Queue", "OrdersWorkerQueue").Properties["MessageRetentionPeriod"]; days != 7*24*3600.0 {
		t.Errorf("the queue keeps messages %v s, want 7 days", days)
	}
}

func TestOrderQueuePanics(t *testing.T) {
	message := panics(func() { orders.NewOrderQueue(newStack(t), "Orders", nil) })
	if want := `orders: OrderQueue "Orders": no Steps: set at least one step to carry out for each order`; message != want {
		t.Errorf("it panics with %q, want %q", message, want)
	}
}

func TestOrderStack(t *testing.T) {
	stack := stacks.NewOrderStack(newApp(t), "Orders", nil)
	_, got := synthesize(t, stack.Stack)

	var outputs []string
	for name := range got.Outputs {
		outputs = append(outputs, name)
	}
	slices.Sort(outputs)
	if diff := cmp.Diff([]string{"OrderDeadLetterQueue", "OrderQueue", "OrderSaga", "OrdersTable", "OrdersUrl"}, outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	url, _ := json.Marshal(got.Outputs["OrdersUrl"]["Value"])
	if !strings.Contains(string(url), `"ApiEndpoint"`) {
		t.Errorf("OrdersUrl is %s, want it from the API's own endpoint", url)
	}

	tests := []struct {
		role string
		want []string
	}{
		{"ReserveRole", []string{"dynamodb:UpdateItem Stock"}},
		{"ReleaseRole", []string{"dynamodb:UpdateItem Stock"}},
		{"ChargeRole", []string{"dynamodb:PutItem Ledger"}},
		{"RefundRole", []string{"dynamodb:UpdateItem Ledger"}},
		{"ConfirmRole", []string{"dynamodb:UpdateItem Stock"}},
	}
	for _, tt := range tests {
		t.Run(tt.role, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rights(got, tt.role)); diff != "" {
				t.Errorf("what it may do (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOrderStackIsAScope: a stack of ours is used as any stack.
func TestOrderStackIsAScope(t *testing.T) {
	app := newApp(t)
	stack := stacks.NewOrderStack(app, "Orders", &stacks.OrderStackProps{StackProps: awscdk.StackProps{Description: new("orders")}})
	other := awscdk.NewStack(app, new("Other"), nil)

	awssqs.NewQueue(stack, new("Child"), nil)
	awscdk.Tags_Of(stack).Add(new("team"), new("checkout"), nil)
	awssqs.NewQueue(other, new("Queue"), nil)
	other.AddStackDependency(stack, nil)

	text, got := synthesize(t, stack)
	got.find(t, "AWS::SQS::Queue", "Child")
	if !strings.Contains(string(text), `"Description": "orders"`) {
		t.Error("the stack's own settings are lost")
	}
}

// TestOrderQueueWithKMS: who uses a table with a key of one's own needs the key.
func TestOrderQueueWithKMS(t *testing.T) {
	// The CDK wants to know the region of a table with such a key.
	stack := awscdk.NewStack(newApp(t), new("Stack"), &awscdk.StackProps{Env: &awscdk.Environment{Region: new("eu-west-1")}})
	orders.NewOrderQueue(stack, "Orders", &orders.OrderQueueProps{
		Steps: orderSteps(stack, "Orders"),
		Table: &awsdynamodb.TablePropsV2{
			Encryption: awsdynamodb.TableEncryptionV2_CustomerManagedKey(awskms.NewKey(stack, new("Key"), nil), nil),
		},
	})
	_, got := synthesize(t, stack)
	for _, role := range []string{"OrdersAcceptRole", "OrdersReadRole", "OrdersStartRole", "OrdersSagaStateMachineRole"} {
		if may := got.statements(role); !slices.Contains(may, "kms:Decrypt Key") {
			t.Errorf("%s cannot use the key of the table: it may %v", role, may)
		}
	}
}
