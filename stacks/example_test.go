package stacks_test

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/constructs/thumbnails"
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

// Thumbnails that browsers get from CloudFront.
func ExampleNewThumbnailStack() {
	app := awscdk.NewApp(nil)
	stacks.NewThumbnailStack(app, "Photos", &stacks.ThumbnailStackProps{
		Pipeline: &thumbnails.ThumbnailPipelineProps{Delivery: &thumbnails.Delivery{}},
	})
	app.Synth(nil)
}

// A page on which the three other stacks are at work.
func ExampleNewWebAppStack() {
	app := awscdk.NewApp(nil)
	stacks.NewWebAppStack(app, "WebApp", &stacks.WebAppStackProps{
		Orders:        stacks.NewOrderStack(app, "Orders", nil),
		Thumbnails:    stacks.NewThumbnailStack(app, "Thumbnails", nil),
		Analytics:     stacks.NewAnalyticsStack(app, "Analytics", nil),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	app.Synth(nil)
}

// The first lab: a function behind an HTTP API.
func ExampleNewHelloLambdaStack() {
	app := awscdk.NewApp(nil)
	stacks.NewHelloLambdaStack(app, "HelloLambda", nil)
	app.Synth(nil)
}

// The second lab, a page with an API and a table, in a region of its own.
func ExampleNewHelloServerlessStack() {
	app := awscdk.NewApp(nil)
	stacks.NewHelloServerlessStack(app, "HelloServerless", &awscdk.StackProps{
		Env: &awscdk.Environment{Region: new("ap-northeast-2")},
	})
	app.Synth(nil)
}
