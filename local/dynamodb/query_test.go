package dynamodb

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
func TestKeyConditions(t *testing.T) {
	s := newServer(t)
	for _, n := range []string{"-100", "-1.5", "-1", "0", "0.5", "1", "2", "10", "1e20"} {
		i := M{"p": "a", "s": N(n), "l": "l" + n, "b": []byte{0, byte(len(n))}, "g": "all"}
		if n != "0" {
			i["h"] = N(n)
		}
		s.put(t, "things", i)
	}
	s.put(t, "things", M{"p": "ab", "s": 5, "l": "l5"})
	values := M{":a": "a", ":one": 1, ":minus": N("-1.0"), ":ten": 10, ":l1": "l1", ":l": "l", ":all": "all", ":zero": []byte{0}, ":b": []byte{0, 2}, ":empty": "", ":none": "none"}
	tests := []struct {
		index, condition, want, error string
	}{
		{"", "p = :a", "-100 -1.5 -1 0 0.5 1 2 10 100000000000000000000", ""},
		{"", "p = :none", "", ""},
		{"", "p = :a AND s = :one", "1", ""},
		{"", ":one = s AND :a = p", "1", ""},
		{"", "(p = :a) AND (s < :one)", "-100 -1.5 -1 0 0.5", ""},
		{"", "p = :a AND s <= :one", "-100 -1.5 -1 0 0.5 1", ""},
		{"", "p = :a AND s > :one", "2 10 100000000000000000000", ""},
		{"", "p = :a AND :ten <= s", "10 100000000000000000000", ""},
		{"", "p = :a AND s >= :ten", "10 100000000000000000000", ""},
		{"", "p = :a AND s <= :minus", "-100 -1.5 -1", ""},
		{"", "p = :a AND s = :minus", "-1", ""},
		{"", "p = :a AND s BETWEEN :minus AND :ten", "-1 0 0.5 1 2 10", ""},
		{"local", "p = :a AND l = :l1", "1", ""},
		{"local", "p = :a AND begins_with(l, :l1)", "1 10 100000000000000000000", ""},
		{"local", "p = :a AND begins_with(l, :l)", "-1 -1.5 -100 0 0.5 1 10 100000000000000000000 2", ""},
		{"binary", "p = :a AND begins_with(b, :zero)", "0 1 2 -1 10 0.5 -100 -1.5 100000000000000000000", ""},
		{"binary", "p = :a AND b = :b", "-1 10", ""},
		{"global", "g = :all AND h < :one", "-100 -1.5 -1 0.5", ""},

		{"", "s = :one", "", "Query condition missed key schema element: p"},
		{"", "p = :a AND l = :l", "", "Query condition missed key schema element: s"},
		{"", "p > :a", "", "Query key condition not supported"},
		{"", "p = :a AND s <> :one", "", "Invalid operator used in KeyConditionExpression: <>"},
		{"", "p = :a OR s = :one", "", "Invalid operator used in KeyConditionExpression: OR"},
		{"", "NOT p = :a", "", "Invalid operator used in KeyConditionExpression: NOT"},
		{"", "p IN (:a)", "", "Invalid operator used in KeyConditionExpression: IN"},
		{"", "attribute_exists(p)", "", "Invalid operator used in KeyConditionExpression: attribute_exists"},
		{"", "p = :a AND p = :a", "", "KeyConditionExpressions must only contain one condition per key"},
		{"", "p.q = :a", "", "KeyConditionExpressions cannot have conditions on nested attributes"},
		{"", "p = s", "", "Multiple attribute names used in one condition"},
		{"", "p = :one", "", "One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"", "p = :empty", "", "cannot contain an empty string value. Key: p"},
		{"", "p = :a AND begins_with(s, :one)", "", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
		{"absent", "p = :a", "", "The table does not have the specified index: absent"},
		{"", "", "", "Invalid KeyConditionExpression: The expression can not be empty;"},
	}
	for _, tt := range tests {
		for _, backward := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s %t", tt.index, tt.condition, backward), func(t *testing.T) {
				in := &dynamodb.QueryInput{TableName: new("things"), KeyConditionExpression: &tt.condition, ScanIndexForward: new(!backward)}
				if tt.index != "" {
					in.IndexName = &tt.index
				}
				for name, v := range values {
					if mentions(tt.condition, name) {
						in.ExpressionAttributeValues = with(in.ExpressionAttributeValues, name, attribute(v))
					}
				}
				// Pages are small, so that keys are started from.
				for _, limit := range []*int32{nil, new(int32(1)), new(int32(3))} {
					in.Limit = limit
					got, err := s.sorts(t, in)
					if tt.error != "" {
						checkError(t, err, "ValidationException", tt.error)
						continue
					}
					checkError(t, err, "", "")
					want := strings.Fields(tt.want)
					if backward {
						for a, b := 0, len(want)-1; a < b; a, b = a+1, b-1 {
							want[a], want[b] = want[b], want[a]
						}
					}
					diff(t, strings.Join(got, " "), strings.Join(want, " "))
				}
			})
		}
	}
}

