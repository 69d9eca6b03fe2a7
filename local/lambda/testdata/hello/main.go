// Command hello is a function that does what its event says.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct{ Do, With string }

type answer struct {
	Echo, ARN, RequestID string
	Left                 time.Duration
	Environment          []string
}

func main() {
	if os.Getenv("BROKEN") != "" {
		fmt.Println("missing configuration")
		os.Exit(3)
	}
	lambda.Start(handle)
}

func handle(ctx context.Context, e event) (any, error) {
	switch e.Do {
	case "stream", "stream and fail", "stream much":
		return stream(e), nil
	case "stream text":
		return nil, streamText(ctx, e.With)
	case "fail":
		return answer{}, errors.New(e.With)
	case "panic":
		panic(e.With)
	case "exit":
		os.Exit(7)
	case "call":
		return call(e.With)
	case "large":
		return answer{Echo: strings.Repeat("x", 7<<20)}, nil
	case "hang":
		select {} // Longer than any timeout.
	}
	fmt.Println("echoing", e.With)
	deadline, _ := ctx.Deadline()
	lc, _ := lambdacontext.FromContext(ctx)
	return answer{
		Echo:        e.With,
		ARN:         lc.InvokedFunctionArn,
		RequestID:   lc.AwsRequestID,
		Left:        time.Until(deadline),
		Environment: os.Environ(),
	}, nil
}

// call fails if the URL does not answer well.
func call(url string) (answer, error) {
	response, err := http.Get(url)
	if err != nil {
		return answer{}, err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return answer{}, errors.New(response.Status)
	}
	return answer{Echo: "called"}, nil
}
