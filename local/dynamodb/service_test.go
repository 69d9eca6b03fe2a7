package dynamodb

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// things is a table with a sort key, and with indexes of every projection.
var things = Table{
	Name:       "things",
	Key:        KeySchema{Partition: "p", Sort: "s"},
	Attributes: map[string]string{"p": "S", "s": "N", "g": "S", "h": "N", "l": "S", "b": "B"},
	Indexes: []Index{
		{Name: "global", Global: true, Key: KeySchema{"g", "h"}, Projection: ProjectInclude, Include: []string{"x"}},
		{Name: "whole", Global: true, Key: KeySchema{Partition: "g"}, Projection: ProjectAll},
		{Name: "binary", Global: true, Key: KeySchema{"p", "b"}, Projection: ProjectKeysOnly},
		{Name: "local", Key: KeySchema{"p", "l"}, Projection: ProjectKeysOnly},
	},
	TimeToLive: "ttl",
}

// plain is a table with a partition key.
var plain = Table{Name: "plain", Key: KeySchema{Partition: "id"}, Attributes: map[string]string{"id": "S"}}

// server is a service with tables things and plain.
type server struct {
	*Service
	clock     *clockwork.FakeClock
	endpoint  string
	principal *api.Principal
}

func newServer(t testing.TB) *server {
	s := &server{clock: clockwork.NewFakeClockAt(start)}
	s.Service = New(s.clock)
	t.Cleanup(s.Close)
	for _, table := range []Table{things, plain} {
		if err := s.CreateTable(table); err != nil {
			t.Fatal(err)
		}
	}
	endpoint := httptest.NewServer(&api.Endpoint{
		Services:  map[string]http.Handler{"dynamodb": s.Operations().JSON()},
		Principal: func(string) *api.Principal { return s.principal },
	})
	t.Cleanup(endpoint.Close)
	s.endpoint = endpoint.URL
	return s
}

func (s *server) client() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("x", "x", ""),
		BaseEndpoint: &s.endpoint,
		Retryer:      aws.NopRetryer{},
	})
}

// Go values that stand for attribute values: N is a number and SS, NS and BS are
// sets. Others are what they look like.
type (
	N  string
	SS []string
	NS []string
	BS []string
	M  map[string]any
	L  []any
)

func attribute(v any) types.AttributeValue {
	switch v := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case int:
		return &types.AttributeValueMemberN{Value: strconv.Itoa(v)}
	case N:
		return &types.AttributeValueMemberN{Value: string(v)}
	case []byte:
		return &types.AttributeValueMemberB{Value: v}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case SS:
		return &types.AttributeValueMemberSS{Value: v}
	case NS:
		return &types.AttributeValueMemberNS{Value: v}
	case BS:
		all := &types.AttributeValueMemberBS{}
		for _, member := range v {
			all.Value = append(all.Value, []byte(member))
		}
		return all
	case L:
		all := &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
		for _, element := range v {
			all.Value = append(all.Value, attribute(element))
		}
		return all
	case M:
		return &types.AttributeValueMemberM{Value: attributes(v)}
	}
	return nil
}

func attributes(m M) map[string]types.AttributeValue {
	if m == nil {
		return nil
	}
	all := map[string]types.AttributeValue{}
	for name, v := range m {
		all[name] = attribute(v)
	}
	return all
}

func goValue(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return N(v.Value)
	case *types.AttributeValueMemberB:
		return v.Value
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberSS:
		return SS(v.Value)
	case *types.AttributeValueMemberNS:
		return NS(v.Value)
	case *types.AttributeValueMemberBS:
		var all BS
		for _, member := range v.Value {
			all = append(all, string(member))
		}
		return all
	case *types.AttributeValueMemberL:
		all := L{}
		for _, element := range v.Value {
			all = append(all, goValue(element))
		}
		return all
	case *types.AttributeValueMemberM:
		return goValues(v.Value)
	}
	return nil
}

func goValues(i map[string]types.AttributeValue) M {
	if i == nil {
		return nil
	}
	m := M{}
	for name, v := range i {
		m[name] = goValue(v)
	}
	return m
}

func goItems(items []map[string]types.AttributeValue) []M {
	all := []M{}
	for _, i := range items {
		all = append(all, goValues(i))
	}
	return all
}

// canonical returns the attribute values as they come back.
func canonical(m M) M { return goValues(attributes(m)) }

func (s *server) put(t testing.TB, table string, i M) {
	t.Helper()
	if _, err := s.client().PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: attributes(i)}); err != nil {
		t.Fatal(err)
	}
}

func (s *server) get(t testing.TB, table string, key M) M {
	t.Helper()
	out, err := s.client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: attributes(key)})
	if err != nil {
		t.Fatal(err)
	}
	return goValues(out.Item)
}

// checkError fails unless an error has this code and text. An empty code means
// no error.
func checkError(t testing.TB, err error, code, text string) {
	t.Helper()
	failure, _ := errors.AsType[smithy.APIError](err)
	switch {
	case code == "" && err == nil:
	case failure == nil:
		t.Fatalf("got error %v, want %q %q", err, code, text)
	case failure.ErrorCode() != code || !strings.Contains(failure.ErrorMessage(), text):
		t.Fatalf("got %s: %s\nwant %s: %s", failure.ErrorCode(), failure.ErrorMessage(), code, text)
	}
}

