package httpfn_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/kit/httpfn"
)

func greet(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, "hello %s, you are %s", r.PathValue("name"), httpfn.Claims(r.Context())["sub"])
}

// The main of a function that serves HTTP and needs AWS.
func ExampleStart() {
	httpfn.Start(func(cfg aws.Config, env map[string]string) (http.Handler, error) {
		db, table := dynamodb.NewFromConfig(cfg), env["PHOTOS_TABLE"]
		mux := http.NewServeMux()
		mux.HandleFunc("GET /photos", func(http.ResponseWriter, *http.Request) { _, _ = db, table })
		return mux, nil
	}, "PHOTOS_TABLE")
}

// The main of a function that serves files, and needs no AWS.
func ExampleServe() {
	httpfn.Serve(http.FileServer(http.Dir("public")))
}

// The main of a function that sends its answer bit by bit.
func ExampleServeStreaming() {
	httpfn.ServeStreaming(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 10 {
			_, _ = fmt.Fprintln(w, i)
			w.(http.Flusher).Flush()
		}
	}))
}

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /greetings/{name}", greet)

	answer, err := httpfn.Handler(mux)(context.Background(), json.RawMessage(`{
		"version": "2.0", "rawPath": "/greetings/ada",
		"requestContext": {"http": {"method": "GET"}, "authorizer": {"jwt": {"claims": {"sub": "u-1"}}}}}`))
	fmt.Println(answer.(events.APIGatewayV2HTTPResponse).Body, err)
	// Output: hello ada, you are u-1 <nil>
}

func ExampleStreaming() {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "bit by bit") })

	answer, err := httpfn.Streaming(h)(context.Background(), json.RawMessage(`{
		"version": "2.0", "rawPath": "/", "requestContext": {"http": {"method": "GET"}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := io.ReadAll(answer.(*events.LambdaFunctionURLStreamingResponse).Body)
	fmt.Println(string(body), err)
	// Output: bit by bit <nil>
}
