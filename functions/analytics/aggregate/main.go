// Command aggregate counts the hashtags of the posts of a Kinesis stream, which
// comes with tumbling windows, and puts the counts into a table at the end of each
// window.
//
// Environment: RESULTS_TABLE is the name of the table, FAILURES_QUEUE_URL the
// address of the queue for records that are no posts. WINDOW, LATENESS and
// KEEP_RESULTS are durations such as 1m0s: how long windows are, how late posts
// may come, and for how long counts are kept.
package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/noidle/noidle/functions/analytics/internal/environment"
	"github.com/noidle/noidle/functions/analytics/internal/failures"
	"github.com/noidle/noidle/functions/analytics/internal/results"
	"github.com/noidle/noidle/functions/internal/trend"
	"github.com/noidle/noidle/functions/kit/function"
)

func main() {
	function.Start(connect, "RESULTS_TABLE", "FAILURES_QUEUE_URL", "WINDOW", "LATENESS", "KEEP_RESULTS")
}

func connect(cfg aws.Config, env map[string]string) (any, error) {
	var settings trend.Settings
	var keep time.Duration
	err := environment.Durations(env, map[string]*time.Duration{
		"WINDOW": &settings.Window, "LATENESS": &settings.Lateness, "KEEP_RESULTS": &keep,
	})
	if err != nil {
		return nil, err
	}
	// All shards put their counts at the same time, when a minute is over. A table
	// that takes more than usual at first refuses some.
	cfg.RetryMaxAttempts = 10
	return &handler{
		settings: settings,
		results:  results.Table{Client: dynamodb.NewFromConfig(cfg), Name: env["RESULTS_TABLE"], Keep: keep},
		failures: failures.Queue{Client: sqs.NewFromConfig(cfg), URL: env["FAILURES_QUEUE_URL"], Now: time.Now},
	}, nil
}
