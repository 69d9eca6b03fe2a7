package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/posts"
)

// postsFlags are the flags of noidle posts.
type postsFlags struct {
	stream, endpoint, truth, trends string
	posts                           posts.Options
	send                            posts.SendOptions
}

func runPosts(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	var f postsFlags
	flags := flag.NewFlagSet("noidle posts", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, "usage: noidle posts -stream NAME [flags]\n\nPuts posts into a Kinesis data stream, and tells which hashtags are in them.\n"+
			whereAndWho+"Ctrl-C ends it early.\n\nFlags:\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&f.stream, "stream", "", "`name` of the stream, the stack's output StreamName; required")
	endpointFlag(flags, &f.endpoint)
	flags.Float64Var(&f.send.Rate, "rate", 1000, "how many `posts` a second")
	flags.DurationVar(&f.send.Duration, "duration", time.Minute, "how long")
	flags.DurationVar(&f.send.Window, "window", time.Minute, "`length` of the windows that hashtags are counted in")
	flags.Uint64Var(&f.posts.Seed, "seed", 1, "`number` that decides what the posts are")
	flags.IntVar(&f.posts.Hashtags, "hashtags", 2000, "`number` of different hashtags")
	flags.IntVar(&f.posts.Size, "size", 1000, "about how many `bytes` of JSON a post has, from 300 to 60000")
	flags.Float64Var(&f.posts.Duplicates, "duplicates", 0.01, "`share` of posts, 0 to 1, that are sent twice")
	flags.Float64Var(&f.posts.Malformed, "malformed", 0, "`share` of records, 0 to 1, that are no posts")
	flags.StringVar(&f.truth, "truth", "", "at the end, write to this `file` how often each hashtag is in what was put")
	flags.StringVar(&f.trends, "trends", "", "at the end, compare that with the counts at this `URL`, such as http://127.0.0.1:4567/trends")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if f.stream == "" || flags.NArg() > 0 {
		flags.Usage()
		return fmt.Errorf("posts: want -stream with the name of a stream, such as the stack's output StreamName, and flags only, not %q", flags.Args())
	}
	if err := f.run(ctx, stdout, stderr); err != nil {
		return fmt.Errorf("posts: %w", err)
	}
	return nil
}

// run puts posts, then tells and compares what was put.
func (f postsFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	generator, err := posts.NewGenerator(f.posts)
	if err != nil {
		return err
	}
	config, err := configFor(ctx, f.endpoint)
	if err != nil {
		return err
	}
	var last posts.Progress
	f.send.Clock = clockwork.NewRealClock()
	f.send.Progress = func(p posts.Progress) {
		last = p
		_, _ = fmt.Fprintf(stderr, "%5.0f s  %d records  %.0f/s  %d retries\n", p.Elapsed.Seconds(), p.Records, p.Rate(), p.Retries)
	}
	truth, err := posts.Send(ctx, kinesis.NewFromConfig(config), f.stream, generator, f.send)
	if truth == nil {
		return err
	}
	err = errors.Join(err, posts.Summarize(stdout, truth, last))
	if f.truth != "" {
		err = errors.Join(err, writeJSON(f.truth, truth))
	}
	if f.trends == "" || err != nil {
		return err
	}
	return posts.Compare(ctx, f.send.Clock, f.trends, truth, func(line string) { _, _ = fmt.Fprintln(stdout, line) })
}
