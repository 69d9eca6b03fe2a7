// Package trial drives the reference app's orders, photos and posts at once
// through a local cloud that injects faults, lets everything settle, and checks
// that nothing is lost or doubled.
package trial

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
)

// The stacks that a trial is about.
const (
	ordersStack     = "NoidleOrders"
	thumbnailsStack = "NoidleThumbnails"
	analyticsStack  = "NoidleAnalytics"
)

// Options configure a trial.
type Options struct {
	// Seed decides what is done, and which of each subject's opportunities for a
	// fault are struck. What happens at the same time is interleaved as it comes.
	Seed uint64
	// Rate is the share of opportunities that a fault strikes, 0 to 1.
	Rate float64
	// Length is for how long new rounds begin, in real time. There is one at least.
	Length time.Duration
	// Progress is told of each round and of what is waited for.
	Progress func(line string)
}

// A round is this much work, all of it at once.
const (
	ordersOfRound = 120
	photosOfRound = 40
	postsRate     = 200 // a second
	postsOfRound  = time.Minute
	// overload is ten times the 500 requests a second that POST /orders takes by
	// default, in one second.
	overload = 10 * 500
	// poison is how many messages that nobody can read each queue gets in a trial.
	poison = 3
)

// patience is how long what was begun has to come to its end, in simulated time,
// and at least a minute of real time, as the machine needs it. A message that always
// fails is parked after five times six minutes.
const patience = 2 * time.Hour

// behind is how far the simulated time is behind real time at first. Functions tell
// by the machine's clock which windows are over, so it never gets ahead.
const behind = 48 * time.Hour

type trial struct {
	options Options
	*Result
	cloud *local.Cloud
	clock *clockwork.FakeClock

	tables  *dynamodb.Client
	queues  *sqs.Client
	objects *s3.Client
	streams *kinesis.Client
	logs    *cloudwatchlogs.Client

	shop  shop
	album album
	feed  feed
	trail trail
	watch *watch
}

// Run runs the reference app's cloud assembly in a directory, with functions built
// for this machine. The error is of a trial that could not be carried out; what it
// found is in the Result.
func Run(ctx context.Context, assembly string, o Options) (*Result, error) {
	clock := clockwork.NewFakeClockAt(time.Now().Add(-behind).Truncate(time.Minute))
	watch := &watch{fired: map[string]bool{}}
	cloud, err := local.Start(assembly, local.Options{Clock: clock, Chaos: o.Rate, Seed: o.Seed, Report: watch.report})
	if err != nil {
		return nil, err
	}
	defer cloud.Close()
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	t := &trial{options: o, Result: &Result{Seed: o.Seed, Rate: o.Rate}, cloud: cloud, clock: clock, watch: watch}
	t.connect()
	return t.Result, t.run(ctx)
}

func (t *trial) connect() {
	endpoint, anybody := aws.String(t.cloud.URL()), credentials.NewStaticCredentialsProvider("local", "local", "")
	t.tables = dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: endpoint, Credentials: anybody})
	t.queues = sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: endpoint, Credentials: anybody})
	t.objects = s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: endpoint, Credentials: anybody})
	t.logs = cloudwatchlogs.New(cloudwatchlogs.Options{Region: "us-east-1", BaseEndpoint: endpoint, Credentials: anybody})
	t.streams = kinesis.New(kinesis.Options{
		Region: "us-east-1", BaseEndpoint: endpoint, Credentials: anybody,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 10 }),
	})
	t.shop, t.album, t.feed, t.trail = newShop(t), newAlbum(t), newFeed(t), newTrail()
}

func (t *trial) run(ctx context.Context) error {
	began, simulated := time.Now(), t.clock.Now()
	passing, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { t.pass(passing) })
	background.Go(func() { t.follow(passing) })
	err := t.drive(ctx)
	if err == nil {
		err = t.check(ctx)
	}
	t.Elapsed, t.Simulated = time.Since(began), t.clock.Since(simulated)
	stop()
	background.Wait()
	if err != nil {
		return err
	}
	t.checkTrail(ctx)
	return ctx.Err()
}

// pass lets time pass, unless a function runs: functions take real time, and must
// not see it fly.
func (t *trial) pass(ctx context.Context) {
	for ctx.Err() == nil {
		if t.cloud.Running() == 0 && time.Since(t.clock.Now()) > time.Minute {
			t.clock.Advance(time.Second)
		}
		time.Sleep(2 * time.Millisecond) // what the second set off runs in real time
	}
}

// drive does rounds of work: the orders, photos and posts of each at once.
func (t *trial) drive(ctx context.Context) error {
	if err := t.sendPoison(ctx); err != nil {
		return err
	}
	until := time.Now().Add(t.options.Length)
	for round := 0; round == 0 || time.Now().Before(until); round++ {
		parts := []func(context.Context, int) error{t.placeOrders, t.overload, t.putPhotos, t.sendPosts}
		failures := make([]error, len(parts))
		var work sync.WaitGroup
		for i, part := range parts {
			work.Go(func() { failures[i] = part(ctx, round) })
		}
		work.Wait()
		for _, err := range failures {
			if err != nil {
				return err
			}
		}
		t.options.Progress(fmt.Sprintf("round %d: %d orders, %d photos, %d posts so far", round+1, len(t.shop.accepted), len(t.album.want), t.feed.posts))
	}
	return nil
}

// check waits until all is settled, and compares what there is with what there
// should be.
func (t *trial) check(ctx context.Context) error {
	for _, part := range []func(context.Context) error{t.checkOrders, t.checkPhotos, t.checkPosts} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	report := t.cloud.Report()
	t.Faults, t.Roles = report.Faults, report.Roles
	for _, role := range report.Roles {
		for _, denied := range role.Denied {
			t.violated("%s was denied %s on %s", role.Role, denied.Action, denied.Resource)
		}
	}
	return nil
}

// await asks until something is settled, and returns whether it is in time.
func (t *trial) await(ctx context.Context, what string, settled func() (bool, error)) (bool, error) {
	t.options.Progress("waiting for " + what)
	begin, deadline := time.Now(), t.clock.Now().Add(patience)
	for ; t.clock.Now().Before(deadline) || time.Since(begin) < time.Minute; time.Sleep(20 * time.Millisecond) {
		if done, err := settled(); done || err != nil {
			return done, err
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// atOnce does n pieces of work, sixteen at a time, and returns the first error.
func atOnce(n int, do func(i int) error) error {
	work, failures := make(chan int), make(chan error, n)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for i := range work {
				if err := do(i); err != nil {
					failures <- err
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wait.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}
