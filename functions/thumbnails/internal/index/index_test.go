package index_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/internal/photo"
	"github.com/noidle/noidle/functions/internal/thumbnail"
	"github.com/noidle/noidle/functions/thumbnails/internal/index"
	local "github.com/noidle/noidle/local/dynamodb"
)

// newIndex returns an index in a table of the local cloud, and the table's client.
func newIndex(t *testing.T) (*index.Index, *dynamodb.Client) {
	t.Helper()
	service := local.New(clockwork.NewRealClock())
	if err := service.CreateTable(local.Table{Name: "index", Key: local.KeySchema{Partition: "key"}, Attributes: map[string]string{"key": "S"}}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service.Operations().JSON())
	t.Cleanup(server.Close)
	client := dynamodb.NewFromConfig(aws.Config{
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		BaseEndpoint: &server.URL,
	})
	return index.New(client, "index"), client
}

var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	mine  = thumbnail.Lease{Owner: "me", Until: now.Add(time.Minute)}
	yours = thumbnail.Lease{Owner: "you", Until: now.Add(time.Hour)}
)

func TestLease(t *testing.T) {
	x, _ := newIndex(t)
	ctx := t.Context()
	if _, known, err := x.Get(ctx, "p"); known || err != nil {
		t.Errorf("an entry that is not there: %t, %v", known, err)
	}
	got, err := x.Claim(ctx, "p", mine, now, []string{"p/a.jpg", "p/b.jpg"})
	if err != nil {
		t.Fatal(err)
	}
	want := thumbnail.Entry{Key: "p", Status: thumbnail.Processing, Objects: []string{"p/a.jpg", "p/b.jpg"}, Lease: &mine}
	if diff := cmp.Diff(want, got, sorted, sameTime); diff != "" {
		t.Errorf("claimed entry (-want +got):\n%s", diff)
	}
	if _, err := x.Claim(ctx, "p", yours, now, nil); !errors.Is(err, thumbnail.ErrBusy) {
		t.Errorf("claiming what is claimed: %v, want busy", err)
	}
	for name, try := range map[string]func() error{
		"commit":  func() error { return x.Commit(ctx, thumbnail.Entry{Key: "p"}, yours) },
		"remove":  func() error { return x.Remove(ctx, "p", yours) },
		"release": func() error { return x.Release(ctx, "p", yours) },
		"renew":   func() error { return x.Renew(ctx, "p", yours) },
	} {
		if err := try(); !errors.Is(err, thumbnail.ErrLeaseLost) {
			t.Errorf("%s with another's lease: %v, want lease lost", name, err)
		}
	}

	longer := thumbnail.Lease{Owner: mine.Owner, Until: mine.Until.Add(time.Minute)}
	if err := x.Renew(ctx, "p", longer); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Claim(ctx, "p", yours, mine.Until, nil); !errors.Is(err, thumbnail.ErrBusy) {
		t.Errorf("claiming what is renewed: %v, want busy", err)
	}

	// A lease that has run out can be taken over; objects of both attempts count.
	got, err = x.Claim(ctx, "p", yours, longer.Until, []string{"p/b.jpg", "p/c.jpg"})
	if err != nil {
		t.Fatal(err)
	}
	want.Objects, want.Lease = []string{"p/a.jpg", "p/b.jpg", "p/c.jpg"}, &yours
	if diff := cmp.Diff(want, got, sorted, sameTime); diff != "" {
		t.Errorf("entry taken over (-want +got):\n%s", diff)
	}
	if err := x.Commit(ctx, thumbnail.Entry{Key: "p"}, mine); !errors.Is(err, thumbnail.ErrLeaseLost) {
		t.Errorf("commit after the lease ran out: %v, want lease lost", err)
	}

	// So can one that was given back.
	if err := x.Release(ctx, "p", yours); err != nil {
		t.Fatal(err)
	}
	if got, _, err := x.Get(ctx, "p"); err != nil || got.Lease == nil || got.Lease.Until.After(now) {
		t.Errorf("entry given back: %+v, %v; want a lease that has run out", got, err)
	}
	if _, err := x.Claim(ctx, "p", mine, now, nil); err != nil {
		t.Errorf("claiming what was given back: %v", err)
	}
	if err := x.Remove(ctx, "p", mine); err != nil {
		t.Fatal(err)
	}
	if _, known, err := x.Get(ctx, "p"); known || err != nil {
		t.Errorf("a removed entry: %t, %v", known, err)
	}
}

