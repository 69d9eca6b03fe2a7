// Command shop is an app of another team: its own step, our order queue, thumbnails
// of its goods, and what people say of it.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/analytics"
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
	goods := thumbnails.NewThumbnailPipeline(stack, "Goods", nil)
	talk := analytics.NewStreamAnalytics(stack, "Talk", nil)
	for name, value := range map[string]*string{
		"OrdersUrl":  queue.URL(),
		"Uploads":    goods.Uploads.BucketName(),
		"Thumbnails": goods.Thumbnails.BucketName(),
		"StreamName": talk.Stream.StreamName(),
	} {
		awscdk.NewCfnOutput(stack, jsii.String(name), &awscdk.CfnOutputProps{Value: value})
	}
	app.Synth(nil)
}
