package lambda_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/noidle/noidle/local/lambda"
)

func ExampleStart() {
	sandbox, err := lambda.Start(lambda.Function{
		Name:        "hello",
		Dir:         "cdk.out/asset.0123", // holds the executable, named bootstrap
		Memory:      256,
		Timeout:     10 * time.Second,
		Environment: map[string]string{"GREETING": "hello"},
	}, os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()

	answer, err := sandbox.Invoke(context.Background(), "8476a536-e9f4-11e8-9739-2dfe598c3fcd", []byte(`{"name":"Kim"}`))
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(string(answer))
}
