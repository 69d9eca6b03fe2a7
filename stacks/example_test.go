package stacks_test

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/stacks"
)

// A demonstration that leaves nothing behind when it is destroyed.
func ExampleNewOrderStack() {
	app := awscdk.NewApp(nil)
	stacks.NewOrderStack(app, "Demo", &stacks.OrderStackProps{
		StackProps:    awscdk.StackProps{Env: &awscdk.Environment{Region: new("ap-northeast-2")}},
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	app.Synth(nil)
}

// Trends of five minutes, and all posts in a bucket.
func ExampleNewAnalyticsStack() {
	app := awscdk.NewApp(nil)
	stacks.NewAnalyticsStack(app, "Trends", &stacks.AnalyticsStackProps{
		Analytics: &analytics.StreamAnalyticsProps{
			Window:  5 * time.Minute,
			Archive: &analytics.Archive{},
		},
	})
	app.Synth(nil)
}
