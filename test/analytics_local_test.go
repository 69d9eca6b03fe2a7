package test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/cmd/noidle/posts"
	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/stacks"
)

// feed is where posts are counted.
type feed struct {
	*stack
	streams *kinesis.Client
}

func newFeed(s *stack) *feed {
	return &feed{stack: s, streams: kinesis.New(kinesis.Options{
		Region: "us-east-1", BaseEndpoint: new(s.URL()), Credentials: anybody,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 10, 100*time.Millisecond }),
	})}
}

// aside lets time pass while something else is done, a hundred times as fast as it
// does: what is done takes real time.
func (f *feed) aside(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	for {
		select {
		case <-done:
			return
		case <-time.After(10 * time.Millisecond):
			f.elapse()
		}
	}
}

// TestAnalyticsUnderChaos is the whole analytics of a stream, as synthesized, with
// one call in twenty struck by a fault: 200,000 posts over eight shards, some of
// them twice, some records no posts. The counts of every window are the truth, every
// record that is no post is parked with a reason, and all is in the archive.
func TestAnalyticsUnderChaos(t *testing.T) {
	const rate, seconds, shards = 2000, 100, 8
	// The clock is behind the machine's, by which the functions tell which windows
	// are over.
	clock := clockwork.NewFakeClockAt(time.Now().Add(-45 * time.Minute).Truncate(time.Minute).Add(20 * time.Second))
	f := newFeed(openOwn(t, local.Options{Clock: clock, Chaos: 0.05, Seed: 1}, func(app awscdk.App) {
		stacks.NewAnalyticsStack(app, "Own", &stacks.AnalyticsStackProps{Analytics: &analytics.StreamAnalyticsProps{
			Shards: shards, Archive: &analytics.Archive{},
			Timeout: 10 * time.Second, // The fault of a timeout takes as long, in real time.
		}})
	}))
	generator, err := posts.NewGenerator(posts.Options{Seed: 1, Hashtags: 900, Size: 400, Duplicates: 0.01, Malformed: 0.001})
	if err != nil {
		t.Fatal(err)
	}
	var truth *posts.Truth
	f.aside(func() {
		truth, err = posts.Send(t.Context(), f.streams, f.outputs["StreamName"], generator,
			posts.SendOptions{Rate: rate, Duration: seconds * time.Second, Window: time.Minute, Clock: clock})
	})
	if err != nil {
		t.Fatal(err)
	}
	if truth.Records != rate*seconds || len(truth.Unknown) > 0 {
		t.Fatalf("%d records are sent, and perhaps %d more", truth.Records, len(truth.Unknown))
	}
	if len(truth.Windows) < 2 || truth.Duplicates == 0 || truth.Malformed == 0 {
		t.Fatalf("%d windows, %d duplicates, %d malformed: this shows too little", len(truth.Windows), truth.Duplicates, truth.Malformed)
	}
	f.aside(func() {
		if err := posts.Compare(t.Context(), clock, f.outputs["TrendsUrl"], truth, func(line string) { t.Log(line) }); err != nil {
			t.Error(err)
		}
	})
	f.checkLanguages(t, truth)
	f.checkSeries(t, truth)

	sent := f.readStream(t)
	if used := len(sent.shards); used != shards {
		t.Errorf("the posts are in %d shards, want %d", used, shards)
	}
	f.checkFailures(t, sent.malformed)
	f.checkArchive(t, sent.ids)
	report := f.Report()
	unused := slices.DeleteFunc(neverUsed(t, "Own", report), documented)
	if len(unused) > 0 {
		t.Errorf("granted and never used: %q", unused)
	}
	t.Logf("%d posts, %d sent again, %d malformed; injected faults: %v", truth.Posts, truth.Duplicates, truth.Malformed, report.Faults)
}

// documented returns whether a grant is one that Firehose is documented to need, but
// has no use for here: where nothing fails and no file is large
// (https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html).
func documented(grant string) bool {
	role, rest, _ := strings.Cut(grant, " ")
	action, resource, _ := strings.Cut(rest, " ")
	if role != "Own/Analytics/DeliveryRole" {
		return false
	}
	switch action {
	case "kinesis:ListShards", "logs:PutLogEvents", "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:ListBucketMultipartUploads":
		return true
	case "s3:PutObject":
		return strings.HasSuffix(resource, "/posts-errors/*")
	}
	return false
}