// Where items are found agrees with how conditions compare values.
func TestSpans(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := map[string]func() value{
		typeNumber: func() value {
			n, err := parseNumber(fmt.Sprintf("%de%d", random.IntN(40)-20, random.IntN(5)-2))
			if err != nil {
				t.Fatal(err)
			}
			return numberValue(n.String())
		},
		typeBinary: func() value {
			b := make([]byte, 1+random.IntN(3))
			for n := range b {
				b[n] = []byte{0, 1, 2, 0x80, 0xfe, 0xff}[random.IntN(6)]
			}
			return value{kind: typeBinary, scalar: string(b)}
		},
	}
	key := KeySchema{Partition: "p", Sort: "s"}
	for kind, next := range some {
		for range 3000 {
			i := item{"p": next(), "s": next()}
			place, _ := key.place(i)
			partition := string(appendPartition(nil, i["p"]))
			low, high := literal{next()}, literal{next()}
			if order, _ := low.compare(high.value); order > 0 {
				low, high = high, low
			}
			conditions := map[string]condition{"BETWEEN": between{path{{name: "s"}}, low, high}}
			for _, operator := range []string{"=", "<", "<=", ">", ">="} {
				conditions[operator] = comparison{operator, path{{name: "s"}}, low}
			}
			if kind == typeBinary {
				conditions["begins_with"] = test{"begins_with", []operand{path{{name: "s"}}, low}}
			}
			for operator, c := range conditions {
				within := keyCondition{operator, []value{low.value, high.value}}.span(partition)
				if got, want := within.contains(place), c.holds(i); got != want {
					t.Fatalf("%q %s %q %q: %t, want %t", i["s"].scalar, operator, low.scalar, high.scalar, got, want)
				}
			}
		}
	}
}

