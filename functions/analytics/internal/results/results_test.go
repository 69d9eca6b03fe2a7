package results

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noidle/noidle/functions/internal/trend"
)

var ten = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

type writer struct {
	put  []*dynamodb.PutItemInput
	item item
	err  error
}

func (w *writer) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if !*in.ConsistentRead || *in.TableName != "results" || in.Key["window"].(*types.AttributeValueMemberS).Value != "memory/shardId-1" {
		return nil, errors.New("not the memory of the shard, consistently")
	}
	return &dynamodb.GetItemOutput{Item: w.item}, w.err
}

func (w *writer) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	w.put = append(w.put, in)
	return &dynamodb.PutItemOutput{}, w.err
}

func table(w *writer) Table { return Table{Client: w, Name: "results", Keep: time.Hour} }

func binary(s string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(s)} }

func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

var byValue = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberB{}, types.AttributeValueMemberN{})

func TestPutPart(t *testing.T) {
	w := &writer{}
	part := trend.Part{Start: ten, Window: time.Minute, Bucket: 3, First: "42", Data: []byte("counts")}
	if err := table(w).PutPart(t.Context(), "shardId-1", part); err != nil {
		t.Fatal(err)
	}
	want := item{
		"window": text("2026-11-22T10:00:00Z/1m0s/03"), "part": text("shardId-1/42"),
		"counts": binary("counts"), "expiry": number("1795345260"),
	}
	if diff := cmp.Diff(want, w.put[0].Item, byValue); diff != "" || *w.put[0].TableName != "results" {
		t.Errorf("item in %s (-want +got):\n%s", *w.put[0].TableName, diff)
	}
	w.err = errors.New("down")
	if err := table(w).PutPart(t.Context(), "shardId-1", part); err == nil || err.Error() != "putting a part of window 2026-11-22T10:00:00Z: down" {
		t.Errorf("error is %v", err)
	}
}

func TestMemory(t *testing.T) {
	tests := []struct {
		name string
		item item
		err  error
		want string
		fail string
	}{
		{"there", item{"memory": binary("what came")}, nil, "what came", ""},
		{"not there", nil, nil, "", ""},
		{"not binary", item{"memory": text("what came")}, nil, "", "the memory of shardId-1 in table results is not binary"},
		{"down", nil, errors.New("down"), "", "getting the memory of shardId-1: down"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			memory, err := table(&writer{item: tt.item, err: tt.err}).Memory(t.Context(), "shardId-1")
			if string(memory) != tt.want || tt.item == nil && memory != nil {
				t.Errorf("memory is %q", memory)
			}
			if failed := err != nil; failed != (tt.fail != "") || failed && err.Error() != tt.fail {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestPutMemory(t *testing.T) {
	w := &writer{}
	put := func() error {
		return table(w).PutMemory(t.Context(), "shardId-1", "42", []byte("what came"), ten)
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	last := text(strings.Repeat("0", 127) + "42")
	want := item{"window": text("memory/shardId-1"), "part": text("memory"), "last": last, "memory": binary("what came"), "expiry": number("1795345200")}
	if diff := cmp.Diff(want, w.put[0].Item, byValue); diff != "" {
		t.Errorf("item (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(item{":last": last}, w.put[0].ExpressionAttributeValues, byValue); diff != "" || *w.put[0].ConditionExpression != "attribute_not_exists(#last) OR #last <= :last" {
		t.Errorf("condition %s (-want +got):\n%s", *w.put[0].ConditionExpression, diff)
	}
	w.err = &types.ConditionalCheckFailedException{}
	if err := put(); err != nil {
		t.Errorf("what is of a later record stays: %v", err)
	}
	w.err = errors.New("down")
	if err := put(); err == nil || err.Error() != "putting the memory of shardId-1: down" {
		t.Errorf("error is %v", err)
	}
}
