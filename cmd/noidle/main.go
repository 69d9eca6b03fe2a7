// Noidle runs what cdk synth writes on this machine, and operates what is deployed,
// here or on AWS.
//
//	noidle local [flags] CDK_OUT
//
// runs a cloud assembly, without an AWS account.
//
//	noidle posts -stream NAME [flags]
//
// puts posts into a Kinesis data stream, and tells which hashtags are in them.
//
//	noidle check [flags] DIR|TEMPLATE...
//
// checks CloudFormation templates against the rules of serverless design.
//
//	noidle dlq list|peek|redrive|purge
//	noidle logs [flags] [NAME...]
//	noidle trace [flags] ID
//
// see to dead-letter queues, read logs, and tell what happened to an order or a
// photo. Call a command with -help for its flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: noidle COMMAND

Commands:
  local [flags] CDK_OUT        run a cloud assembly on this machine
  posts -stream NAME [flags]   put posts into a Kinesis data stream
  check [flags] DIR|TEMPLATE   check cloud assemblies and templates against rules
  dlq list|peek|redrive|purge  see and handle what is in dead-letter queues
  logs [flags] [NAME...]       read and follow the logs of functions and stacks
  trace [flags] ID             tell what happened to an order or a photo
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "noidle:", err)
		stop()
		os.Exit(1)
	}
}

// run runs a command until it is done or ctx is.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	if len(arguments) == 0 {
		_, _ = io.WriteString(stderr, usage)
		return errors.New("no command")
	}
	switch arguments[0] {
	case "local":
		return runLocal(ctx, arguments[1:], stdout, stderr)
	case "posts":
		return runPosts(ctx, arguments[1:], stdout, stderr)
	case "check":
		return runCheck(arguments[1:], stdout, stderr)
	case "dlq":
		return runDLQ(ctx, arguments[1:], stdout, stderr)
	case "logs":
		return runLogs(ctx, arguments[1:], stdout, stderr)
	case "trace":
		return runTrace(ctx, arguments[1:], stdout, stderr)
	case "-h", "-help", "--help", "help":
		_, err := io.WriteString(stdout, usage)
		return err
	}
	_, _ = io.WriteString(stderr, usage)
	return fmt.Errorf("unknown command %q", arguments[0])
}
