package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/logs"
)

const logsUsage = `usage: noidle logs [flags] [NAME...]

Prints the lines of functions, state machines and APIs in the order of their times.
NAME is a stack, such as NoidleOrders, a function, such as Charge or
NoidleOrders/Charge, or a log group; by default all. A pattern is one of CloudWatch
Logs, such as timeout, '"exact words"', or '{ $.level = "ERROR" }'.
` + whereAndWho

func runLogs(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	var endpoint, pattern string
	var follow, inJSON bool
	var since time.Duration
	flags := flag.NewFlagSet("noidle logs", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, logsUsage+"\nFlags:\n")
		flags.PrintDefaults()
	}
	flags.BoolVar(&follow, "f", false, "go on with new lines until Ctrl-C")
	flags.DurationVar(&since, "since", 10*time.Minute, "start this `long` ago")
	flags.StringVar(&pattern, "filter", "", "only lines that match this `pattern`")
	flags.BoolVar(&inJSON, "json", false, "print each line as JSON")
	endpointFlag(flags, &endpoint)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if since <= 0 {
		return fmt.Errorf("logs: since %s: want a time that is more than 0, such as 10m", since)
	}
	account, err := configFor(ctx, endpoint)
	if err != nil {
		return fmt.Errorf("logs: %w", err)
	}
	client := cloudwatchlogs.NewFromConfig(account)
	groups, err := logs.Groups(ctx, client, flags.Args())
	if err != nil {
		return fmt.Errorf("logs: %w", err)
	}
	clock := clockwork.NewRealClock()
	query := logs.Query{Groups: groups, Since: clock.Now().Add(-since), Pattern: pattern}
	if err := printLogs(ctx, client, query, clock, follow, linePrinter(stdout, inJSON)); err != nil {
		return fmt.Errorf("logs: %w", err)
	}
	return nil
}

// printLogs prints the lines that are there, and if wanted, those that follow.
func printLogs(ctx context.Context, client logs.Client, query logs.Query, clock clockwork.Clock, follow bool, print func(logs.Line) error) error {
	if follow {
		return logs.Follow(ctx, client, query, clock, print)
	}
	lines, err := logs.Read(ctx, client, query)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if err := print(line); err != nil {
			return err
		}
	}
	return nil
}

// linePrinter prints lines for people, or each as JSON.
func linePrinter(stdout io.Writer, inJSON bool) func(logs.Line) error {
	if inJSON {
		encoder := json.NewEncoder(stdout)
		return func(line logs.Line) error { return encoder.Encode(line) }
	}
	return func(line logs.Line) error {
		_, err := fmt.Fprintln(stdout, line)
		return err
	}
}