// sorts returns the sort keys of all pages of a query.
func (s *server) sorts(t *testing.T, in *dynamodb.QueryInput) ([]string, error) {
	var sorts []string
	pages := dynamodb.NewQueryPaginator(s.client(), in)
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			return nil, err
		}
		for _, i := range out.Items {
			sorts = append(sorts, string(goValue(i["s"]).(N)))
		}
	}
	return sorts, nil
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
func TestQuery(t *testing.T) {
	s := newServer(t)
	for n := range 4 {
		s.put(t, "things", M{"p": "a", "s": n, "g": "g", "h": -n, "l": "l", "x": n % 2, "y": M{"z": n}})
	}
	base := func(change func(in *dynamodb.QueryInput)) *dynamodb.QueryInput {
		in := &dynamodb.QueryInput{TableName: new("things"), KeyConditionExpression: new("p = :a"), ExpressionAttributeValues: attributes(M{":a": "a"})}
		change(in)
		return in
	}
	global := func(change func(in *dynamodb.QueryInput)) *dynamodb.QueryInput {
		in := &dynamodb.QueryInput{TableName: new("things"), IndexName: new("global"), KeyConditionExpression: new("g = :g"), ExpressionAttributeValues: attributes(M{":g": "g"})}
		change(in)
		return in
	}
	type answer struct {
		Count, Scanned int
		First          M
		Last           M
		Capacity       float64
	}
	tests := []struct {
		name  string
		in    *dynamodb.QueryInput
		want  answer
		error string
	}{
		{"all", base(func(*dynamodb.QueryInput) {}), answer{4, 4, M{"p": "a", "s": 0, "g": "g", "h": 0, "l": "l", "x": 0, "y": M{"z": 0}}, nil, 0.5}, ""},
		{"consistent", base(func(in *dynamodb.QueryInput) { in.ConsistentRead = new(true); in.Select = "COUNT" }), answer{4, 4, nil, nil, 1}, ""},
		{"filter", base(func(in *dynamodb.QueryInput) {
			in.FilterExpression, in.ExpressionAttributeValues[":v"] = new("x = :v"), attribute(1)
			in.ProjectionExpression, in.Limit = new("s"), new(int32(3))
		}), answer{1, 3, M{"s": 1}, M{"p": "a", "s": 2}, 0.5}, ""},
		{"last page that is full", base(func(in *dynamodb.QueryInput) { in.Limit = new(int32(4)); in.Select = "COUNT" }), answer{4, 4, nil, M{"p": "a", "s": 3}, 0.5}, ""},
		{"index", global(func(in *dynamodb.QueryInput) { in.Limit = new(int32(1)) }), answer{1, 1, M{"p": "a", "s": 3, "g": "g", "h": -3, "x": 1}, M{"p": "a", "s": 3, "g": "g", "h": -3}, 0.5}, ""},
		{"start", global(func(in *dynamodb.QueryInput) {
			in.ExclusiveStartKey = attributes(M{"p": "a", "s": 3, "g": "g", "h": -3})
		}), answer{3, 3, M{"p": "a", "s": 2, "g": "g", "h": -2, "x": 0}, nil, 0.5}, ""},
		{"local index", base(func(in *dynamodb.QueryInput) { in.IndexName = new("local") }), answer{4, 4, M{"p": "a", "s": 0, "l": "l"}, nil, 0.5}, ""},
		{"local index that fetches", base(func(in *dynamodb.QueryInput) { in.IndexName, in.ProjectionExpression = new("local"), new("y.z") }), answer{4, 4, M{"y": M{"z": 0}}, nil, 2.5}, ""},
		{"local index that fetches for the filter", base(func(in *dynamodb.QueryInput) {
			in.IndexName, in.FilterExpression, in.ProjectionExpression = new("local"), new("attribute_exists(y)"), new("s")
		}), answer{4, 4, M{"s": 0}, nil, 2.5}, ""},
		{"local index with all", base(func(in *dynamodb.QueryInput) { in.IndexName, in.Select = new("local"), "ALL_ATTRIBUTES" }), answer{4, 4, M{"p": "a", "s": 0, "g": "g", "h": 0, "l": "l", "x": 0, "y": M{"z": 0}}, nil, 2.5}, ""},

		{"filter on a key", base(func(in *dynamodb.QueryInput) { in.FilterExpression = new("s = :a") }), answer{}, "Filter Expression can only contain non-primary key attributes: Primary key attribute: s"},
		{"consistent global", global(func(in *dynamodb.QueryInput) { in.ConsistentRead = new(true) }), answer{}, "Consistent reads are not supported on global secondary indexes"},
		{"all of a global", global(func(in *dynamodb.QueryInput) { in.Select = "ALL_ATTRIBUTES" }), answer{}, "Select type ALL_ATTRIBUTES is not supported for global secondary index global because its projection type is not ALL"},
		{"not projected", global(func(in *dynamodb.QueryInput) { in.ProjectionExpression = new("x, y") }), answer{}, "Global secondary index global does not project [y]"},
		{"limit", base(func(in *dynamodb.QueryInput) { in.Limit = new(int32(0)) }), answer{}, "Member must have value greater than or equal to 1"},
		{"select", base(func(in *dynamodb.QueryInput) { in.Select = "NONE" }), answer{}, "Value 'NONE' at 'select'"},
		{"specific", base(func(in *dynamodb.QueryInput) { in.Select = "SPECIFIC_ATTRIBUTES" }), answer{}, "Must specify the AttributesToGet or ProjectionExpression"},
		{"count and projection", base(func(in *dynamodb.QueryInput) { in.Select, in.ProjectionExpression = "COUNT", new("x") }), answer{}, "Cannot specify the ProjectionExpression when choosing to get COUNT"},
		{"projected without index", base(func(in *dynamodb.QueryInput) { in.Select = "ALL_PROJECTED_ATTRIBUTES" }), answer{}, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
		{"no condition", base(func(in *dynamodb.QueryInput) { in.KeyConditionExpression, in.ExpressionAttributeValues = nil, nil }), answer{}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{"start without index key", global(func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = attributes(M{"p": "a", "s": 3}) }), answer{}, "The provided starting key is invalid"},
		{"start of another type", base(func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = attributes(M{"p": "a", "s": "3"}) }), answer{}, "The provided starting key is invalid"},
		{"start elsewhere", base(func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = attributes(M{"p": "b", "s": 3}) }), answer{}, "The provided starting key is outside query boundaries based on provided conditions"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.ReturnConsumedCapacity = types.ReturnConsumedCapacityIndexes
			out, err := s.client().Query(t.Context(), tt.in)
			if tt.error != "" {
				checkError(t, err, "ValidationException", tt.error)
				return
			}
			checkError(t, err, "", "")
			got := answer{Count: int(out.Count), Scanned: int(out.ScannedCount), Last: goValues(out.LastEvaluatedKey), Capacity: *out.ConsumedCapacity.CapacityUnits}
			if len(out.Items) > 0 {
				got.First = goValues(out.Items[0])
			}
			tt.want.First, tt.want.Last = canonical(tt.want.First), canonical(tt.want.Last)
			diff(t, got, tt.want)
		})
	}
}

