// Command api is the API of the reference page: photos of the signed-in user, and
// posts for the stream.
//
// Environment: ALBUM_TABLE and INDEX_TABLE are names of tables, UPLOADS_BUCKET and
// THUMBNAILS_BUCKET of buckets, STREAM_NAME that of the stream.
package main

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/internal/album"
	"github.com/noidle/noidle/functions/kit/httpfn"
	"github.com/noidle/noidle/functions/webapp/internal/bucket"
	"github.com/noidle/noidle/functions/webapp/internal/stream"
	"github.com/noidle/noidle/functions/webapp/internal/table"
)

func main() {
	httpfn.Start(connect, "ALBUM_TABLE", "INDEX_TABLE", "UPLOADS_BUCKET", "THUMBNAILS_BUCKET", "STREAM_NAME")
}

func connect(cfg aws.Config, env map[string]string) (http.Handler, error) {
	db := dynamodb.NewFromConfig(cfg)
	return api{
		album: album.Album{
			Entries: table.Entries{Client: db, Name: env["ALBUM_TABLE"]},
			Index:   table.Index{Client: db, Name: env["INDEX_TABLE"]},
			Files:   bucket.New(cfg, env["UPLOADS_BUCKET"], env["THUMBNAILS_BUCKET"]),
			Now:     time.Now,
		},
		stream: stream.Stream{Client: kinesis.NewFromConfig(cfg), Name: env["STREAM_NAME"], Clock: clockwork.NewRealClock()},
		claims: httpfn.Claims,
		now:    time.Now,
	}.handler(), nil
}
