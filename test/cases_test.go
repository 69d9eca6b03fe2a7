package test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// functionCase is an event for a function, and what comes of it.
type functionCase struct {
	name    string
	event   string
	answers answers
	want    string // in what the function answers or fails with
	failure string // the type of the error that it fails with
}

// functionCases returns real events for each function of the reference app, by
// the start of its logical ID. The first of each goes well.
func functionCases(t testing.TB) map[string][]functionCase {
	t.Helper()
	place, read := event(t, "place-order"), event(t, "read-order")
	queued, state := event(t, "queued-order"), event(t, "saga-state")
	const (
		record = `{"orderId":{"S":"abcdefghijklmnopqrstuvwxyz"},"status":{"S":"ACCEPTED"},"reason":{"S":""},"customerId":{"S":"c-1"},"currency":{"S":"KRW"},"amount":{"N":"30000"},` +
			`"acceptedAt":{"S":"2026-03-01T12:00:00.120Z"},"items":{"L":[{"M":{"sku":{"S":"book-1"},"quantity":{"N":"2"},"unitPrice":{"N":"15000"}}}]},` +
			`"history":{"L":[{"M":{"status":{"S":"ACCEPTED"},"at":{"S":"2026-03-01T12:00:00.120Z"}}}]}}`
		charge   = `{"orderId":{"S":"abcdefghijklmnopqrstuvwxyz"},"status":{"S":"%s"},"amount":{"N":"30000"},"currency":{"S":"KRW"},"at":{"S":"2026-03-01T12:00:01.000Z"}}`
		soldOut  = `{"id":{"S":"sku#book-1"},"available":{"N":"1"}}`
		released = `{"id":{"S":"order#abcdefghijklmnopqrstuvwxyz"},"status":{"S":"RELEASED"}}`
	)
	return map[string][]functionCase{
		"OrdersAccept": {
			{name: "a new order", event: place, want: `"statusCode":202`},
			{name: "an invalid order", event: strings.Replace(place, `\"quantity\":2`, `\"quantity\":0`, 1), want: `\"pointer\":\"/items/0/quantity\"`},
			{name: "no key", event: strings.Replace(place, "idempotency-key", "other-header", 1), want: `\"header\":\"idempotency-key\"`},
			{name: "no JSON", event: strings.Replace(place, "application/json", "text/plain", 1), want: `"statusCode":415`},
			{name: "the queue refuses", event: place, answers: answers{"SendMessage": {denied}}, want: `"statusCode":503`},
		},
		"OrdersRead": {
			{name: "an order", event: read, answers: answers{"GetItem": {{http.StatusOK, `{"Item":` + record + `}`}}}, want: `\"status\":\"ACCEPTED\",\"reason\":\"\"`},
			{name: "no such order", event: read, want: `"statusCode":404`},
			{name: "the table refuses", event: read, answers: answers{"GetItem": {denied}}, want: `"statusCode":503`},
		},
		"OrdersStart": {
			{name: "an order", event: queued, want: `{"batchItemFailures":[]}`},
			{name: "an order delivered again", event: queued, answers: answers{
				"PutItem":        {conditionFailed(record)},
				"StartExecution": {{http.StatusBadRequest, `{"__type":"ExecutionAlreadyExists","message":"Execution Already Exists"}`}},
			}, want: `{"batchItemFailures":[]}`},
			{name: "no order", event: strings.Replace(queued, `\"currency\":\"KRW\",`, "", 1), want: `{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661975830a7d"}`},
			{name: "Step Functions refuses", event: queued, answers: answers{"StartExecution": {denied}}, want: `{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661975830a7d"}`},
		},
		"Reserve": {
			{name: "in stock", event: state, want: `"status":"RESERVED"`},
			{name: "out of stock", event: state, answers: answers{"TransactWriteItems": {cancelled(`{"Code":"None"}`, conditionFailedReason(soldOut)), {http.StatusOK, "{}"}}}, failure: "OutOfStock", want: "book-1: 2 wanted, 1 left"},
			{name: "unknown item", event: strings.Replace(state, "book-1", "book-99", 1), failure: "UnknownItem", want: "book-99: not in the catalogue"},
			{name: "released before", event: state, answers: answers{"TransactWriteItems": {cancelled(conditionFailedReason(released), `{"Code":"None"}`)}}, failure: "ReservationReleased"},
			{name: "no order", event: `{}`, failure: "errorString", want: "the input is no order"},
		},
		"Release": {
			{name: "reserved", event: state, want: `"status":"RELEASED"`},
			{name: "never reserved", event: state, answers: answers{"TransactWriteItems": {cancelled(`{"Code":"ConditionalCheckFailed"}`, `{"Code":"None"}`)}}, want: `"status":"RELEASED"`},
		},
		"Charge": {
			{name: "charged", event: state, want: `"status":"CHARGED"`},
			{name: "charged before", event: state, answers: answers{"PutItem": {conditionFailed(fmt.Sprintf(charge, "CHARGED"))}}, want: `"status":"CHARGED"`},
			{name: "declined", event: strings.Replace(state, "tok_ok", "tok_declined", 1), failure: "PaymentDeclined", want: "payment declined"},
			{name: "refunded before", event: state, answers: answers{"PutItem": {conditionFailed(fmt.Sprintf(charge, "REFUNDED"))}}, failure: "PaymentVoided"},
			{name: "the provider answers late", event: strings.Replace(state, "tok_ok", "tok_timeout", 1), failure: "wrapError", want: "did not answer in time"},
		},
		"Refund": {
			{name: "charged", event: state, answers: answers{"UpdateItem": {{http.StatusOK, `{"Attributes":` + fmt.Sprintf(charge, "REFUNDED") + `}`}}}, want: `"status":"REFUNDED"`},
			{name: "refunded before", event: state, answers: answers{"UpdateItem": {conditionFailed(fmt.Sprintf(charge, "REFUNDED"))}}, want: `"status":"REFUNDED"`},
		},
		"Confirm": {
			{name: "reserved", event: state, want: `"status":"CONFIRMED"`},
			{name: "released", event: state, answers: answers{"UpdateItem": {conditionFailed(released)}}, failure: "ReservationReleased"},
		},
	}
}

// event returns an event of testdata/events.
func event(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// denied is the answer to a caller without the right.
var denied = answer{http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"not authorized"}`}

// conditionFailed is DynamoDB's answer when a condition does not hold for the
// item that is there.
func conditionFailed(item string) answer {
	return answer{http.StatusBadRequest, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":` + item + `}`}
}

// cancelled is DynamoDB's answer to a transaction of which a part failed.
func cancelled(reasons ...string) answer {
	return answer{http.StatusBadRequest, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled","CancellationReasons":[` + strings.Join(reasons, ",") + `]}`}
}

func conditionFailedReason(item string) string {
	return `{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":` + item + `}`
}
