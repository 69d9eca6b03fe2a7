// Command notify posts the alarms that a topic sends it to the webhook of a chat.
//
// It needs ssm:GetParameter on the parameter WEBHOOK_PARAMETER, which holds the
// webhook's address.
package main

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/noidle/noidle/functions/kit/function"
)

func main() { function.Start(connect, "WEBHOOK_PARAMETER") }

func connect(cfg aws.Config, env map[string]string) (any, error) {
	client := &http.Client{Timeout: 10 * time.Second}
	h := handler{client: client, webhook: parameter{cfg: cfg, client: client, name: env["WEBHOOK_PARAMETER"]}.value}
	return h.handle, nil
}
