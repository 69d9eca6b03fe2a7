// Command guestbook answers GET /entries with the latest messages, and takes a new
// one with POST /entries.
//
// Environment: TABLE_NAME is the name of the table.
package main

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/kit/httpfn"
)

func main() {
	httpfn.Start(connect, "TABLE_NAME")
}

func connect(cfg aws.Config, env map[string]string) (http.Handler, error) {
	return handler(table{dynamodb.NewFromConfig(cfg), env["TABLE_NAME"]}, time.Now), nil
}
