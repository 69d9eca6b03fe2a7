// Command noidle is the reference app: every reference stack, as `cdk deploy`
// deploys it.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/stacks"
)

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	stacks.NewOrderStack(app, "NoidleOrders", nil)
	app.Synth(nil)
}
