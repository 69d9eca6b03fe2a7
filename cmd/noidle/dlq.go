package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/deadletters"
)

const dlqUsage = `usage: noidle dlq list [flags]
       noidle dlq peek [flags] QUEUE
       noidle dlq redrive [flags] QUEUE
       noidle dlq purge [flags] QUEUE

list tells of dead-letter queues: how many messages are in each, how old the oldest
of the first ten is, and where they come from. peek shows messages and leaves them in
the queue: they are hidden for a moment, 30 seconds at most, and count as received
once more, as the first ten do with list. redrive sends messages back to the queues
that they come from. purge deletes all messages. QUEUE is a name or a part of one.
` + whereAndWho

// dlqFlags are the flags of noidle dlq.
type dlqFlags struct {
	stack, endpoint       string
	number, maximum, rate int
	inJSON, yes           bool
	command               string
	stdout, stderr        io.Writer
	clock                 clockwork.Clock
}

func runDLQ(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	f := dlqFlags{stdout: stdout, stderr: stderr, clock: clockwork.NewRealClock()}
	if len(arguments) > 0 {
		f.command, arguments = arguments[0], arguments[1:]
	}
	flags := flag.NewFlagSet("noidle dlq "+f.command, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, dlqUsage+"\nFlags:\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&f.stack, "stack", "", "only the queues of the stack with this `name`; by default all")
	endpointFlag(flags, &f.endpoint)
	flags.BoolVar(&f.inJSON, "json", false, "print JSON")
	wanted := 1
	switch f.command {
	case "list":
		wanted = 0
	case "peek":
		flags.IntVar(&f.number, "n", 10, "show this `number` of messages at most")
	case "redrive":
		flags.IntVar(&f.maximum, "max", 0, "send this `number` of messages back at most; 0 means all")
		flags.IntVar(&f.rate, "rate", 0, "send this `number` of messages back a second, 1 to 500; 0 means as fast as SQS does it")
		fallthrough
	case "purge":
		flags.BoolVar(&f.yes, "yes", false, "do not ask")
	case "-h", "-help", "--help":
		flags.Usage()
		return flag.ErrHelp
	default:
		flags.Usage()
		return fmt.Errorf("dlq: want list, peek, redrive or purge, not %q", f.command)
	}
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() != wanted || f.number < 0 || f.maximum < 0 || f.rate < 0 || f.rate > 500 {
		flags.Usage()
		return fmt.Errorf("dlq %s: want %d names of queues after the flags, not %q, no negative numbers, and a rate of at most 500", f.command, wanted, flags.Args())
	}
	if err := f.run(ctx, flags.Arg(0)); err != nil {
		return fmt.Errorf("dlq %s: %w", f.command, err)
	}
	return nil
}

func (f dlqFlags) run(ctx context.Context, text string) error {
	account, err := configFor(ctx, f.endpoint)
	if err != nil {
		return err
	}
	client := sqs.NewFromConfig(account)
	queues, err := deadletters.List(ctx, client, f.stack)
	switch {
	case err != nil:
		return err
	case f.stack != "" && len(queues) == 0:
		return fmt.Errorf("no dead-letter queue is of a stack %q: check -stack, or leave it out to see all", f.stack)
	}
	if f.command == "list" {
		return f.list(ctx, client, queues)
	}
	queue, err := deadletters.Find(queues, text)
	if err != nil {
		return err
	}
	switch f.command {
	case "peek":
		return f.peek(ctx, client, queue)
	case "redrive":
		return f.redrive(ctx, client, queue)
	}
	return f.purge(ctx, client, queue)
}

func (f dlqFlags) list(ctx context.Context, client deadletters.Client, queues []deadletters.Queue) error {
	for i := range queues {
		if err := queues[i].Age(ctx, client); err != nil {
			return err
		}
	}
	if f.inJSON {
		return printJSON(f.stdout, queues)
	}
	table := tabwriter.NewWriter(f.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "QUEUE\tMESSAGES\tOLDEST\tFROM")
	for _, q := range queues {
		age := "-"
		if q.Oldest != nil {
			age = f.clock.Since(*q.Oldest).Round(time.Second).String()
		}
		_, _ = fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", q.Name, q.Messages, age, cmp.Or(strings.Join(q.Sources, ", "), "no queue: redrive is not possible"))
	}
	return table.Flush()
}

func (f dlqFlags) peek(ctx context.Context, client deadletters.Client, q *deadletters.Queue) error {
	messages, err := deadletters.Peek(ctx, client, q, f.number)
	if err != nil {
		return err
	}
	if f.inJSON {
		return printJSON(f.stdout, messages)
	}
	for _, m := range messages {
		_, _ = fmt.Fprintf(f.stdout, "%s  sent %s, received %d times", m.ID, m.Sent.Format(time.RFC3339), m.Receives)
		if m.Source != "" {
			_, _ = fmt.Fprintf(f.stdout, ", from %s", m.Source[strings.LastIndexByte(m.Source, ':')+1:])
		}
		_, _ = fmt.Fprintln(f.stdout)
		for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
			_, _ = fmt.Fprintf(f.stdout, "  %s: %s\n", name, m.Attributes[name])
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, m.Body, "  ", "  "); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(f.stdout, "  %s\n", pretty.String())
	}
	_, _ = fmt.Fprintf(f.stderr, "%d of %d messages of %s; all are still in it\n", len(messages), q.Messages, q.Name)
	return nil
}

func (f dlqFlags) redrive(ctx context.Context, client deadletters.Client, q *deadletters.Queue) error {
	if err := q.CheckRedrive(); err != nil {
		return err
	}
	total := q.Messages
	if f.maximum > 0 {
		total = min(total, f.maximum)
	}
	const done = "%d messages of %s are sent back\n"
	if total == 0 {
		return f.report(q, "redriven", 0, done)
	}
	if err := f.confirm(ctx, fmt.Sprintf("send %d messages of %s back to %s?", total, q.Name, strings.Join(q.Sources, ", "))); err != nil {
		return err
	}
	moved, err := deadletters.Redrive(ctx, client, q, deadletters.Options{Max: f.maximum, Rate: f.rate, Clock: f.clock, Progress: func(moved, total int) {
		_, _ = fmt.Fprintf(f.stderr, "%d of about %d sent back\n", moved, total)
	}})
	return cmp.Or(err, f.report(q, "redriven", moved, done))
}

func (f dlqFlags) purge(ctx context.Context, client deadletters.Client, q *deadletters.Queue) error {
	if q.Messages > 0 {
		if err := f.confirm(ctx, fmt.Sprintf("delete all %d messages of %s for good?", q.Messages, q.Name)); err != nil {
			return err
		}
		if err := deadletters.Purge(ctx, client, q); err != nil {
			return err
		}
	}
	return f.report(q, "deleted", q.Messages, "%d messages of %s are deleted\n")
}

// confirm asks, unless -yes is given.
func (f dlqFlags) confirm(ctx context.Context, question string) error {
	if f.yes {
		return nil
	}
	return confirm(ctx, os.Stdin, f.stderr, question)
}

// report prints what was done with how many messages.
func (f dlqFlags) report(q *deadletters.Queue, done string, count int, format string) error {
	if f.inJSON {
		return printJSON(f.stdout, map[string]any{"queue": q.Name, done: count})
	}
	_, err := fmt.Fprintf(f.stdout, format, count, q.Name)
	return err
}

// printJSON prints a value as JSON over several lines.
func printJSON(stdout io.Writer, value any) error {
	encoder := json.NewEncoder(stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
