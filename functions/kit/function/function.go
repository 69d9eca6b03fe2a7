// Package function starts a Lambda function: what every main does before its
// handler can be called.
package function

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/noidle/noidle/functions/kit/awsconfig"
)

// Start calls connect with the configuration of the AWS SDK and the values of the
// named environment variables, and runs the handler that it returns, a function
// with one of the signatures of [lambda.Start]. It does not return.
//
// What is logged through log/slog goes out as the function's log format demands,
// with the ID of the request. If a variable is missing, or connect returns an
// error, Start logs it and ends the process, so that the function fails to start
// rather than at its first event.
func Start(connect func(cfg aws.Config, env map[string]string) (handler any, err error), variables ...string) {
	slog.SetDefault(lambdacontext.NewLogger())
	handler, err := awsconfig.Connect(connect, variables...)
	if err != nil {
		slog.Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(handler)
}
