package messaging_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/messaging"
)

func ExampleNewQueueWorker() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Mail"), nil)
	send := compute.NewGoFunction(stack, "Send", &compute.GoFunctionProps{Package: "./functions/send"})
	signUp := compute.NewGoFunction(stack, "SignUp", &compute.GoFunctionProps{Package: "./functions/signup"})

	mail := messaging.NewQueueWorker(stack, "Mail", &messaging.QueueWorkerProps{
		Handler:        send.Function,
		MaxConcurrency: 10, // what the mail provider takes
	})
	mail.GrantSend(signUp.Function)
	app.Synth(nil)
}
