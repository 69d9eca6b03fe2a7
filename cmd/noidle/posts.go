package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/posts"
	"github.com/noidle/noidle/functions/kit/awsconfig"
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
			"AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN say\nwhere and as whom; the local cloud needs none of them. Ctrl-C ends it early.\n\nFlags:\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&f.stream, "stream", "", "`name` of the stream, the stack's output StreamName; required")
	flags.StringVar(&f.endpoint, "endpoint", os.Getenv("AWS_ENDPOINT_URL"), "`URL` of Kinesis, such as http://127.0.0.1:4566 for the local cloud; by default AWS_ENDPOINT_URL, or else AWS")
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
	config, err := configFor(f.endpoint)
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

// attempts is how often a request is tried, in about ten seconds.
const attempts = 5

// configFor returns the configuration for an endpoint, by default that of AWS. The
// local cloud takes any keys, so there nothing has to be set.
func configFor(endpoint string) (aws.Config, error) {
	config, err := awsconfig.FromEnvironment()
	if err != nil {
		if !isLoopback(endpoint) {
			return config, fmt.Errorf("%w; for the local cloud, give its address as -endpoint or AWS_ENDPOINT_URL", err)
		}
		config = aws.Config{
			Region: cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"),
			Credentials: credentials.NewStaticCredentialsProvider(
				cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), "local"), cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), "local"), ""),
		}
	}
	config.RetryMaxAttempts = attempts
	if endpoint != "" {
		config.BaseEndpoint = &endpoint
	}
	return config, nil
}

func isLoopback(endpoint string) bool {
	address, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	return address.Hostname() == "localhost" || net.ParseIP(address.Hostname()).IsLoopback()
}
