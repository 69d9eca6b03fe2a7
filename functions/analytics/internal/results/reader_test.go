package results

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noidle/noidle/functions/internal/trend"
)

var _ trend.Source = Reader{}

// querier answers with pages, each of which but the last has a last evaluated key.
type querier struct {
	pages   [][]item
	queries []*dynamodb.QueryInput
	err     error // of the query after the last page
}

func (q *querier) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	q.queries = append(q.queries, in)
	n := len(q.queries)
	if n > len(q.pages) {
		return nil, q.err
	}
	out := &dynamodb.QueryOutput{Items: q.pages[n-1]}
	if n < len(q.pages) || q.err != nil {
		out.LastEvaluatedKey = item{"part": number(string(rune('0' + n)))}
	}
	return out, nil
}

// A page may be empty and not be the last; window is a reserved word, and count is
// another, so names are placeholders.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
func TestParts(t *testing.T) {
	q := &querier{pages: [][]item{{{"counts": binary("a")}, {"counts": binary("b")}}, {}, {{"counts": binary("c")}}}}
	var got []string
	err := Reader{Client: q, Name: "results"}.Parts(t.Context(), ten, 5*time.Minute, 3, func(data []byte) error {
		got = append(got, string(data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	query := func(start item) *dynamodb.QueryInput {
		return &dynamodb.QueryInput{
			TableName:                 new("results"),
			KeyConditionExpression:    new("#window = :window"),
			ProjectionExpression:      new("#counts"),
			ExpressionAttributeNames:  map[string]string{"#window": "window", "#counts": "counts"},
			ExpressionAttributeValues: item{":window": text("2026-11-22T10:00:00Z/5m0s/03")},
			ExclusiveStartKey:         start,
		}
	}
	want := []*dynamodb.QueryInput{query(nil), query(item{"part": number("1")}), query(item{"part": number("2")})}
	if diff := cmp.Diff(want, q.queries, byValue, cmpopts.IgnoreUnexported(dynamodb.QueryInput{})); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
}

func TestPartsNotThere(t *testing.T) {
	q := &querier{pages: [][]item{{}}}
	err := Reader{Client: q, Name: "results"}.Parts(t.Context(), ten, time.Minute, 0, func([]byte) error { return errors.New("there is a part") })
	if err != nil {
		t.Error(err)
	}
}

func TestPartsFails(t *testing.T) {
	enough := errors.New("enough")
	for _, tt := range []struct {
		name    string
		querier querier
		want    string
		yielded int
	}{
		{"down", querier{err: errors.New("down")}, "querying the parts of 2026-11-22T10:00:00Z/1m0s/03 in table results: down", 0},
		{"down later", querier{pages: [][]item{{{"counts": binary("a")}}}, err: errors.New("down")}, "querying the parts of 2026-11-22T10:00:00Z/1m0s/03 in table results: down", 1},
		{"not binary", querier{pages: [][]item{{{"counts": text("a")}}}}, "the counts of a part of 2026-11-22T10:00:00Z/1m0s/03 in table results are not binary", 0},
		{"no counts", querier{pages: [][]item{{{}}}}, "the counts of a part of 2026-11-22T10:00:00Z/1m0s/03 in table results are not binary", 0},
		{"the caller", querier{pages: [][]item{{{"counts": binary("a")}, {"counts": binary("stop")}, {"counts": binary("b")}}, {}}}, "enough", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			yielded := 0
			err := Reader{Client: &tt.querier, Name: "results"}.Parts(t.Context(), ten, time.Minute, 3, func(data []byte) error {
				if yielded++; string(data) == "stop" {
					return enough
				}
				return nil
			})
			if err == nil || err.Error() != tt.want || yielded != tt.yielded {
				t.Errorf("error after %d parts is %v, want after %d %s", yielded, err, tt.yielded, tt.want)
			}
		})
	}
}

// What a Table has put is what a Reader reads.
func TestPutAndRead(t *testing.T) {
	w := &writer{}
	part := trend.Part{Start: ten, Window: time.Minute, Bucket: 3, First: "42", Data: []byte("counts")}
	if err := table(w).PutPart(t.Context(), "shardId-1", part); err != nil {
		t.Fatal(err)
	}
	q := &querier{pages: [][]item{{w.put[0].Item}}}
	err := Reader{Client: q, Name: "results"}.Parts(t.Context(), part.Start, part.Window, part.Bucket, func(data []byte) error {
		if string(data) != "counts" {
			t.Errorf("data is %q", data)
		}
		return nil
	})
	key := q.queries[0].ExpressionAttributeValues[":window"].(*types.AttributeValueMemberS).Value
	if put := w.put[0].Item["window"].(*types.AttributeValueMemberS).Value; err != nil || key != put {
		t.Errorf("put as %s, read as %s (%v)", put, key, err)
	}
}
