package httpfn

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/noidle/noidle/functions/kit/awsconfig"
)

// Start calls connect with the configuration of the AWS SDK and the values of the
// named environment variables, and serves the handler that it returns, as [Serve]
// does. If a variable is missing, or connect returns an error, Start logs it and
// ends the process.
func Start(connect func(cfg aws.Config, env map[string]string) (http.Handler, error), variables ...string) {
	if inLambda() {
		slog.SetDefault(lambdacontext.NewLogger())
	}
	h, err := awsconfig.Connect(connect, variables...)
	if err != nil {
		fail(err)
	}
	Serve(h)
}

// Serve answers events in Lambda, which sets AWS_LAMBDA_RUNTIME_API. It does not
// return then.
//
// Elsewhere it listens on the port $PORT, 8080 by default, of the address $HOST,
// 127.0.0.1 by default: a container sets HOST=0.0.0.0. SIGTERM or SIGINT ends it:
// it takes no more requests, gives those under way 20 seconds, and returns. If it
// cannot listen, it logs that and ends the process.
func Serve(h http.Handler) { serve(h, Handler(h)) }

// ServeStreaming is Serve for a function URL with the invoke mode
// RESPONSE_STREAM: see [Streaming].
func ServeStreaming(h http.Handler) { serve(h, Streaming(h)) }

func serve(h http.Handler, answer func(context.Context, json.RawMessage) (any, error)) {
	if inLambda() {
		slog.SetDefault(lambdacontext.NewLogger())
		lambda.Start(answer)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	listener, err := listen()
	if err == nil {
		slog.Info("listening", "address", listener.Addr().String())
		err = run(ctx, listener, h)
	}
	if err != nil {
		fail(err)
	}
}

func inLambda() bool { return os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" }

func fail(err error) {
	slog.Error("cannot start", "error", err.Error())
	os.Exit(1)
}

func listen() (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort(cmp.Or(os.Getenv("HOST"), "127.0.0.1"), cmp.Or(os.Getenv("PORT"), "8080")))
}

// run serves until the context is done, and then lets requests under way end.
func run(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		ended <- server.Shutdown(patience)
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}
