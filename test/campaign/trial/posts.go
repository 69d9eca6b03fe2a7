package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noidle/noidle/cmd/noidle/posts"
)

// feed is where posts are counted.
type feed struct {
	outputs   map[string]string
	truth     *posts.Truth // of all rounds
	posts     int
	malformed int
}

func newFeed(t *trial) feed {
	return feed{outputs: t.cloud.Outputs()[analyticsStack], truth: posts.NewTruth(time.Minute)}
}

// sendPosts sends the posts of a round, some of them twice, and some records that
// are no posts.
func (t *trial) sendPosts(ctx context.Context, round int) error {
	generator, err := posts.NewGenerator(posts.Options{
		Seed: t.Seed + uint64(round)<<32, Hashtags: 300, Size: 400, Duplicates: 0.02, Malformed: 0.002,
	})
	if err != nil {
		return err
	}
	truth, err := posts.Send(ctx, t.streams, t.feed.outputs["StreamName"], generator,
		posts.SendOptions{Rate: postsRate, Duration: postsOfRound, Window: time.Minute, Clock: t.clock})
	if err != nil {
		return err
	}
	if len(truth.Unknown) > 0 {
		return fmt.Errorf("of %d posts it is not known whether they were put", len(truth.Unknown))
	}
	t.feed.posts += truth.Posts
	t.feed.malformed += truth.Malformed
	for _, w := range truth.Windows {
		t.feed.add(w)
	}
	return nil
}

// add adds the counts of a window, in which an earlier round may have sent, too.
func (f *feed) add(w posts.Window) {
	i := slices.IndexFunc(f.truth.Windows, func(o posts.Window) bool { return o.Start.Equal(w.Start) })
	if i < 0 {
		f.truth.Windows = append(f.truth.Windows, w)
		return
	}
	same := &f.truth.Windows[i]
	same.Posts += w.Posts
	for language, counts := range w.Languages {
		if same.Languages[language] == nil {
			same.Languages[language] = map[string]int{}
		}
		for tag, n := range counts {
			same.Languages[language][tag] += n
		}
	}
}

// checkPosts: the counts of every window are the truth, and exactly the malformed
// records are parked, each with a reason.
func (t *trial) checkPosts(ctx context.Context) error {
	t.options.Progress("waiting for posts")
	work := Work{Name: "posts", Accepted: t.feed.posts + t.feed.malformed}
	for _, w := range t.feed.truth.Windows {
		one := posts.NewTruth(time.Minute)
		one.Windows = []posts.Window{w}
		var lines []string
		if err := posts.Compare(ctx, t.clock, t.feed.outputs["TrendsUrl"], one, func(line string) { lines = append(lines, line) }); err != nil {
			t.violated("posts: %v: %s", err, strings.Join(lines, "; "))
			lost, doubled := differences(lines)
			work.Lost, work.Doubled = work.Lost+lost, work.Doubled+doubled
			continue
		}
		work.Final += w.Posts
	}
	messages, err := t.parked(ctx, t.feed.outputs["FailuresQueue"], failuresAlarm)
	if err != nil {
		return err
	}
	records := map[string]bool{}
	for _, body := range messages {
		var message struct {
			Reason           string
			KinesisBatchInfo struct{ ShardID, StartSequenceNumber, EndSequenceNumber string }
		}
		err := json.Unmarshal([]byte(body), &message)
		info := message.KinesisBatchInfo
		if err != nil || message.Reason == "" || info.StartSequenceNumber != info.EndSequenceNumber {
			t.violated("nobody knows why %s is in the failures queue", body)
		}
		records[info.ShardID+" "+info.StartSequenceNumber] = true
	}
	work.Parked = len(records)
	work.Lost += max(0, t.feed.malformed-work.Parked)
	work.Doubled += max(0, work.Parked-t.feed.malformed)
	if work.Parked != t.feed.malformed {
		t.violated("%d records are no posts, and %d are in the failures queue", t.feed.malformed, work.Parked)
	}
	t.Work = append(t.Work, work)
	return nil
}

// differences returns how many mentions of hashtags are missing and how many too
// many, one at least: only the first of the differences are told.
func differences(lines []string) (lost, doubled int) {
	for _, line := range lines {
		_, line, _ = strings.Cut(line, "#")
		_, numbers, _ := strings.Cut(line, ": ")
		var counted, put int
		if n, _ := fmt.Sscanf(numbers, "counted %d, put %d", &counted, &put); n == 2 {
			lost, doubled = lost+max(0, put-counted), doubled+max(0, counted-put)
		}
	}
	return max(lost, 1), doubled
}
