// Command relay is a function that sends what it gets to a queue, or fails, or
// tells its credentials or the address that it was given.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	queue := sqs.New(sqs.Options{
		Region:       os.Getenv("AWS_REGION"),
		BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
	})
	lambda.Start(func(ctx context.Context, event json.RawMessage) (any, error) {
		if strings.Contains(string(event), "please fail") {
			return nil, errors.New("as you like")
		}
		if strings.Contains(string(event), "who are you") {
			return []string{os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")}, nil
		}
		if strings.Contains(string(event), "where is it") {
			return os.Getenv("DISTRIBUTION_URL"), nil
		}
		if err := answerCustomResource(ctx, event); err != nil {
			return nil, err
		}
		url := os.Getenv("QUEUE_URL")
		if url == "" {
			return map[string]any{"statusCode": 200, "body": "nothing to do"}, nil
		}
		_, err := queue.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String(string(event))})
		return map[string]any{"statusCode": 200, "body": "sent"}, err
	})
}
