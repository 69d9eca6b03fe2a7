package analytics_test

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/constructs/compute"
)

func ExampleNewStreamAnalytics() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Social"), nil)

	posts := analytics.NewStreamAnalytics(stack, "Posts", &analytics.StreamAnalyticsProps{
		Window:   5 * time.Minute,
		Lateness: 10 * time.Minute,
		Archive:  &analytics.Archive{Prefix: "social/"},
	})

	// A function that takes posts and puts them into the stream.
	publish := compute.NewGoFunction(stack, "Publish", &compute.GoFunctionProps{
		Package:     "./functions/publish",
		Environment: map[string]string{"STREAM": *posts.Stream.StreamName()},
	})
	posts.GrantPut(publish.Function)
	awscdk.NewCfnOutput(stack, new("TrendsUrl"), &awscdk.CfnOutputProps{Value: posts.URL()})
	app.Synth(nil)
}
