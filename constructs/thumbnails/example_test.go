package thumbnails_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/thumbnails"
)

func ExampleNewThumbnailPipeline() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Albums"), nil)

	pipeline := thumbnails.NewThumbnailPipeline(stack, "Thumbnails", &thumbnails.ThumbnailPipelineProps{
		Sizes: []thumbnails.Size{
			{Name: "card", Width: 640, Height: 360, Cover: true},
			{Name: "full", Width: 1920, Height: 1920},
		},
		Prefixes: []string{"albums/"},
		Delivery: &thumbnails.Delivery{},
	})

	// A function that signs uploads and lists what is ready.
	albums := compute.NewGoFunction(stack, "Albums", &compute.GoFunctionProps{
		Package: "./functions/albums",
		Environment: map[string]string{
			"UPLOADS_BUCKET": *pipeline.Uploads.BucketName(),
			"INDEX_TABLE":    *pipeline.Index.TableName(),
			"THUMBNAILS_URL": *pipeline.URL(),
		},
	})
	pipeline.GrantUpload(albums.Function)
	pipeline.GrantRead(albums.Function)
	app.Synth(nil)
}
