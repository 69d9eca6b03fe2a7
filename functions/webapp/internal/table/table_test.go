package table_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/internal/album"
	"github.com/noidle/noidle/functions/webapp/internal/table"
	local "github.com/noidle/noidle/local/dynamodb"
)

// newClient returns a client of the local cloud's DynamoDB with two tables, album
// and index.
func newClient(t *testing.T) *dynamodb.Client {
	t.Helper()
	service := local.New(clockwork.NewRealClock())
	for _, of := range []local.Table{
		{Name: "album", Key: local.KeySchema{Partition: "owner", Sort: "id"}, Attributes: map[string]string{"owner": "S", "id": "S"}},
		{Name: "index", Key: local.KeySchema{Partition: "key"}, Attributes: map[string]string{"key": "S"}},
	} {
		if err := service.CreateTable(of); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(service.Operations().JSON())
	t.Cleanup(server.Close)
	return dynamodb.NewFromConfig(aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		BaseEndpoint: &server.URL,
	})
}

func entry(owner, id string) album.Entry {
	return album.Entry{Owner: owner, ID: id, Name: "고양이.jpg", Type: "image/jpeg", Bytes: 7, UploadedAt: time.Date(2026, 11, 23, 10, 0, 0, 120e6, time.UTC)}
}

func TestEntries(t *testing.T) {
	entries, ctx := table.Entries{Client: newClient(t), Name: "album"}, t.Context()
	for _, e := range []album.Entry{entry("ann", "2"), entry("ann", "1"), entry("bob", "4"), entry("ann", "3")} {
		if err := entries.Put(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := entries.Newest(ctx, "ann", 2)
	if diff := cmp.Diff([]album.Entry{entry("ann", "3"), entry("ann", "2")}, got); diff != "" || err != nil {
		t.Errorf("newest: %v (-want +got):\n%s", err, diff)
	}
	one, err := entries.Get(ctx, "ann", "1")
	if diff := cmp.Diff(entry("ann", "1"), one); diff != "" || err != nil {
		t.Errorf("get: %v (-want +got):\n%s", err, diff)
	}
	if _, err := entries.Get(ctx, "bob", "1"); !errors.Is(err, album.ErrNotFound) {
		t.Errorf("another's entry: %v, want not found", err)
	}
	for range 2 { // the second time nothing is there
		if err := entries.Delete(ctx, "ann", "1"); err != nil {
			t.Error(err)
		}
	}
	if _, err := entries.Get(ctx, "ann", "1"); !errors.Is(err, album.ErrNotFound) {
		t.Errorf("a deleted entry: %v, want not found", err)
	}
}

// TestUnreadable: an item that somebody else wrote is an error, not a guess.
func TestUnreadable(t *testing.T) {
	client := newClient(t)
	s := func(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
	for name, attributes := range map[string]map[string]types.AttributeValue{
		"album": {"owner": s("ann"), "id": s("1"), "uploadedAt": s("noon")},
		"index": {"key": s("k"), "thumbnails": s("none")},
	} {
		if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: attributes}); err != nil {
			t.Fatal(err)
		}
	}
	entries := table.Entries{Client: client, Name: "album"}
	_, get := entries.Get(t.Context(), "ann", "1")
	_, newest := entries.Newest(t.Context(), "ann", 1)
	_, results := table.Index{Client: client, Name: "index"}.Results(t.Context(), []string{"k"})
	for _, tt := range []struct {
		err  error
		want string
	}{{get, "album: "}, {newest, "album: "}, {results, "index: "}} {
		if tt.err == nil || !strings.HasPrefix(tt.err.Error(), tt.want) {
			t.Errorf("error is %v, want one of the %s", tt.err, tt.want)
		}
	}
}

// TestFailures: what DynamoDB refuses is passed on.
func TestFailures(t *testing.T) {
	client, ctx := newClient(t), t.Context()
	entries := table.Entries{Client: client, Name: "no-such-table"}
	_, get := entries.Get(ctx, "ann", "1")
	_, newest := entries.Newest(ctx, "ann", 1)
	_, results := table.Index{Client: client, Name: "no-such-table"}.Results(ctx, []string{"k"})
	for name, err := range map[string]error{
		"put": entries.Put(ctx, entry("ann", "1")), "get": get, "newest": newest, "delete": entries.Delete(ctx, "ann", "1"), "results": results,
	} {
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
			t.Errorf("%s: error is %v, want DynamoDB's", name, err)
		}
	}
}

// hasty leaves all but the first key of a request unprocessed
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
type hasty struct{ *dynamodb.Client }

func (h hasty) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, options ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	now, later := in.RequestItems["index"], in.RequestItems["index"]
	now.Keys, later.Keys = now.Keys[:1], now.Keys[1:]
	out, err := h.Client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"index": now}}, options...)
	if err == nil && len(later.Keys) > 0 {
		out.UnprocessedKeys = map[string]types.KeysAndAttributes{"index": later}
	}
	return out, err
}

func TestResults(t *testing.T) {
	client := newClient(t)
	for _, r := range []map[string]any{
		{"key": "a", "status": "READY", "reason": "", "recipe": "r", "thumbnails": []map[string]any{{"name": "web", "key": "a/web.jpg", "width": 4, "height": 3, "bytes": 9}}},
		{"key": "b", "status": "REJECTED", "reason": "no picture"},
		{"key": "c", "status": "PROCESSING"},
	} {
		attributes, err := attributevalue.MarshalMap(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("index"), Item: attributes}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]album.Result{
		"a": {Status: "READY", Thumbnails: []album.Thumbnail{{Name: "web", Key: "a/web.jpg", Width: 4, Height: 3}}},
		"b": {Status: "REJECTED", Reason: "no picture"},
		"c": {Status: "PROCESSING"},
	}
	for _, index := range []table.Index{{Client: client, Name: "index"}, {Client: hasty{client}, Name: "index"}} {
		got, err := index.Results(t.Context(), []string{"a", "b", "c", "unknown"})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%T: %v (-want +got):\n%s", index.Client, err, diff)
		}
	}
	var keys []string
	for i := range 7 {
		keys = append(keys, fmt.Sprint(i))
	}
	const leftOut = "index: 2 items are still left out after 5 requests; try again"
	if _, err := (table.Index{Client: hasty{client}, Name: "index"}).Results(t.Context(), keys); err == nil || err.Error() != leftOut {
		t.Errorf("error is %v, want %s", err, leftOut)
	}
}
