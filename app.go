// Command noidle is the reference app: every reference stack, as `cdk deploy`
// deploys it.
package main

import (
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/stacks"
)

func main() {
	defer closeKernel()

	app := awscdk.NewApp(nil)
	orders := stacks.NewOrderStack(app, "NoidleOrders", nil)
	thumbnails := stacks.NewThumbnailStack(app, "NoidleThumbnails", nil)
	trends := stacks.NewAnalyticsStack(app, "NoidleAnalytics", &stacks.AnalyticsStackProps{
		Analytics: &analytics.StreamAnalyticsProps{Archive: &analytics.Archive{}},
	})
	stacks.NewWebAppStack(app, "NoidleWebApp", &stacks.WebAppStackProps{Orders: orders, Thumbnails: thumbnails, Analytics: trends})
	stacks.NewHelloLambdaStack(app, "HelloLambda", nil)
	stacks.NewHelloServerlessStack(app, "HelloServerless", nil)
	app.Synth(nil)
}

// closeKernel ends the CDK's Node.js process. jsii-runtime-go (as of v1.139.0)
// waits for its end twice at the same time, and every few runs the second to ask
// complains on standard error that there is no such process. Nothing is printed
// after this but a panic, which does not go through os.Stderr.
func closeKernel() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	jsii.Close()
}
