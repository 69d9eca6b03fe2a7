package test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/noidle/noidle/local"
)

// perSecond is how often work is done in a second, sixteen at a time.
func perSecond(b *testing.B, n int, work func(i int) error) float64 {
	b.Helper()
	begin := time.Now()
	atOnce(n, func(i int) {
		if err := work(i); err != nil {
			b.Error(err)
		}
	})
	return float64(n) / time.Since(begin).Seconds()
}

// loopback is how many requests a second an HTTP server that does nothing
// answers here: what no service on this machine can exceed.
func loopback(b *testing.B) float64 {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	return perSecond(b, 20_000, func(int) error {
		response, err := client.Post(server.URL, "application/json", strings.NewReader("{}"))
		if err != nil {
			return err
		}
		return response.Body.Close()
	})
}

// BenchmarkStart measures from the assembly to ready, beside the start of one
// function that does nothing.
func BenchmarkStart(b *testing.B) {
	app := referenceApp(b)
	start := median(b, func() {
		c, err := local.Start(app.dir, local.Options{})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	})
	nothing, _ := measureNothing(b)
	report(b, map[string]float64{"start-ms": start.Seconds() * 1000, "start-x-nothing": start.Seconds() / nothing.Seconds()})
}

// BenchmarkInvoke measures invocations through Lambda's API, cold and warm, of the
// function that reads an order, beside requests to a server that does nothing.
func BenchmarkInvoke(b *testing.B) {
	var s *shop
	event := []byte(`{"version":"2.0","routeKey":"GET /orders/{orderId}","pathParameters":{"orderId":"syuav7cmf5fogcv5jffdzwqrtq"}}`)
	// invoke returns how long one invocation takes a client.
	var client *lambda.Client
	functions := referenceApp(b).template.ofType("AWS::Lambda::Function")
	read := "NoidleOrders-" + functions[slices.IndexFunc(functions, func(id string) bool { return strings.HasPrefix(id, "OrdersRead") })]
	invoke := func() time.Duration {
		begin := time.Now()
		if _, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: &read, Payload: event}); err != nil {
			b.Fatal(err)
		}
		return time.Since(begin)
	}
	var cold []time.Duration
	for range 5 {
		s = openShop(b, local.Options{})
		client = lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(s.URL()), Credentials: anybody})
		cold = append(cold, invoke())
	}
	slices.Sort(cold)
	var warm time.Duration
	const n = 2000
	for range n {
		warm += invoke() / n
	}
	nothing, warmNothing := measureNothing(b)
	report(b, map[string]float64{
		"cold-ms":        cold[len(cold)/2].Seconds() * 1000,
		"cold-x-nothing": cold[len(cold)/2].Seconds() / nothing.Seconds(),
		"warm-ms":        warm.Seconds() * 1000,
		"warm-x-nothing": warm.Seconds() * warmNothing,
	})
}

// BenchmarkOrders measures orders a second through the whole pipeline, from the
// first request to the last completed order, and what memory the local cloud
// takes after 10,000 orders, without its functions.
func BenchmarkOrders(b *testing.B) {
	p := startCommand(b)
	s := &shop{&stack{outputs: p.outputs[ordersStack]}}
	s.tables = dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: new(p.endpoint()), Credentials: anybody})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	run := func(from, n int) float64 {
		begin := time.Now()
		perSecond(b, n, func(i int) error {
			_, err := s.post(context.Background(), client, newDraft(from+i, "tok_ok", map[string]int{fmt.Sprintf("book-%d", 1+i%12): 1}))
			return err
		})
		for s.completed(b) < from+n {
			time.Sleep(200 * time.Millisecond)
		}
		return float64(n) / time.Since(begin).Seconds()
	}
	run(0, 200) // warm up
	rate := run(200, 3000)
	run(3200, 6800)
	memory := residentMB(b, p.Process.Pid)
	raw := loopback(b)
	report(b, map[string]float64{"orders/s": rate, "loopback-requests-per-order": raw / rate, "MB-after-10000": memory})
}