// An item is in an index as long as it has the index's key
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html).
func TestSparseIndex(t *testing.T) {
	s := newServer(t)
	count := func() int {
		out, err := s.client().Scan(t.Context(), &dynamodb.ScanInput{TableName: new("things"), IndexName: new("global")})
		checkError(t, err, "", "")
		return len(out.Items)
	}
	update := func(expression string, values M) {
		t.Helper()
		_, err := s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: new("things"), Key: attributes(M{"p": "a", "s": 1}), UpdateExpression: &expression, ExpressionAttributeValues: attributes(values),
		})
		checkError(t, err, "", "")
	}
	s.put(t, "things", M{"p": "a", "s": 1, "g": "g"})
	diff(t, count(), 0)
	update("SET h = :h", M{":h": 1})
	diff(t, count(), 1)
	update("SET h = :h", M{":h": 2})
	diff(t, count(), 1)
	update("REMOVE g", nil)
	diff(t, count(), 0)
	update("SET g = :g", M{":g": "other"})
	diff(t, count(), 1)
	_, err := s.client().DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: new("things"), Key: attributes(M{"p": "a", "s": 1})})
	checkError(t, err, "", "")
	diff(t, count(), 0)
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html
func TestScan(t *testing.T) {
	s := newServer(t)
	const items = 40
	for n := range items {
		s.put(t, "plain", M{"id": fmt.Sprint("item ", n), "n": n})
	}
	for _, total := range []int32{1, 3, 1000000} {
		seen := map[string]int{}
		for segment := range min(total, 3) {
			pages := dynamodb.NewScanPaginator(s.client(), &dynamodb.ScanInput{
				TableName: new("plain"), Segment: &segment, TotalSegments: &total, Limit: new(int32(7)),
				FilterExpression: new("n >= :n"), ExpressionAttributeValues: attributes(M{":n": 10}),
			})
			for pages.HasMorePages() {
				out, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range out.Items {
					seen[goValue(i["id"]).(string)]++
				}
			}
		}
		if total <= 3 && len(seen) != items-10 {
			t.Errorf("%d segments have %d items, want %d", total, len(seen), items-10)
		}
		for id, times := range seen {
			if times != 1 {
				t.Errorf("%s was seen %d times", id, times)
			}
		}
	}
	tests := []struct {
		name           string
		segment, total *int32
		want           string
	}{
		{"segment alone", new(int32(0)), nil, "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"},
		{"total alone", nil, new(int32(2)), "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"},
		{"too high", new(int32(2)), new(int32(2)), "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2"},
		{"no segments", new(int32(0)), new(int32(0)), "greater than or equal to 1"},
		{"negative", new(int32(-1)), new(int32(2)), "greater than or equal to 0"},
		{"too many", new(int32(0)), new(int32(1000001)), "less than or equal to 1000000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.client().Scan(t.Context(), &dynamodb.ScanInput{TableName: new("plain"), Segment: tt.segment, TotalSegments: tt.total})
			checkError(t, err, "ValidationException", tt.want)
		})
	}
}

// A page ends at 1 MB
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html).
func TestPageSize(t *testing.T) {
	s := newServer(t)
	for n := range 5 {
		s.put(t, "things", M{"p": "a", "s": n, "v": strings.Repeat("x", 300<<10)})
	}
	in := &dynamodb.QueryInput{
		TableName: new("things"), KeyConditionExpression: new("p = :a"), ExpressionAttributeValues: attributes(M{":a": "a"}), ReturnConsumedCapacity: "TOTAL",
	}
	out, err := s.client().Query(t.Context(), in)
	checkError(t, err, "", "")
	diff(t, []any{out.Count, goValues(out.LastEvaluatedKey), *out.ConsumedCapacity.CapacityUnits}, []any{int32(3), canonical(M{"p": "a", "s": 2}), 113.0})
	in.ExclusiveStartKey = out.LastEvaluatedKey
	out, err = s.client().Query(t.Context(), in)
	checkError(t, err, "", "")
	diff(t, []any{out.Count, goValues(out.LastEvaluatedKey)}, []any{int32(2), M(nil)})
}