// Sets have no order, and times come back in another location.
var (
	sorted   = cmpopts.SortSlices(strings.Compare)
	sameTime = cmp.Comparer(time.Time.Equal)
)

func TestCommit(t *testing.T) {
	tests := []struct {
		name  string
		entry thumbnail.Entry
	}{
		{"ready", thumbnail.Entry{
			Key: "photos/a b+c/사진.jpg", Status: thumbnail.Ready,
			Source: thumbnail.Source{ETag: "abc-2", VersionID: "v1", Bytes: 4_000_000},
			Format: "jpeg", Width: 4000, Height: 3000,
			Thumbnails: []thumbnail.Thumbnail{{Name: "web", Key: "k/web.jpg", Width: 1280, Height: 960, Bytes: 100_000}},
			Recipe:     "0123456789abcdef", UpdatedAt: now.Add(123 * time.Millisecond), Objects: []string{"k/web.jpg"},
		}},
		{"rejected", thumbnail.Entry{
			Key: "p", Status: thumbnail.Rejected, Code: photo.UnknownFormat, Reason: "text, not a picture",
			Source: thumbnail.Source{ETag: "abc", Bytes: 10}, Recipe: "0123456789abcdef", UpdatedAt: now,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, _ := newIndex(t)
			if _, err := x.Claim(t.Context(), tt.entry.Key, mine, now, []string{"before"}); err != nil {
				t.Fatal(err)
			}
			if err := x.Commit(t.Context(), tt.entry, mine); err != nil {
				t.Fatal(err)
			}
			got, known, err := x.Get(t.Context(), tt.entry.Key)
			if err != nil || !known {
				t.Fatalf("known: %t, error: %v", known, err)
			}
			if diff := cmp.Diff(tt.entry, got, sorted, sameTime); diff != "" {
				t.Errorf("entry (-committed +got):\n%s", diff)
			}
			if claimed, err := x.Claim(t.Context(), tt.entry.Key, yours, now, nil); err != nil || claimed.Status != tt.entry.Status {
				t.Errorf("claimed again it is %s, %v; want the status to stay %s", claimed.Status, err, tt.entry.Status)
			}
		})
	}
}

// TestUnreadable: an item that somebody else wrote is an error, not a guess.
func TestUnreadable(t *testing.T) {
	text, number := &types.AttributeValueMemberS{Value: "x"}, &types.AttributeValueMemberN{Value: "1.5"}
	tests := []struct {
		name  string
		value types.AttributeValue
	}{
		{"status", &types.AttributeValueMemberBOOL{Value: true}},
		{"width", number},
		{"updatedAt", text},
		{"thumbnails", text},
		{"objects", number},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, client := newIndex(t)
			if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: aws.String("index"),
				Item:      map[string]types.AttributeValue{"key": &types.AttributeValueMemberS{Value: "p"}, tt.name: tt.value},
			}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := x.Get(t.Context(), "p"); err == nil || !strings.HasPrefix(err.Error(), "index: ") {
				t.Errorf("error is %v, want one of the index", err)
			}
		})
	}
}

// TestFailures: what DynamoDB refuses is passed on.
func TestFailures(t *testing.T) {
	_, client := newIndex(t)
	x := index.New(client, "no-such-table")
	ctx := t.Context()
	_, _, get := x.Get(ctx, "p")
	_, claim := x.Claim(ctx, "p", mine, now, nil)
	for name, err := range map[string]error{
		"get": get, "claim": claim, "release": x.Release(ctx, "p", mine),
		"renew": x.Renew(ctx, "p", mine), "commit": x.Commit(ctx, thumbnail.Entry{Key: "p"}, mine), "remove": x.Remove(ctx, "p", mine),
	} {
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
			t.Errorf("%s: error is %v, want DynamoDB's", name, err)
		}
	}
}