// get gets JSON from the API, as a patient client does.
func (f *feed) get(t *testing.T, path string, query url.Values, into any) {
	t.Helper()
	for {
		response, err := http.Get(f.outputs["TrendsUrl"] + path + "?" + query.Encode())
		if err != nil {
			t.Fatal(err)
		}
		body := new(bytes.Buffer)
		_, err = body.ReadFrom(response.Body)
		_ = response.Body.Close()
		switch {
		case err != nil:
			t.Fatal(err)
		case response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= 500:
			f.elapse()
		case response.StatusCode != http.StatusOK:
			t.Fatalf("GET %s: %s: %s", response.Request.URL, response.Status, body)
		default:
			if err := json.Unmarshal(body.Bytes(), into); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
}

// checkLanguages: the trends of a window in one language are the truth, with the
// counts of the window before.
func (f *feed) checkLanguages(t *testing.T, truth *posts.Truth) {
	t.Helper()
	type trend struct {
		Hashtag  string
		Count    int
		Previous int
	}
	before, window := truth.Windows[0], truth.Windows[1]
	for language := range window.Languages {
		var want []trend
		for _, top := range window.Top(language, 20) {
			want = append(want, trend{top.Hashtag, top.Count, before.Count(language, top.Hashtag)})
		}
		var got struct{ Trends []trend }
		f.get(t, "", url.Values{"at": {window.Start.Add(30 * time.Second).Format(time.RFC3339)}, "lang": {language}}, &got)
		if diff := cmp.Diff(want, got.Trends); diff != "" {
			t.Errorf("trends in %s (-want +got):\n%s", language, diff)
		}
	}
}

// checkSeries: the counts of the most frequent hashtag over the last hour are the
// truth.
func (f *feed) checkSeries(t *testing.T, truth *posts.Truth) {
	t.Helper()
	hashtag := truth.Top("", 1)[0].Hashtag
	want := map[string]int{}
	for _, w := range truth.Windows {
		want[w.Start.Format(time.RFC3339)] = w.Count("", hashtag)
	}
	var series struct {
		Points []struct {
			Start string
			Count int
		}
	}
	f.get(t, "/"+url.PathEscape("#"+hashtag), url.Values{"minutes": {"60"}}, &series)
	got := map[string]int{}
	for _, p := range series.Points {
		if p.Count > 0 {
			got[p.Start] = p.Count
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(series.Points) != 60 {
		t.Errorf("%d points of #%s (-want +got):\n%s", len(series.Points), hashtag, diff)
	}
}

// contents are what is in a stream.
type contents struct {
	shards    map[string]bool
	malformed map[string]bool // by sequence number
	ids       map[string]bool // of posts
}

// readStream reads all records of the stream.
func (f *feed) readStream(t *testing.T) contents {
	t.Helper()
	name := f.outputs["StreamName"]
	c := contents{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	out, err := f.streams.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: &name})
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range out.Shards {
		iterator, err := f.streams.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
			StreamName: &name, ShardId: shard.ShardId, ShardIteratorType: kinesistypes.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			t.Fatal(err)
		}
		for next, behind := iterator.ShardIterator, true; behind; {
			page, err := f.streams.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: next})
			if err != nil {
				f.pass(1) // throttled, or a fault
				continue
			}
			for _, r := range page.Records {
				c.shards[*shard.ShardId] = true
				if id := postID(r.Data); id != "" {
					c.ids[id] = true
				} else {
					c.malformed[*r.SequenceNumber] = true
				}
			}
			next, behind = page.NextShardIterator, len(page.Records) > 0 || *page.MillisBehindLatest > 0
		}
	}
	return c
}

// postID returns the ID of a post, and nothing for what is none.
func postID(data []byte) string {
	var p struct {
		ID, Text  string
		CreatedAt time.Time
	}
	err := json.Unmarshal(data, &p)
	// encoding/json has half a surrogate pair be U+FFFD, which is in no post.
	if err != nil || !utf8.Valid(data) || p.Text == "" || strings.ContainsRune(p.Text, utf8.RuneError) {
		return ""
	}
	return p.ID
}

// checkFailures: exactly the malformed records are parked, each with a reason.
func (f *feed) checkFailures(t *testing.T, want map[string]bool) {
	t.Helper()
	got := map[string]bool{}
	for f.count(t, "FailuresQueue") > 0 {
		out, err := f.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: new(f.outputs["FailuresQueue"]), MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			var message struct {
				Reason           string
				KinesisBatchInfo struct{ StartSequenceNumber, EndSequenceNumber string }
			}
			if err := json.Unmarshal([]byte(*m.Body), &message); err != nil {
				t.Fatal(err)
			}
			info := message.KinesisBatchInfo
			if !strings.HasPrefix(message.Reason, "post: ") || info.StartSequenceNumber != info.EndSequenceNumber {
				t.Errorf("a parked message is %s", *m.Body)
			}
			got[info.StartSequenceNumber] = true
			if _, err := f.queues.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: new(f.outputs["FailuresQueue"]), ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parked records by sequence number (-want +got):\n%s", diff)
	}
}

var archiveKey = regexp.MustCompile(`^posts/\d{4}/\d\d/\d\d/\d\d/Own-.+\.gz$`)

// checkArchive: all posts of the stream are in the archive, once Firehose has
// gathered them.
func (f *feed) checkArchive(t *testing.T, want map[string]bool) {
	t.Helper()
	got := map[string]bool{}
	seen := map[string]bool{}
	objects := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: new(f.URL()), Credentials: anybody})
	bucket := new(f.outputs["ArchiveBucket"])
	for deadline := time.Now().Add(patience); len(got) < len(want) && time.Now().Before(deadline); {
		f.pass(20)
		page, err := objects.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, Prefix: new("posts/")})
		if err != nil {
			continue // a fault
		}
		for _, object := range page.Contents {
			if seen[*object.Key] {
				continue
			}
			ids, err := archivedIDs(t.Context(), objects, *bucket, *object.Key)
			if err != nil {
				continue
			}
			seen[*object.Key] = true
			for _, id := range ids {
				got[id] = true
			}
		}
	}
	delete(got, "")
	if !maps.Equal(want, got) {
		t.Errorf("%d posts are in %d files of the archive, want %d", len(got), len(seen), len(want))
	}
	for key := range seen {
		if !archiveKey.MatchString(key) {
			t.Errorf("a key of the archive is %s", key)
		}
	}
}

// archivedIDs returns the IDs of the posts in a file of the archive.
func archivedIDs(ctx context.Context, objects *s3.Client, bucket, key string) ([]string, error) {
	out, err := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Body.Close() }()
	unzipped, err := gzip.NewReader(out.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	var ids []string
	lines := bufio.NewScanner(unzipped)
	for lines.Scan() {
		ids = append(ids, postID(lines.Bytes()))
	}
	return ids, lines.Err()
}
