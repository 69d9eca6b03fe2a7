package dynamodb

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/local/api"
)

func apiCall(t testing.TB) *api.Call { return &api.Call{Context: t.Context()} }

var example = M{
	"id": "a", "n": 5, "s": "hello", "b": []byte("bytes"), "t": true, "z": nil, "ss": SS{"x", "y"}, "ns": NS{"1", "2"},
	"l": L{1, "two", L{3}}, "m": M{"in": M{"n": 7}}, "a_b": 1,
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
func TestConditions(t *testing.T) {
	s := newServer(t)
	s.put(t, "plain", example)
	values := M{
		":five": 5, ":six": 6, ":ten": 10, ":hello": "hello", ":ell": "ell", ":he": "he", ":x": "x", ":one": 1, ":by": []byte("by"), ":s": "S", ":ns": NS{"2", "1"},
		":l3": L{3}, ":true": true, ":bad": "BAD", ":null": nil, ":abc": "abc", ":m": M{"n": N("7.0")},
	}
	const failed = "ConditionalCheckFailedException"
	tests := []struct{ condition, want string }{
		{"n = :five", ""},
		{"n <> :five", failed},
		{"n = :hello", failed},
		{"n <> :hello", ""},
		{"n < :ten AND n <= :five AND n >= :five AND n > :one", ""},
		{"n < :hello", failed},
		{"s > :abc and s < :six", failed},
		{"absent = :five", failed},
		{"absent <> :five", ""},
		{"absent < :five", failed},
		{"NOT absent = :five", ""},
		{"absent = nothing", failed},
		{"n BETWEEN :five AND :ten", ""},
		{"n between :six and :ten", failed},
		{"s BETWEEN :five AND :ten", failed},
		{"n IN (:one, :five)", ""},
		{"n IN (:one)", failed},
		{"n = :one OR n = :five", ""},
		{"n = :one OR n = :five AND n = :six", failed},
		{"NOT n = :one AND n = :six", failed},
		{"NOT (n = :one AND n = :six)", ""},
		{"attribute_exists(m.#in.n) AND attribute_not_exists(m.x)", ""},
		{"attribute_exists(l[2][0]) AND attribute_not_exists(l[3])", ""},
		{"attribute_exists(s[0])", failed},
		{"attribute_type(s, :s)", ""},
		{"attribute_type(n, :s)", failed},
		{"begins_with(s, :he)", ""},
		{"begins_with(s, :ell)", failed},
		{"begins_with(n, :he)", failed},
		{"begins_with(b, :by)", ""},
		{"contains(s, :ell)", ""},
		{"contains(ss, :x)", ""},
		{"contains(ss, :one)", failed},
		{"contains(ns, :one)", ""},
		{"contains(l, :l3)", ""},
		{"contains(n, :five)", failed},
		{"contains(b, :by)", ""},
		{"size(s) = :five", ""},
		{"size(ss) < :five AND size(l) < :five AND size(m) = :one AND size(b) = :five", ""},
		{"size(n) = :one", failed},
		{"ns = :ns", ""},
		{"l[2] = :l3", ""},
		{"m.#in = :m", ""},
		{"t = :true AND z = :null", ""},
		{"#n = :five AND a_b = :one", ""},
		{":five = n", ""},

		{"", "Invalid ConditionExpression: The expression can not be empty;"},
		{"n =", `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="`},
		{"n = = :five", `Syntax error; token: "=", near: "= ="`},
		{"n = :five n", `Syntax error; token: "n", near: ":five n"`},
		{"n ! :five", `Syntax error; token: "!"`},
		{"_n = :five", `Syntax error; token: "_"`},
		{"(n = :five", `Syntax error; token: "<EOF>"`},
		{"n", `Syntax error; token: "<EOF>"`},
		{"((n = :five))", "The expression has redundant parentheses;"},
		{"name = :five", "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name"},
		{"m.Status = :five", "Attribute name is a reserved keyword; reserved keyword: Status"},
		{"n = :none", "An expression attribute value used in expression is not defined; attribute value: :none"},
		{"#none = :five", "An expression attribute name used in the document path is not defined; attribute name: #none"},
		{"foo(n)", "Invalid function name; function: foo"},
		{"Size(n) = :five", "Invalid function name; function: Size"},
		{"size(n)", "The function is not allowed to be used this way in an expression; function: size"},
		{"contains(n, :five) = :true", `Syntax error; token: "="`},
		{"n = contains(n, :five)", "The function is not allowed to be used this way in an expression; function: contains"},
		{"begins_with(s)", "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1"},
		{"begins_with(s, :five)", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
		{"attribute_exists(:five)", "Operator or function requires a document path; operator or function: attribute_exists"},
		{"attribute_type(n, :five)", "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N"},
		{"attribute_type(n, :bad)", "Invalid attribute type name found; type: BAD, valid types: {B,BOOL,BS,L,M,N,NS,NULL,S,SS}"},
		{"n > :true", "Incorrect operand type for operator or function; operator: >, operand type: BOOL"},
		{"n = n", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [n]"},
		{"contains(m.#in, m.#in)", "operator: contains, first operand: [m, in]"},
		{"n BETWEEN :ten AND :five", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:5}"},
		{"n BETWEEN :he AND :five", "The BETWEEN operator requires same data type for lower and upper bounds"},
		{"n IN (" + strings.Repeat("s, ", 100) + "s)", "The IN operator is provided with too many operands; number of operands: 101"},
		{strings.Repeat(" ", 4100) + "n = :five", "Expression size has exceeded the maximum allowed size; expression size: 4109"},
		{"n" + strings.Repeat(".n", 33) + " = :five", "The document path has too many nesting elements"},
		{"l[99999999999] = :five", "List index is not within the allowable range; index: [99999999999]"},
		{"n = :five" + strings.Repeat(" OR n = :six", 200), "too many operators"},
	}
	for _, tt := range tests {
		t.Run(tt.condition[:min(len(tt.condition), 80)], func(t *testing.T) {
			in := &dynamodb.PutItemInput{TableName: new("plain"), Item: attributes(example), ConditionExpression: &tt.condition}
			for name, v := range values {
				if mentions(tt.condition, name) {
					in.ExpressionAttributeValues = with(in.ExpressionAttributeValues, name, attribute(v))
				}
			}
			for name, v := range map[string]string{"#in": "in", "#n": "n"} {
				if mentions(tt.condition, name) {
					in.ExpressionAttributeNames = with(in.ExpressionAttributeNames, name, v)
				}
			}
			_, err := s.client().PutItem(t.Context(), in)
			switch tt.want {
			case "":
				checkError(t, err, "", "")
			case failed:
				checkError(t, err, failed, "")
			default:
				checkError(t, err, "ValidationException", tt.want)
			}
		})
	}
}

// mentions says whether an expression has a placeholder.
func mentions(expression, placeholder string) bool {
	for _, one := range tokenize(expression) {
		if one.text == placeholder {
			return true
		}
	}
	return false
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
func TestPlaceholders(t *testing.T) {
	s := newServer(t)
	tests := []struct {
		name      string
		condition *string
		names     map[string]string
		values    M
		want      string
	}{
		{"unused value", new("attribute_exists(id)"), nil, M{":y": 1, ":x": 1}, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x, :y}"},
		{"unused name", new("attribute_exists(id)"), map[string]string{"#x": "x"}, nil, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"},
		{"names without expression", nil, map[string]string{"#x": "x"}, nil, "ExpressionAttributeNames can only be specified when using expressions"},
		{"values without expression", nil, nil, M{":x": 1}, "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"},
		{"key of a value", new("attribute_exists(id)"), nil, M{"x": 1}, `ExpressionAttributeValues contains invalid key: Syntax error; key: "x"`},
		{"key of a name", new("attribute_exists(id)"), map[string]string{"#-": "x"}, nil, `ExpressionAttributeNames contains invalid key: Syntax error; key: "#-"`},
		{"no names", new("attribute_exists(id)"), map[string]string{}, nil, "ExpressionAttributeNames must not be empty"},
		{"a bad value", new("a = :a"), nil, M{":a": N("x")}, "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.client().PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: new("plain"), Item: attributes(M{"id": "a"}), ConditionExpression: tt.condition,
				ExpressionAttributeNames: tt.names, ExpressionAttributeValues: attributes(tt.values),
			})
			checkError(t, err, "ValidationException", tt.want)
		})
	}
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
func TestUpdates(t *testing.T) {
	before := M{"id": "a", "n": 5, "s": "x", "l": L{0, 1, 2, 3}, "m": M{"k": 1, "in": M{}}, "ss": SS{"a", "b"}, "ns": NS{"1"}}
	values := M{":one": 1, ":two": 2, ":s": "s", ":l": L{8, 9}, ":ab": SS{"a", "b"}, ":bc": SS{"b", "c"}, ":ns": NS{"1", "2"}, ":m": M{}, ":big": N("9e125"), ":tiny": N("1e-130")}
	tests := []struct {
		update string
		// want are the attributes that change, absent ones as nil.
		want  M
		error string
	}{
		{"SET n = n + :one", M{"n": 6}, ""},
		{"SET n = :one - n", M{"n": -4}, ""},
		{"SET n = n + :one, x = n", M{"n": 6, "x": 5}, ""},
		{"set a = s, s = n", M{"a": "x", "s": 5}, ""},
		{"SET x = if_not_exists(x, :one), n = if_not_exists(n, :one) + :one", M{"x": 1, "n": 6}, ""},
		{"SET x = if_not_exists(a, if_not_exists(b, n))", M{"x": 5}, ""},
		{"SET l = list_append(l, :l)", M{"l": L{0, 1, 2, 3, 8, 9}}, ""},
		{"SET l = list_append(:l, if_not_exists(x, :l))", M{"l": L{8, 9, 8, 9}}, ""},
		{"SET l[1] = :s, l[9] = :two, l[7] = :one", M{"l": L{0, "s", 2, 3, 1, 2}}, ""},
		{"SET m.k = :s, m.#in.fresh = :m", M{"m": M{"k": "s", "in": M{"fresh": M{}}}}, ""},
		{"SET #n = :one", M{"n": 1}, ""},
		{"REMOVE n, l[0], l[2], l[17], absent", M{"n": nil, "l": L{1, 3}}, ""},
		{"REMOVE l[0] SET l[1] = :s, l[9] = :one", M{"l": L{"s", 2, 3, 1}}, ""},
		{"SET l[9] = :one REMOVE l[4]", M{"l": L{0, 1, 2, 3, 1}}, ""},
		{"REMOVE m.k, m.x", M{"m": M{"in": M{}}}, ""},
		{"ADD n :one, x :two, m.y :one", M{"n": 6, "x": 2, "m": M{"k": 1, "in": M{}, "y": 1}}, ""},
		{"ADD ss :bc, t :ab", M{"ss": SS{"a", "b", "c"}, "t": SS{"a", "b"}}, ""},
		{"DELETE ss :bc, absent :ab", M{"ss": SS{"a"}}, ""},
		{"DELETE ss :ab, ns :ns", M{"ss": nil, "ns": nil}, ""},
		{"SET a = :one REMOVE n ADD b :one DELETE ss :bc", M{"a": 1, "n": nil, "b": 1, "ss": SS{"a"}}, ""},

		{"SET id = :one", nil, "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key"},
		{"REMOVE id", nil, "Cannot update attribute id. This attribute is part of the key"},
		{"SET m.k = :one, m = :m", nil, "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, k], path two: [m]"},
		{"SET l[0] = :one REMOVE l[0]", nil, "path one: [l, [0]], path two: [l, [0]]"},
		{"SET m.k = :one, m[0] = :one", nil, "Two document paths conflict with each other"},
		{"SET a = :one SET b = :one", nil, `The "SET" section can only be used once in an update expression;`},
		{"SET x.y = :one", nil, "The document path provided in the update expression is invalid for update"},
		{"SET s.y = :one", nil, "The document path provided in the update expression is invalid for update"},
		{"SET m[0] = :one", nil, "The document path provided in the update expression is invalid for update"},
		{"REMOVE x.y", nil, "The document path provided in the update expression is invalid for update"},
		{"SET x = y", nil, "The provided expression refers to an attribute that does not exist in the item"},
		{"SET x = s + :one", nil, "An operand in the update expression has an incorrect data type"},
		{"SET x = list_append(l, s)", nil, "An operand in the update expression has an incorrect data type"},
		{"ADD s :one", nil, "An operand in the update expression has an incorrect data type"},
		{"DELETE ns :ab", nil, "An operand in the update expression has an incorrect data type"},
		{"SET x = n + :s", nil, "Incorrect operand type for operator or function; operator or function: +, operand type: S"},
		{"SET x = list_append(l, :s)", nil, "Incorrect operand type for operator or function; operator or function: list_append, operand type: S"},
		{"ADD x :s", nil, "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeset: ALLOWED_FOR_ADD_OPERAND"},
		{"DELETE x :one", nil, "operator: DELETE, operand type: NUMBER, typeset: ALLOWED_FOR_DELETE_OPERAND"},
		{"ADD x n", nil, `Syntax error; token: "n"`},
		{"SET x = size(l)", nil, "The function is not allowed in an update expression; function: size"},
		{"SET x = foo(l)", nil, "Invalid function name; function: foo"},
		{"SET x = list_append(l)", nil, "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1"},
		{"SET x = if_not_exists(:one, :one)", nil, "Operator or function requires a document path; operator or function: if_not_exists"},
		{"SET x", nil, `Syntax error; token: "<EOF>", near: "x"`},
		{"SET x = :one,", nil, `Syntax error; token: "<EOF>"`},
		{"PUT x = :one", nil, `Syntax error; token: "PUT"`},
		{"SET x = :big + :big", nil, "Number overflow"},
		{"SET x = :big + :one", nil, "Attempting to store more than 38 significant digits in a Number"},
		{"SET x = :tiny - :tiny", M{"x": 0}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.update, func(t *testing.T) {
			s := newServer(t)
			s.put(t, "plain", before)
			in := &dynamodb.UpdateItemInput{TableName: new("plain"), Key: attributes(M{"id": "a"}), UpdateExpression: &tt.update, ReturnValues: "ALL_NEW"}
			for name, v := range values {
				if mentions(tt.update, name) {
					in.ExpressionAttributeValues = with(in.ExpressionAttributeValues, name, attribute(v))
				}
			}
			for name, v := range map[string]string{"#in": "in", "#n": "n"} {
				if mentions(tt.update, name) {
					in.ExpressionAttributeNames = with(in.ExpressionAttributeNames, name, v)
				}
			}
			out, err := s.client().UpdateItem(t.Context(), in)
			want := canonical(before)
			if tt.error != "" {
				checkError(t, err, "ValidationException", tt.error)
				diff(t, s.get(t, "plain", M{"id": "a"}), want)
				return
			}
			checkError(t, err, "", "")
			for name, v := range tt.want {
				if want[name] = goValue(attribute(v)); v == nil {
					delete(want, name)
				}
			}
			diff(t, goValues(out.Attributes), want)
			diff(t, s.get(t, "plain", M{"id": "a"}), want)
		})
	}
}

// An update makes the item that it does not find, unless it only removes
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html).
func TestUpdateCreates(t *testing.T) {
	tests := []struct {
		name   string
		update *string
		want   M
	}{
		{"no expression", nil, M{"id": "new"}},
		{"set", new("SET a = :v"), M{"id": "new", "a": 1}},
		{"add", new("ADD a :v"), M{"id": "new", "a": 1}},
		{"remove", new("REMOVE a"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			in := &dynamodb.UpdateItemInput{TableName: new("plain"), Key: attributes(M{"id": "new"}), UpdateExpression: tt.update}
			if tt.update != nil && mentions(*tt.update, ":v") {
				in.ExpressionAttributeValues = attributes(M{":v": 1})
			}
			_, err := s.client().UpdateItem(t.Context(), in)
			checkError(t, err, "", "")
			diff(t, s.get(t, "plain", M{"id": "new"}), canonical(tt.want))
		})
	}
}

// An update may not make an item that a put could not
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
func TestUpdateLimits(t *testing.T) {
	s := newServer(t)
	s.put(t, "things", M{"p": "a", "s": 1, "m": M{}, "big": strings.Repeat("x", 300<<10)})
	var deep any = L{}
	for range 31 {
		deep = L{deep}
	}
	tests := []struct {
		update string
		value  any
		want   string
	}{
		{"SET h = :v", "text", "Type mismatch for Index Key h Expected: N Actual: S IndexName: global"},
		{"SET m.a = :v", deep, "Nesting Levels have exceeded supported limits"},
		{"SET more = :v", strings.Repeat("x", 200<<10), "Item size to update has exceeded the maximum allowed size"},
	}
	for _, tt := range tests {
		t.Run(tt.update, func(t *testing.T) {
			_, err := s.client().UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: new("things"), Key: attributes(M{"p": "a", "s": 1}), UpdateExpression: &tt.update, ExpressionAttributeValues: attributes(M{":v": tt.value}),
			})
			checkError(t, err, "ValidationException", tt.want)
		})
	}
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
func TestProjections(t *testing.T) {
	s := newServer(t)
	s.put(t, "plain", example)
	tests := []struct {
		projection string
		want       M
		error      string
	}{
		{"n, s", M{"n": 5, "s": "hello"}, ""},
		{"m.#in.n, l[1], absent", M{"m": M{"in": M{"n": 7}}, "l": L{"two"}}, ""},
		{"l[2][0], l[0]", M{"l": L{1, L{3}}}, ""},
		{"absent", M{}, ""},
		{"s.x, l[9], m[0]", M{}, ""},
		{"m, m.#in", nil, "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, in]"},
		{"m.x, m[0]", nil, "conflict with each other"},
		{"n,", nil, `Syntax error; token: "<EOF>", near: ","`},
		{"data", nil, "reserved keyword: data"},
	}
	for _, tt := range tests {
		t.Run(tt.projection, func(t *testing.T) {
			in := &dynamodb.GetItemInput{TableName: new("plain"), Key: attributes(M{"id": "a"}), ProjectionExpression: &tt.projection}
			if mentions(tt.projection, "#in") {
				in.ExpressionAttributeNames = map[string]string{"#in": "in"}
			}
			out, err := s.client().GetItem(t.Context(), in)
			if tt.error != "" {
				checkError(t, err, "ValidationException", tt.error)
				return
			}
			checkError(t, err, "", "")
			diff(t, goValues(out.Item), canonical(tt.want))
		})
	}
}
