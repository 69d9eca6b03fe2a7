package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
	"github.com/noidle/noidle/functions/kit/idempotency"
	"github.com/noidle/noidle/functions/orders/internal/handlertest"
)

// keys is a table of idempotency keys in memory. It needs no conditions: the tests
// come one request after the other.
type keys struct {
	items map[string]map[string]types.AttributeValue
	down  error
}

func key(m map[string]types.AttributeValue) string {
	return m["id"].(*types.AttributeValueMemberS).Value
}

func (k *keys) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if k.down != nil {
		return nil, k.down
	}
	if old, ok := k.items[key(in.Item)]; ok {
		return nil, &types.ConditionalCheckFailedException{Item: maps.Clone(old)}
	}
	k.items[key(in.Item)] = in.Item
	return &dynamodb.PutItemOutput{}, nil
}

func (k *keys) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	record := k.items[key(in.Key)]
	record["status"] = in.ExpressionAttributeValues[":completed"]
	record["result"] = in.ExpressionAttributeValues[":result"]
	return &dynamodb.UpdateItemOutput{}, k.down
}

func (k *keys) DeleteItem(_ context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	delete(k.items, key(in.Key))
	return &dynamodb.DeleteItemOutput{}, k.down
}

// backend is the store and the queue. It notes the orders that it gets.
type backend struct {
	created, sent []order.Order
	send          func() error // what Send does first, if set
}

func (b *backend) Create(_ context.Context, o order.Order) error {
	b.created = append(b.created, o)
	return nil
}

func (b *backend) Get(context.Context, string) (order.Record, error) {
	return order.Record{}, errors.New("not to be called")
}

func (b *backend) Send(_ context.Context, o order.Order) error {
	if b.send != nil {
		if err := b.send(); err != nil {
			return err
		}
	}
	b.sent = append(b.sent, o)
	return nil
}

func fixture() (handler, *backend, *keys) {
	b, k := &backend{}, &keys{items: map[string]map[string]types.AttributeValue{}}
	now := time.Date(2026, 3, 1, 12, 0, 0, 120e6, time.UTC)
	return handler{orders: b, queue: b, keys: idempotency.New(k, "keys", nil), now: func() time.Time { return now }}, b, k
}

const orderID = "3ffyuoh6emqa7u7xaesdr3cp3g" // of the fixture's key and order

var wantAccepted = events.APIGatewayV2HTTPResponse{
	StatusCode: 202,
	Headers:    map[string]string{"content-type": "application/json", "location": "orders/" + orderID},
	Body:       `{"orderId":"` + orderID + `","status":"ACCEPTED"}`,
}

func TestAccept(t *testing.T) {
	handlertest.Log(t)
	h, b, _ := fixture()
	got := handle(t, h, post(t))
	if diff := cmp.Diff(wantAccepted, got); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	want := []order.Order{{
		OrderID: orderID, CustomerID: "c-1", Currency: "KRW", PaymentToken: "tok_ok",
		Items: []order.Item{{SKU: "book-1", Quantity: 2, UnitPrice: 15000}}, Amount: 30000, AcceptedAt: order.At(h.now()),
	}}
	if diff := cmp.Diff(want, b.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, b.created); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
}

