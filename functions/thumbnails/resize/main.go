// Command resize takes events of the uploads bucket from the queue and brings the
// thumbnails of the photos that they tell of up to date.
//
// Environment: UPLOADS_BUCKET and THUMBNAILS_BUCKET are the names of the buckets,
// INDEX_TABLE that of the table, RECIPE says in JSON what thumbnails to make.
package main

import (
	"fmt"
	"runtime/debug"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"

	"github.com/noidle/noidle/functions/internal/thumbnail"
	"github.com/noidle/noidle/functions/kit/function"
	"github.com/noidle/noidle/functions/thumbnails/internal/bucket"
	"github.com/noidle/noidle/functions/thumbnails/internal/index"
)

// megabytes is the variable in which Lambda tells a function its memory
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
const megabytes = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"

func main() {
	function.Start(connect, "UPLOADS_BUCKET", "THUMBNAILS_BUCKET", "INDEX_TABLE", "RECIPE", megabytes)
}

func connect(cfg aws.Config, env map[string]string) (any, error) {
	recipe, err := thumbnail.ParseRecipe(env["RECIPE"])
	if err != nil {
		return nil, fmt.Errorf("environment: RECIPE: %w", err)
	}
	memory, err := strconv.ParseInt(env[megabytes], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("environment: %s: %w", megabytes, err)
	}
	memory <<= 20
	// The garbage of one photo goes before it is too much for the next.
	debug.SetMemoryLimit(memory / 4 * 3)
	objects := s3.NewFromConfig(cfg)
	return handler{
		bucket: env["UPLOADS_BUCKET"],
		maker: &thumbnail.Maker{
			Recipe:   recipe,
			Uploads:  bucket.NewUploads(objects, env["UPLOADS_BUCKET"]),
			Store:    bucket.NewThumbnails(objects, env["THUMBNAILS_BUCKET"]),
			Index:    index.New(dynamodb.NewFromConfig(cfg), env["INDEX_TABLE"]),
			Memory:   memory / 2,
			NewOwner: uuid.NewString,
		},
	}.handle, nil
}
