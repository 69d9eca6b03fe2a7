// Command noidle is the reference app: every reference stack, as `cdk deploy`
// deploys it.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/constructs/observe"
	"github.com/noidle/noidle/stacks"
)

func main() {
	defer closeKernel()

	app := awscdk.NewApp(nil)
	removal := removalPolicy(app)
	orders := stacks.NewOrderStack(app, "NoidleOrders", &stacks.OrderStackProps{RemovalPolicy: removal})
	thumbnails := stacks.NewThumbnailStack(app, "NoidleThumbnails", &stacks.ThumbnailStackProps{RemovalPolicy: removal})
	trends := stacks.NewAnalyticsStack(app, "NoidleAnalytics", &stacks.AnalyticsStackProps{
		Analytics:     &analytics.StreamAnalyticsProps{Archive: &analytics.Archive{}},
		RemovalPolicy: removal,
	})
	webApp := stacks.NewWebAppStack(app, "NoidleWebApp", &stacks.WebAppStackProps{
		Orders: orders, Thumbnails: thumbnails, Analytics: trends, RemovalPolicy: removal,
	})
	stacks.NewHelloLambdaStack(app, "HelloLambda", nil)
	stacks.NewHelloServerlessStack(app, "HelloServerless", nil)
	stacks.NewOperationsStack(app, "NoidleOperations", &stacks.OperationsStackProps{
		Alarms: observe.AlarmsProps{Scopes: []constructs.Construct{orders, thumbnails, trends, webApp}},
	})
	app.Synth(nil)
}

// demoContext is the context that makes the app a demonstration, whose data goes with
// it: -c noidle:demo=true.
const demoContext = "noidle:demo"

// removalPolicy says what becomes of the app's data when its stacks go: empty, which
// retains it, unless the app is a demonstration.
func removalPolicy(app awscdk.App) awscdk.RemovalPolicy {
	switch demo := app.Node().TryGetContext(new(demoContext)); demo {
	case nil, false, "false":
		return ""
	case true, "true":
		return awscdk.RemovalPolicy_DESTROY
	default:
		panic(fmt.Errorf("context %s is %v: must be true or false", demoContext, demo))
	}
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
