package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/noidle/noidle/cmd/noidle/outputs"
	"github.com/noidle/noidle/cmd/noidle/trace"
)

const traceUsage = `usage: noidle trace [flags] ID

Tells what happened to an order, by its ID, or a photo, by its key: what the table or
index knows of it, each step of its saga, how long that took and what failed, whether
a message of it is a dead letter, and what the functions say of it in their logs.
The stacks' outputs OrdersTable, OrderSaga, OrderDeadLetterQueue, ThumbnailIndex and
ThumbnailDeadLetterQueue say where to look. Dead letters are hidden for a moment.
` + whereAndWho

// traceFlags are the flags of noidle trace.
type traceFlags struct {
	endpoint, outputs, stack string
	since                    time.Duration
	inJSON                   bool
}

func runTrace(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	var f traceFlags
	flags := flag.NewFlagSet("noidle trace", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, traceUsage+"\nFlags:\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&f.outputs, "outputs", "", "the `file` that cdk deploy --outputs-file or noidle local -outputs wrote; by default CloudFormation is asked")
	flags.StringVar(&f.stack, "stack", "", "look only in the stack with this `name`; by default in all")
	flags.DurationVar(&f.since, "since", 24*time.Hour, "read logs from this `long` ago, or from the order's begin, if that is known")
	flags.BoolVar(&f.inJSON, "json", false, "print JSON")
	endpointFlag(flags, &f.endpoint)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() != 1 || flags.Arg(0) == "" || f.since <= 0 {
		flags.Usage()
		return fmt.Errorf("trace: want one order's ID or photo's key after the flags, not %q, and -since over 0", flags.Args())
	}
	if err := f.run(ctx, flags.Arg(0), stdout, stderr); err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	return nil
}

func (f traceFlags) run(ctx context.Context, id string, stdout, stderr io.Writer) error {
	account, err := configFor(ctx, f.endpoint)
	if err != nil {
		return err
	}
	stacks, err := stacksFor(ctx, account, f.outputs)
	if err != nil {
		return err
	}
	if f.stack != "" {
		if stacks[f.stack] == nil {
			return fmt.Errorf("stack %q is none of the stacks %q: check -stack, or leave it out to look in all", f.stack, slices.Sorted(maps.Keys(stacks)))
		}
		stacks = outputs.Stacks{f.stack: stacks[f.stack]}
	}
	finder := trace.Finder{
		Tables: dynamodb.NewFromConfig(account), Executions: sfn.NewFromConfig(account),
		Logs: cloudwatchlogs.NewFromConfig(account), Queues: sqs.NewFromConfig(account),
		Stacks: stacks, Since: time.Now().Add(-f.since),
		Progress: func(message string) { _, _ = fmt.Fprintln(stderr, message) },
	}
	timeline, err := finder.Find(ctx, id)
	if err != nil {
		return err
	}
	if f.inJSON {
		return printJSON(stdout, timeline)
	}
	return timeline.Print(stdout)
}
