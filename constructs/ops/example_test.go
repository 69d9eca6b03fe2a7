package ops_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/ops"
	"github.com/noidle/noidle/constructs/storage"
)

func ExampleNewCustomResource() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Shop"), nil)

	// A function that fills the catalogue when the stack is deployed.
	catalogue := storage.NewTable(stack, "Catalogue", &storage.TableProps{PartitionKey: "sku"})
	seed := ops.NewCustomResource(stack, "Seed", &ops.CustomResourceProps{
		Package:    "./functions/seed",
		Type:       "Custom::Catalogue",
		Properties: map[string]any{"Table": catalogue.TableName(), "Edition": 3},
	})
	storage.Grant(catalogue, seed.Function.Function, "dynamodb:PutItem")
	app.Synth(nil)
}
