package storage_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/storage"
)

func ExampleNewTable() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Notes"), nil)

	notes := storage.NewTable(stack, "Notes", &storage.TableProps{
		PartitionKey: "author",
		SortKey:      "at",
		TimeToLive:   "expiry",
	})
	read := compute.NewGoFunction(stack, "Read", &compute.GoFunctionProps{
		Package:     "./functions/read",
		Environment: map[string]string{"NOTES_TABLE": *notes.TableName()},
	})
	storage.Grant(notes, read.Function, "dynamodb:Query")
	app.Synth(nil)
}

func ExampleNewBucket() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Reports"), nil)

	reports := storage.NewBucket(stack, "Reports", &storage.BucketProps{Versioned: true})
	write := compute.NewGoFunction(stack, "Write", &compute.GoFunctionProps{
		Package:     "./functions/write",
		Environment: map[string]string{"REPORTS_BUCKET": *reports.BucketName()},
	})
	storage.GrantObjects(reports, write.Function, []string{"daily/"}, "s3:PutObject")
	app.Synth(nil)
}
