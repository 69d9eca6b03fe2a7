// Command trends answers GET /trends with the hashtags that came most often, and
// GET /trends/{hashtag} with how often one came in each window.
//
// Environment: RESULTS_TABLE is the name of the table. WINDOW, LATENESS and SETTLE
// are durations such as 1m0s: how long windows are and how late posts may come, the
// same as for the function that counts, and how long after its end a window is
// complete.
package main

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/analytics/internal/environment"
	"github.com/noidle/noidle/functions/analytics/internal/results"
	"github.com/noidle/noidle/functions/internal/trend"
	"github.com/noidle/noidle/functions/kit/function"
)

func main() {
	function.Start(connect, "RESULTS_TABLE", "WINDOW", "LATENESS", "SETTLE")
}

func connect(cfg aws.Config, env map[string]string) (any, error) {
	ranking := trend.Ranking{Now: time.Now}
	err := environment.Durations(env, map[string]*time.Duration{
		"WINDOW": &ranking.Settings.Window, "LATENESS": &ranking.Settings.Lateness, "SETTLE": &ranking.Settle,
	})
	if err != nil {
		return nil, err
	}
	// The SDK keeps 10 connections to a host. The others would be made anew, with
	// new TLS handshakes, for each request.
	cfg.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = trend.Readers })
	ranking.Source = results.Reader{Client: dynamodb.NewFromConfig(cfg), Name: env["RESULTS_TABLE"]}
	return handler{ranking}.handle, nil
}
