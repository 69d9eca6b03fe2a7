// Package logs reads the log groups of functions, state machines and APIs, and
// makes their JSON readable.
package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/jonboulle/clockwork"
	"golang.org/x/sync/errgroup"
)

// Client is the part of the CloudWatch Logs client that this package uses.
type Client interface {
	cloudwatchlogs.DescribeLogGroupsAPIClient
	cloudwatchlogs.FilterLogEventsAPIClient
}

// Query says which lines are wanted.
type Query struct {
	// Groups are the names of the log groups.
	Groups []string
	// Since is the time of the earliest line.
	Since time.Time
	// Pattern is a filter pattern of CloudWatch Logs. Empty means all lines
	// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
	Pattern string
}

// Groups returns the log groups that names mean: a stack's, those of a source, such
// as NoidleOrders/Charge or Charge, or the group itself. No names mean all groups.
func Groups(ctx context.Context, client Client, names []string) ([]string, error) {
	var all []string
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(client, &cloudwatchlogs.DescribeLogGroupsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing log groups: %w", err)
		}
		for _, group := range page.LogGroups {
			all = append(all, *group.LogGroupName)
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	var groups []string
	for _, name := range names {
		matching := slices.DeleteFunc(slices.Clone(all), func(group string) bool { return !means(name, group) })
		if len(matching) == 0 {
			var known []string
			for _, group := range all {
				known = append(known, Source(group))
			}
			return nil, fmt.Errorf("%q is no stack or function with a log group: want a stack or one of %q", name, known)
		}
		groups = append(groups, matching...)
	}
	slices.Sort(groups)
	return slices.Compact(groups), nil
}

// means returns whether a name means a log group. Lambda's own names of groups
// start with that of the stack, too.
func means(name, group string) bool {
	source := strings.ToLower(Source(group))
	stack, function, _ := strings.Cut(source, "/")
	name = strings.ToLower(name)
	return name == strings.ToLower(group) || name == source || name == stack || name == function || strings.HasPrefix(source, name+"-")
}

// requests is how many groups are read at a time: CloudWatch Logs takes few
// requests a second.
const requests = 4

// Read returns the wanted lines of all groups in the order of their times.
func Read(ctx context.Context, client Client, q Query) ([]Line, error) {
	found := make([][]Line, len(q.Groups))
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(requests)
	for i, group := range q.Groups {
		all.Go(func() error {
			in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, StartTime: new(q.Since.UnixMilli())}
			if q.Pattern != "" {
				in.FilterPattern = &q.Pattern
			}
			pages := cloudwatchlogs.NewFilterLogEventsPaginator(client, in)
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return fmt.Errorf("log group %s: %w", group, err)
				}
				for _, event := range page.Events {
					found[i] = append(found[i], newLine(group, event))
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	lines := slices.Concat(found...)
	slices.SortStableFunc(lines, func(a, b Line) int { return a.Time.Compare(b.Time) })
	return lines, nil
}

const (
	// pollEvery is how often Follow asks for new lines.
	pollEvery = 2 * time.Second
	// late is how long after its time a line may come to light.
	late = 30 * time.Second
)

// Follow calls each with the wanted lines, once each, and with new ones every two
// seconds until ctx is done, which is no error. Lines that come to light later than
// others of their time come after those.
func Follow(ctx context.Context, client Client, q Query, clock clockwork.Clock, each func(Line) error) error {
	told := map[string]time.Time{}
	for {
		lines, err := Read(ctx, client, q)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for _, line := range lines {
			key := line.Group + " " + line.id
			if _, known := told[key]; known {
				continue
			}
			told[key] = line.Time
			if err := each(line); err != nil {
				return err
			}
		}
		if since := clock.Now().Add(-late); since.After(q.Since) {
			q.Since = since
		}
		for key, at := range told {
			if at.Before(q.Since.Truncate(time.Millisecond)) {
				delete(told, key)
			}
		}
		select {
		case <-clock.After(pollEvery):
		case <-ctx.Done():
			return nil
		}
	}
}