// TestAcceptedForms: what means the same request gets the same answer.
func TestAcceptedForms(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*events.APIGatewayV2HTTPRequest)
	}{
		{"base64", func(r *events.APIGatewayV2HTTPRequest) {
			r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(r.Body)), true
		}},
		{"charset", func(r *events.APIGatewayV2HTTPRequest) { r.Headers["content-type"] = "Application/JSON; charset=utf-8" }},
		{"headers in another case", func(r *events.APIGatewayV2HTTPRequest) {
			for _, name := range []string{"content-type", "idempotency-key"} {
				r.Headers[strings.ToUpper(name)] = r.Headers[name]
				delete(r.Headers, name)
			}
		}},
		{"white space", func(r *events.APIGatewayV2HTTPRequest) { r.Body = strings.ReplaceAll(r.Body, ":", " :\n ") }},
		{"another order of the fields", func(r *events.APIGatewayV2HTTPRequest) {
			r.Body = `{"items":[{"unitPrice":15000,"quantity":2,"sku":"book-1"}],"paymentToken":"tok_ok","currency":"KRW","customerId":"c-1"}`
		}},
		{"64 KiB", func(r *events.APIGatewayV2HTTPRequest) { r.Body += strings.Repeat(" ", 65536-len(r.Body)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			handlertest.Log(t)
			h, b, _ := fixture()
			handle(t, h, post(t))
			again := post(t)
			test.change(&again)
			if diff := cmp.Diff(wantAccepted, handle(t, h, again)); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
			if len(b.sent) != 1 {
				t.Errorf("sent %d times, want once", len(b.sent))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	header := func(name, value string) func(*events.APIGatewayV2HTTPRequest) {
		return func(r *events.APIGatewayV2HTTPRequest) { r.Headers[name] = value }
	}
	without := func(name string) func(*events.APIGatewayV2HTTPRequest) {
		return func(r *events.APIGatewayV2HTTPRequest) { delete(r.Headers, name) }
	}
	body := func(old, new string) func(*events.APIGatewayV2HTTPRequest) {
		return func(r *events.APIGatewayV2HTTPRequest) { r.Body = strings.Replace(r.Body, old, new, 1) }
	}
	const (
		noKey = `{"type":"about:blank","title":"Bad Request","status":400,"detail":"the request needs an idempotency key",` +
			`"errors":[{"header":"idempotency-key","detail":`
		noJSON = `{"type":"about:blank","title":"Unsupported Media Type","status":415,"detail":"the order has to be sent as application/json",` +
			`"errors":[{"header":"content-type","detail":"want application/json, got `
		invalid = `{"type":"about:blank","title":"Bad Request","status":400,"detail":"the order is not valid","errors":[`
	)
	for _, test := range []struct {
		name    string
		change  func(*events.APIGatewayV2HTTPRequest)
		status  int
		headers map[string]string // besides content-type
		body    string
	}{
		{
			name: "no content type", change: without("content-type"), status: 415, headers: map[string]string{"accept": "application/json"},
			body: noJSON + `\"\""}]}`,
		},
		{
			name: "a form", change: header("content-type", "application/x-www-form-urlencoded"), status: 415, headers: map[string]string{"accept": "application/json"},
			body: noJSON + `\"application/x-www-form-urlencoded\""}]}`,
		},
		{
			name: "a content type that is none", change: header("content-type", "application/json;;"+strings.Repeat("x", 99)), status: 415,
			headers: map[string]string{"accept": "application/json"}, body: noJSON + `\"application/json;;xxxxxxxxxxxxxxxxxxxxxx\""}]}`,
		},
		{name: "no key", change: without("idempotency-key"), status: 400, body: noKey + `"missing"}]}`},
		{name: "empty key", change: header("idempotency-key", ""), status: 400, body: noKey + `"missing"}]}`},
		{
			name: "long key", change: header("idempotency-key", strings.Repeat("k", 256)), status: 400,
			body: noKey + `"want 1 to 255 printable ASCII characters, got \"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\""}]}`,
		},
		{
			name: "foreign key", change: header("idempotency-key", "clé\t"), status: 400,
			body: noKey + `"want 1 to 255 printable ASCII characters, got \"clé\\t\""}]}`,
		},
		{
			name: "not base64", change: func(r *events.APIGatewayV2HTTPRequest) { r.IsBase64Encoded = true }, status: 400,
			body: `{"type":"about:blank","title":"Bad Request","status":400,"detail":"the body is not valid base64"}`,
		},
		{
			name: "too large", change: func(r *events.APIGatewayV2HTTPRequest) { r.Body = strings.Repeat(" ", 65537) }, status: 413,
			body: `{"type":"about:blank","title":"Request Entity Too Large","status":413,"detail":"the body has 65537 bytes, at most 65536 are taken"}`,
		},
		{
			name: "too large, in base64", status: 413, change: func(r *events.APIGatewayV2HTTPRequest) {
				r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString(make([]byte, 70000)), true
			},
			body: `{"type":"about:blank","title":"Request Entity Too Large","status":413,"detail":"the body has 70000 bytes, at most 65536 are taken"}`,
		},
		{
			name: "no body", change: func(r *events.APIGatewayV2HTTPRequest) { r.Body = "" }, status: 400,
			body: invalid + `{"pointer":"","detail":"not JSON at byte 0: unexpected end of JSON input"}]}`,
		},
		{
			name: "two fields", change: body(`"KRW","paymentToken":"tok_ok"`, `"krw","paymentToken":7`), status: 400,
			body: invalid + `{"pointer":"/currency","detail":"want three capital letters, got \"krw\""},` +
				`{"pointer":"/paymentToken","detail":"want a string, got a number"}]}`,
		},
		{
			name: "a field of an item", change: body(`:2,`, `:0,`), status: 400,
			body: invalid + `{"pointer":"/items/0/quantity","detail":"want an integer from 1 to 1000, got 0"}]}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, b, k := fixture()
			r := post(t)
			test.change(&r)
			want := events.APIGatewayV2HTTPResponse{
				StatusCode: test.status,
				Headers:    map[string]string{"content-type": "application/problem+json"},
				Body:       test.body,
			}
			maps.Copy(want.Headers, test.headers)
			if diff := cmp.Diff(want, handle(t, h, r)); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
			if len(b.sent)+len(b.created)+len(k.items) != 0 {
				t.Error("a request that was refused left traces")
			}
		})
	}
}

func TestAnotherOrderUnderTheKey(t *testing.T) {
	handlertest.Log(t)
	h, b, _ := fixture()
	handle(t, h, post(t))
	other := post(t)
	other.Body = strings.Replace(other.Body, "book-1", "book-2", 1)
	want := events.APIGatewayV2HTTPResponse{
		StatusCode: 422,
		Headers:    map[string]string{"content-type": "application/problem+json"},
		Body: `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"the idempotency key was used for another order",` +
			`"errors":[{"header":"idempotency-key","detail":"used for another order"}]}`,
	}
	if diff := cmp.Diff(want, handle(t, h, other)); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	if len(b.sent) != 1 {
		t.Errorf("sent %d orders, want one", len(b.sent))
	}
}

// TestInProgress sends the request a second time while the first is worked on.
func TestInProgress(t *testing.T) {
	handlertest.Log(t)
	h, b, _ := fixture()
	var second events.APIGatewayV2HTTPResponse
	b.send = func() error {
		second = handle(t, h, post(t))
		return nil
	}
	if diff := cmp.Diff(wantAccepted, handle(t, h, post(t))); diff != "" {
		t.Errorf("first response (-want +got):\n%s", diff)
	}
	want := events.APIGatewayV2HTTPResponse{
		StatusCode: 409,
		Headers:    map[string]string{"content-type": "application/problem+json", "retry-after": "1"},
		Body:       `{"type":"about:blank","title":"Conflict","status":409,"detail":"a request with this idempotency key is being worked on"}`,
	}
	if diff := cmp.Diff(want, second); diff != "" {
		t.Errorf("second response (-want +got):\n%s", diff)
	}
}

// TestUnavailable: what failed is in the log and not in the answer, and the request
// can be repeated.
func TestUnavailable(t *testing.T) {
	down := errors.New("AccessDenied: arn:aws:iam::123456789012:role/internal")
	for _, test := range []struct {
		name string
		fail func(*backend, *keys)
		mend func(*backend, *keys)
	}{
		{"the queue", func(b *backend, _ *keys) { b.send = func() error { return down } }, func(b *backend, _ *keys) { b.send = nil }},
		{"the keys", func(_ *backend, k *keys) { k.down = down }, func(_ *backend, k *keys) { k.down = nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := handlertest.Log(t)
			h, b, k := fixture()
			test.fail(b, k)
			want := events.APIGatewayV2HTTPResponse{
				StatusCode: 503,
				Headers:    map[string]string{"content-type": "application/problem+json", "retry-after": "1"},
				Body: `{"type":"about:blank","title":"Service Unavailable","status":503,` +
					`"detail":"the order cannot be taken now; send it again with the same idempotency key"}`,
			}
			if diff := cmp.Diff(want, handle(t, h, post(t))); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
			if !strings.Contains(log.String(), down.Error()) {
				t.Errorf("the log lacks the error: %s", log)
			}
			test.mend(b, k)
			if diff := cmp.Diff(wantAccepted, handle(t, h, post(t))); diff != "" {
				t.Errorf("repeated request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLog(t *testing.T) {
	log := handlertest.Log(t)
	h, _, _ := fixture()
	handle(t, h, post(t))
	if !strings.Contains(log.String(), `"orderId":"`+orderID+`"`) {
		t.Errorf("the log lacks the order: %s", log)
	}
	if strings.Contains(log.String(), "tok_ok") {
		t.Errorf("the log shows the payment token: %s", log)
	}
}

// FuzzHandle: whatever comes, the answer is one of those that are documented, and
// an order is accepted only if the answer says so.
func FuzzHandle(f *testing.F) {
	r := post(f)
	f.Add(r.Headers["content-type"], r.Headers["idempotency-key"], r.Body, false)
	f.Add("application/json", "k", base64.StdEncoding.EncodeToString([]byte(r.Body)), true)
	f.Add("application/json;charset=utf-8", strings.Repeat("k", 256), "{}", false)
	f.Add("text/plain", "\x00", "\xff", true)
	f.Fuzz(func(t *testing.T, contentType, key, body string, encoded bool) {
		handlertest.Log(t)
		h, b, _ := fixture()
		got := handle(t, h, events.APIGatewayV2HTTPRequest{
			Headers:         map[string]string{"content-type": contentType, "idempotency-key": key},
			Body:            body,
			IsBase64Encoded: encoded,
		})
		switch got.StatusCode {
		case 202:
			var r receipt
			if err := json.Unmarshal([]byte(got.Body), &r); err != nil || len(b.sent) != 1 || r.OrderID != b.sent[0].OrderID {
				t.Errorf("answer %s (%v), sent %v", got.Body, err, b.sent)
			}
		case 400, 413, 415:
			if len(b.sent) != 0 || got.Headers["content-type"] != "application/problem+json" || !json.Valid([]byte(got.Body)) {
				t.Errorf("answer %+v, sent %v", got, b.sent)
			}
		default:
			t.Errorf("answer %+v", got)
		}
	})
}

func handle(t testing.TB, h handler, r events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	response, err := h.handle(t.Context(), r)
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
	return response
}

// post is a request as API Gateway sends it.
func post(t testing.TB) events.APIGatewayV2HTTPRequest {
	t.Helper()
	return handlertest.Event[events.APIGatewayV2HTTPRequest](t, "testdata/post.json")
}
