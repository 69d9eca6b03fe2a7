// Command shop is an app of another team: its own step, our order queue, and
// thumbnails of its goods.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/orders"
	"github.com/noidle/noidle/constructs/thumbnails"
	"github.com/noidle/noidle/constructs/workflow"
)

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Shop"), nil)
	charge := compute.NewGoFunction(stack, "Charge", &compute.GoFunctionProps{Package: "./charge"})
	queue := orders.NewOrderQueue(stack, "Orders", &orders.OrderQueueProps{
		Steps: []orders.Step{{Status: "PAID", Step: workflow.Step{Name: "Charge", Function: charge.Function}}},
	})
	thumbnails.NewThumbnailPipeline(stack, "Goods", nil)
	awscdk.NewCfnOutput(stack, jsii.String("Url"), &awscdk.CfnOutputProps{Value: queue.URL()})
	app.Synth(nil)
}
