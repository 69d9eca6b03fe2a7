package suppress_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
)

// A table whose items are kept for ever.
func ExampleFindings() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Archive"), nil)
	letters := storage.NewTable(stack, "Letters", &storage.TableProps{PartitionKey: "id"})
	suppress.Findings(letters, map[string]string{"table-ttl": "letters are kept for ever"})
	app.Synth(nil)
}