// BenchmarkThumbnails measures the function that resizes, of which the others say
// nothing: its binary for Lambda, its cold start in the local cloud beside that of
// a function that does nothing, photos of a phone a second through the whole
// pipeline, and the most memory that one of its processes took.
func BenchmarkThumbnails(b *testing.B) {
	app := referenceApp(b).stack(b, thumbnailsStack)
	deployed := synthesizeApp(b, "..", b.TempDir(), thumbnailsStack, "arm64")
	binary, err := os.Stat(filepath.Join(deployed.asset(b, "ThumbnailsResize"), "bootstrap"))
	if err != nil {
		b.Fatal(err)
	}
	function := thumbnailsStack + "-" + app.template.ofType("AWS::Lambda::Function")[0]
	var a *album
	var cold []time.Duration
	for range 5 {
		a = openAlbum(b, local.Options{})
		client := lambda.New(lambda.Options{Region: "us-east-1", BaseEndpoint: new(a.URL()), Credentials: anybody})
		gone := fmt.Sprintf(`{"Records":[{"messageId":"1","body":"{\"detail\":{\"bucket\":{\"name\":\"%s\"},\"object\":{\"key\":\"gone.jpg\"}}}"}]}`, a.outputs["UploadsBucket"])
		begin := time.Now()
		if _, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: &function, Payload: []byte(gone)}); err != nil {
			b.Fatal(err)
		}
		cold = append(cold, time.Since(begin))
	}
	slices.Sort(cold)
	nothing, _ := measureNothing(b)

	const photos = 200
	photo := readFile(b, "../docs/photo.jpg")
	begin := time.Now()
	for i := range photos {
		if err := a.put(context.Background(), fmt.Sprintf("%d.jpg", i), photo); err != nil {
			b.Fatal(err)
		}
	}
	for len(a.list(b, "ThumbnailsBucket")) < 3*photos {
		time.Sleep(50 * time.Millisecond)
	}
	rate := photos / time.Since(begin).Seconds()
	peak := 0.0
	for _, process := range a.Processes() {
		peak = max(peak, peakMB(b, process))
	}
	report(b, map[string]float64{
		"arm64-MB":       float64(binary.Size()) / 1e6,
		"cold-ms":        cold[len(cold)/2].Seconds() * 1000,
		"cold-x-nothing": cold[len(cold)/2].Seconds() / nothing.Seconds(),
		"photos/s":       rate,
		"function-MB":    peak,
	})
}

// endpoint is the printed address of the AWS endpoint.
func (p *process) endpoint() string {
	for line := range p.printed {
		if url, ok := strings.CutPrefix(line, "AWS_ENDPOINT_URL="); ok {
			return url
		}
	}
	return ""
}

// completed counts the orders that are completed.
func (s *shop) completed(b *testing.B) int {
	b.Helper()
	total := 0
	pages := dynamodb.NewScanPaginator(s.tables, &dynamodb.ScanInput{
		TableName:                 new(s.outputs["OrdersTable"]),
		Select:                    types.SelectCount,
		FilterExpression:          new("#s = :completed"),
		ExpressionAttributeNames:  map[string]string{"#s": "status"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":completed": &types.AttributeValueMemberS{Value: "COMPLETED"}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		total += int(page.Count)
	}
	return total
}

func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	var kilobytes float64
	if _, err := fmt.Sscan(after, &kilobytes); err != nil {
		b.Fatal(err)
	}
	return kilobytes / 1024
}

// BenchmarkServices measures operations of each service a second, by sixteen
// real SDK clients, beside requests to a server that does nothing.
func BenchmarkServices(b *testing.B) {
	s := openShop(b, local.Options{})
	endpoint, ctx := new(s.URL()), context.Background()
	table := s.table(b, "Stock")
	item := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "x"}, "text": &types.AttributeValueMemberS{Value: strings.Repeat("x", 200)}}
	key := map[string]types.AttributeValue{"id": item["id"]}
	topics := sns.New(sns.Options{Region: "us-east-1", BaseEndpoint: endpoint, Credentials: anybody})
	buses := eventbridge.New(eventbridge.Options{Region: "us-east-1", BaseEndpoint: endpoint, Credentials: anybody})
	machines := sfn.New(sfn.Options{Region: "us-east-1", BaseEndpoint: endpoint, Credentials: anybody})
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	list, err := topics.ListTopics(ctx, &sns.ListTopicsInput{})
	if err != nil {
		b.Fatal(err)
	}
	operations := []struct {
		name string
		do   func(i int) error
	}{
		{"dynamodb-PutItem", func(i int) error {
			put := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: fmt.Sprintf("bench-%d", i)}, "text": item["text"]}
			_, err := s.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: put})
			return err
		}},
		{"dynamodb-GetItem", func(int) error {
			_, err := s.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key})
			return err
		}},
		{"sqs-SendMessage", func(int) error {
			_, err := s.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: new(s.outputs["OrderDeadLetterQueue"]), MessageBody: new("x")})
			return err
		}},
		{"sqs-ReceiveMessage", func(int) error {
			_, err := s.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: new(s.outputs["OrderDeadLetterQueue"])})
			return err
		}},
		{"sns-Publish", func(int) error {
			_, err := topics.Publish(ctx, &sns.PublishInput{TopicArn: list.Topics[0].TopicArn, Message: new("x")})
			return err
		}},
		{"events-PutEvents", func(int) error {
			_, err := buses.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{Source: new("bench"), DetailType: new("x"), Detail: new("{}")}}})
			return err
		}},
		{"apigateway-GET-through-a-function", func(int) error {
			response, err := web.Get(s.outputs["OrdersUrl"] + "/syuav7cmf5fogcv5jffdzwqrtq")
			if err != nil {
				return err
			}
			return response.Body.Close()
		}},
		{"states-DescribeStateMachine", func(int) error {
			_, err := machines.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: new(s.outputs["OrderSaga"])})
			return err
		}},
	}
	raw := loopback(b)
	for _, operation := range operations {
		b.Run(operation.name, func(b *testing.B) {
			rate := perSecond(b, 10_000, operation.do)
			report(b, map[string]float64{"ops/s": rate, "loopback-requests-per-op": raw / rate})
		})
	}
}
