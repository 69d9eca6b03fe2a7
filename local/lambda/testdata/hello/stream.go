package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// stream answers one, and two when the URL, if there is one, has answered well.
func stream(e event) *events.LambdaFunctionURLStreamingResponse {
	body, pipe := io.Pipe()
	go func() {
		_, err := io.WriteString(pipe, "one ")
		switch {
		case e.Do == "stream and fail":
			err = errors.New(e.With)
		case e.Do == "stream much":
			_, err = io.WriteString(pipe, strings.Repeat("x", 7<<20))
		case e.With != "":
			_, err = call(e.With)
		}
		if err == nil {
			_, err = io.WriteString(pipe, "two")
		}
		_ = pipe.CloseWithError(err)
	}()
	return &events.LambdaFunctionURLStreamingResponse{StatusCode: http.StatusCreated, Body: body}
}

// streamText answers as a runtime of one's own may, without a prelude. Nothing comes
// after it.
func streamText(ctx context.Context, text string) error {
	lc, _ := lambdacontext.FromContext(ctx)
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/" + lc.AwsRequestID + "/response"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/event-stream")
	request.Header.Set("Lambda-Runtime-Function-Response-Mode", "streaming")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	select {}
}