func diff(t testing.TB, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
func TestDescribe(t *testing.T) {
	s := newServer(t)
	s.put(t, "things", M{"p": "a", "s": 1, "g": "x", "h": 2, "x": "seen", "y": "not seen"})
	for _, name := range []string{"things", TableARN("things")} {
		out, err := s.client().DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			t.Fatal(err)
		}
		got := out.Table
		diff(t, []any{*got.TableName, *got.TableArn, got.TableStatus, *got.ItemCount, *got.TableSizeBytes, got.CreationDateTime.UTC(), len(got.AttributeDefinitions)},
			[]any{"things", "arn:aws:dynamodb:us-east-1:000000000000:table/things", types.TableStatusActive, int64(1), int64(24), start, 6})
		index := got.GlobalSecondaryIndexes[0]
		diff(t, []any{*index.IndexName, *index.IndexArn, index.IndexStatus, *index.ItemCount, *index.IndexSizeBytes, *index.KeySchema[1].AttributeName, index.Projection.NonKeyAttributes},
			[]any{"global", *got.TableArn + "/index/global", types.IndexStatusActive, int64(1), int64(15), "h", []string{"x"}})
		diff(t, []any{len(got.GlobalSecondaryIndexes), *got.LocalSecondaryIndexes[0].IndexName}, []any{3, "local"})
	}
	_, err := s.client().DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: new("absent")})
	checkError(t, err, "ResourceNotFoundException", "Requested resource not found: Table: absent not found")

	ttl, err := s.client().DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: new("things")})
	checkError(t, err, "", "")
	diff(t, *ttl.TimeToLiveDescription.AttributeName, "ttl")
	diff(t, ttl.TimeToLiveDescription.TimeToLiveStatus, types.TimeToLiveStatusEnabled)
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html
func TestListTables(t *testing.T) {
	s := newServer(t)
	var names []string
	pages := dynamodb.NewListTablesPaginator(s.client(), &dynamodb.ListTablesInput{Limit: new(int32(1))})
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, out.TableNames...)
	}
	diff(t, names, []string{"plain", "things"})
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
func TestCreateTable(t *testing.T) {
	local := Index{Name: "local", Key: KeySchema{"p", "s"}, Projection: ProjectAll}
	change := func(change func(*Table)) Table {
		table := Table{Name: "table", Key: KeySchema{"p", "s"}, Attributes: map[string]string{"p": "S", "s": "N"}}
		change(&table)
		return table
	}
	tests := []struct {
		name  string
		table Table
		want  string
	}{
		{"valid", change(func(*Table) {}), ""},
		{"valid index", change(func(table *Table) { table.Indexes = []Index{local} }), ""},
		{"exists", things, "ResourceInUseException: Table already exists: things"},
		{"short name", change(func(table *Table) { table.Name = "ab" }), "Value 'ab' at 'tableName'"},
		{"no key", change(func(table *Table) { table.Key = KeySchema{} }), "Invalid KeySchema"},
		{"undefined", change(func(table *Table) { table.Key.Sort = "x" }), "Some index key attributes are not defined in AttributeDefinitions. Keys: [p, x], AttributeDefinitions: [p, s]"},
		{"unused", change(func(table *Table) { table.Key.Sort = "" }), "Some AttributeDefinitions are not used"},
		{"type", change(func(table *Table) { table.Attributes["p"] = "BOOL" }), "Member must satisfy enum value set: [B, N, S]"},
		{"index twice", change(func(table *Table) { table.Indexes = []Index{local, local} }), "Duplicate index name: local"},
		{"index name", change(func(table *Table) { table.Indexes = []Index{{Name: "i"}} }), "Invalid KeySchema"},
		{"projection", change(func(table *Table) {
			table.Indexes = []Index{{Name: "index", Key: table.Key, Projection: "SOME"}}
		}), "projection.projectionType"},
		{"nothing included", change(func(table *Table) {
			table.Indexes = []Index{{Name: "index", Key: table.Key, Projection: ProjectInclude}}
		}), "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"},
		{"local with another partition", change(func(table *Table) {
			table.Indexes = []Index{{Name: "index", Key: KeySchema{"s", "p"}, Projection: ProjectAll}}
		}), "same leading hash key"},
		{"local without sort", change(func(table *Table) {
			table.Indexes = []Index{{Name: "index", Key: KeySchema{Partition: "p"}, Projection: ProjectAll}}
		}), "Index KeySchema does not have a range key for index: index"},
		{"six local", change(func(table *Table) {
			for n := range 6 {
				table.Indexes = append(table.Indexes, Index{Name: "local" + strconv.Itoa(n), Key: table.Key, Projection: ProjectAll})
			}
		}), "per-table limit of 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := newServer(t).CreateTable(tt.table)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Unsupported parameters are refused by their name.
func TestUnsupported(t *testing.T) {
	s := newServer(t)
	_, err := s.client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new("plain"), Key: attributes(M{"id": "a"}), AttributesToGet: []string{"id"}})
	checkError(t, err, "ValidationException", `parameter "AttributesToGet" is not supported locally`)
	_, err = s.client().ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{Statement: new("SELECT")})
	checkError(t, err, "UnknownOperationException", "ExecuteStatement")
}
