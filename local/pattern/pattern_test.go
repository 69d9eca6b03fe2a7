package pattern_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/local/pattern"
)

// decode decodes an event as Match wants it.
func decode(t testing.TB, data string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(data))
	decoder.UseNumber()
	var event any
	if err := decoder.Decode(&event); err != nil {
		t.Fatalf("event %s: %v", data, err)
	}
	return event
}

// The operators follow
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html,
// unless a test names another page.
func TestMatch(t *testing.T) {
	tests := []struct {
		name    string
		pattern string
		match   []string
		no      []string
	}{
		{
			name:    "string",
			pattern: `{"a": ["x", "y"]}`,
			match:   []string{`{"a":"x"}`, `{"a":"y","b":1}`},
			no:      []string{`{"a":"X"}`, `{"a":"z"}`, `{"b":"x"}`, `{}`, `{"a":{"x":"x"}}`, `"x"`, `[{"a":"x"}]`, `null`},
		},
		{
			name:    "number by value",
			pattern: `{"a": [100]}`,
			match:   []string{`{"a":100}`, `{"a":100.0}`, `{"a":1e2}`},
			no:      []string{`{"a":"100"}`, `{"a":101}`},
		},
		{
			name:    "number beyond the limits as it is written",
			pattern: `{"account": [123456789012]}`,
			match:   []string{`{"account":123456789012}`},
			no:      []string{`{"account":123456789012.0}`, `{"account":123456789013}`, `{"account":1e999}`},
		},
		// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-null-values.html
		{
			name:    "null is not an empty string",
			pattern: `{"a": [null]}`,
			match:   []string{`{"a":null}`},
			no:      []string{`{"a":""}`, `{}`, `{"a":"null"}`},
		},
		{
			name:    "empty string is not null",
			pattern: `{"a": [""]}`,
			match:   []string{`{"a":""}`},
			no:      []string{`{"a":null}`, `{}`},
		},
		{
			name:    "booleans",
			pattern: `{"a": [true], "b": [false]}`,
			match:   []string{`{"a":true,"b":false}`},
			no:      []string{`{"a":true,"b":true}`, `{"a":"true","b":false}`},
		},
		{
			name:    "prefix",
			pattern: `{"time": [{"prefix": "2017-10-02"}]}`,
			match:   []string{`{"time":"2017-10-02T18:43:48Z"}`, `{"time":"2017-10-02"}`},
			no:      []string{`{"time":"2017-10-03"}`, `{"time":2017}`},
		},
		{
			name:    "prefix while ignoring case",
			pattern: `{"service": [{"prefix": {"equals-ignore-case": "EventB"}}]}`,
			match:   []string{`{"service":"EVENTBridge"}`, `{"service":"eventb"}`},
			no:      []string{`{"service":"event"}`, `{"service":"an eventbridge"}`},
		},
		{
			name:    "suffix",
			pattern: `{"file": [{"suffix": ".png"}]}`,
			match:   []string{`{"file":"a.png"}`, `{"file":".png"}`},
			no:      []string{`{"file":"a.PNG"}`, `{"file":"a.png.gz"}`},
		},
		{
			name:    "suffix while ignoring case",
			pattern: `{"service": [{"suffix": {"equals-ignore-case": "tBridge"}}]}`,
			match:   []string{`{"service":"EventBRIDGE"}`},
			no:      []string{`{"service":"EventBridges"}`},
		},
		{
			name:    "equals-ignore-case",
			pattern: `{"a": [{"equals-ignore-case": "Ångström"}]}`,
			match:   []string{`{"a":"ångström"}`, `{"a":"ÅNGSTRÖM"}`},
			no:      []string{`{"a":"angstrom"}`, `{"a":null}`},
		},
		{
			name:    "anything-but a string",
			pattern: `{"state": [{"anything-but": "initializing"}]}`,
			match:   []string{`{"state":"running"}`, `{"state":""}`, `{"state":null}`, `{"state":1}`, `{"state":["initializing","running"]}`},
			no:      []string{`{"state":"initializing"}`, `{}`, `{"state":["initializing"]}`, `{"state":[]}`},
		},
		{
			name:    "anything-but a number",
			pattern: `{"limit": [{"anything-but": 123}]}`,
			match:   []string{`{"limit":124}`, `{"limit":"123"}`},
			no:      []string{`{"limit":123}`, `{"limit":123.0}`},
		},
		{
			name:    "anything-but a list of strings",
			pattern: `{"state": [{"anything-but": ["stopped", "overloaded"]}]}`,
			match:   []string{`{"state":"running"}`},
			no:      []string{`{"state":"stopped"}`, `{"state":"overloaded"}`},
		},
		{
			name:    "anything-but a list of numbers",
			pattern: `{"limit": [{"anything-but": [100, 200, 300]}]}`,
			match:   []string{`{"limit":150}`},
			no:      []string{`{"limit":200}`},
		},
		{
			name:    "anything-but a prefix",
			pattern: `{"state": [{"anything-but": {"prefix": "init"}}]}`,
			match:   []string{`{"state":"running"}`, `{"state":1}`},
			no:      []string{`{"state":"initializing"}`},
		},
		{
			name:    "anything-but a list of prefixes",
			pattern: `{"state": [{"anything-but": {"prefix": ["init", "error"]}}]}`,
			match:   []string{`{"state":"running"}`},
			no:      []string{`{"state":"initializing"}`, `{"state":"errors"}`},
		},
		{
			name:    "anything-but a suffix",
			pattern: `{"file": [{"anything-but": {"suffix": [".txt", ".rtf"]}}]}`,
			match:   []string{`{"file":"a.png"}`},
			no:      []string{`{"file":"a.txt"}`, `{"file":"a.rtf"}`},
		},
		{
			name:    "anything-but while ignoring case",
			pattern: `{"state": [{"anything-but": {"equals-ignore-case": ["initializing", "stopped"]}}]}`,
			match:   []string{`{"state":"running"}`},
			no:      []string{`{"state":"INITIALIZING"}`, `{"state":"Stopped"}`},
		},
		{
			name:    "anything-but a wildcard",
			pattern: `{"path": [{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}]}`,
			match:   []string{`{"path":"/usr/share/x"}`},
			no:      []string{`{"path":"/usr/lib/x"}`, `{"path":"/bin/x"}`},
		},
		{
			name:    "numeric",
			pattern: `{"c": [{"numeric": [">", 0, "<=", 5]}], "d": [{"numeric": ["<", 10]}], "x": [{"numeric": ["=", 3.018e2]}]}`,
			match:   []string{`{"c":5,"d":9.99,"x":301.8}`, `{"c":0.000001,"d":-4e9,"x":301.80}`},
			no:      []string{`{"c":0,"d":9,"x":301.8}`, `{"c":5.1,"d":9,"x":301.8}`, `{"c":5,"d":10,"x":301.8}`, `{"c":5,"d":9,"x":"301.8"}`},
		},
		{
			name:    "numeric halves of a range",
			pattern: `{"a": [{"numeric": [">=", 2]}, {"numeric": ["<=", -2]}]}`,
			match:   []string{`{"a":2}`, `{"a":-2}`},
			no:      []string{`{"a":1.9}`, `{"a":-1}`, `{"a":6e9}`},
		},
		{
			name:    "cidr",
			pattern: `{"ip": [{"cidr": "10.0.0.0/24"}]}`,
			match:   []string{`{"ip":"10.0.0.0"}`, `{"ip":"10.0.0.255"}`},
			no:      []string{`{"ip":"10.0.1.0"}`, `{"ip":"10.0.0"}`, `{"ip":"::1"}`, `{"ip":10}`},
		},
		{
			name:    "cidr of version 6",
			pattern: `{"ip": [{"cidr": "2001:db8::/32"}]}`,
			match:   []string{`{"ip":"2001:db8::1"}`, `{"ip":"2001:0db8:ffff::"}`},
			no:      []string{`{"ip":"2001:db9::1"}`, `{"ip":"10.0.0.1"}`},
		},
		{
			name:    "exists",
			pattern: `{"a": {"b": [{"exists": true}]}}`,
			match:   []string{`{"a":{"b":1}}`, `{"a":{"b":null}}`, `{"a":{"b":""}}`},
			no:      []string{`{"a":{}}`, `{}`, `{"a":{"b":{"c":1}}}`, `{"a":{"b":[]}}`, `{"a":"b"}`},
		},
		{
			name:    "exists false, of leaves only",
			pattern: `{"a": {"b": [{"exists": false}]}}`,
			match:   []string{`{"a":{"x":1}}`, `{}`, `{"a":{"b":{"c":1}}}`, `{"a":[]}`, `{"a":"b"}`},
			no:      []string{`{"a":{"b":1}}`, `{"a":{"b":null}}`, `{"a":[{"b":1},{"x":1}]}`},
		},
		{
			name:    "a value or none",
			pattern: `{"a": ["x", {"exists": false}], "b": [1]}`,
			match:   []string{`{"a":"x","b":1}`, `{"b":1}`},
			no:      []string{`{"a":"y","b":1}`, `{"a":"x"}`},
		},
		{
			name:    "wildcard",
			pattern: `{"file": [{"wildcard": "dir/*.png"}]}`,
			match:   []string{`{"file":"dir/a.png"}`, `{"file":"dir/.png"}`, `{"file":"dir/a\nb/c.png"}`},
			no:      []string{`{"file":"dir/a.jpg"}`, `{"file":"a/dir/a.png"}`, `{"file":"dir/aXpng"}`, `{"file":1}`},
		},
		{
			name:    "wildcards in several places",
			pattern: `{"a": [{"wildcard": "*a*b*"}]}`,
			match:   []string{`{"a":"ab"}`, `{"a":"xaxbx"}`},
			no:      []string{`{"a":"ba"}`},
		},
		{
			name:    "wildcard and backslash that are escaped",
			pattern: `{"a": [{"wildcard": "x\\*\\\\*"}]}`,
			match:   []string{`{"a":"x*\\"}`, `{"a":"x*\\y"}`},
			no:      []string{`{"a":"xy\\"}`, `{"a":"x*y"}`},
		},
		{
			name:    "$or",
			pattern: `{"detail": {"$or": [{"c": [{"numeric": [">", 0]}]}, {"d": ["x"], "e": ["y"]}]}, "source": ["s"]}`,
			match:   []string{`{"source":"s","detail":{"c":1}}`, `{"source":"s","detail":{"d":"x","e":"y"}}`},
			no:      []string{`{"detail":{"c":1}}`, `{"source":"s","detail":{"c":0,"d":"x"}}`, `{"source":"s"}`},
		},
		{
			name:    "$or in and beside $or",
			pattern: `{"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"c": [3]}], "d": [4]}], "e": {"$or": [{"f": [5]}, {"g": [6]}]}}`,
			match:   []string{`{"a":1,"e":{"f":5}}`, `{"c":3,"d":4,"e":{"g":6}}`},
			no:      []string{`{"a":1}`, `{"c":3,"e":{"g":6}}`, `{"e":{"f":5}}`},
		},
		// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
		{
			name:    "array of values",
			pattern: `{"resources": ["x", "y"]}`,
			match:   []string{`{"resources":["a","y"]}`, `{"resources":[["x"]]}`},
			no:      []string{`{"resources":["a"]}`, `{"resources":[]}`},
		},
		{
			name:    "fields match in the same element of an array",
			pattern: `{"employees": {"first": ["Anna"], "last": ["Smith"]}}`,
			match:   []string{`{"employees":[{"first":"John","last":"Doe"},{"first":"Anna","last":"Smith"}]}`, `{"employees":[[{"first":["Anna","Ann"],"last":"Smith"}]]}`},
			no:      []string{`{"employees":[{"first":"Anna","last":"Doe"},{"first":"John","last":"Smith"}]}`},
		},
		{
			name:    "fields in and beside $or match in the same element",
			pattern: `{"a": {"x": [1]}, "$or": [{"a": {"y": [2]}}, {"b": [3]}]}`,
			match:   []string{`{"a":[{"x":1,"y":2}]}`, `{"a":[{"x":1}],"b":3}`},
			no:      []string{`{"a":[{"x":1},{"y":2}]}`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := pattern.Parse([]byte(test.pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, event := range test.match {
				if !p.Match(decode(t, event)) {
					t.Errorf("does not match %s", event)
				}
			}
			for _, event := range test.no {
				if p.Match(decode(t, event)) {
					t.Errorf("matches %s", event)
				}
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, pattern, want string
	}{
		{"no JSON", `{`, "the pattern is not valid JSON"},
		{"no object", `["a"]`, "the pattern: must be an object that is not empty"},
		{"empty object", `{}`, "the pattern: must be an object that is not empty"},
		{"empty object inside", `{"a": {"b": {}}}`, "a.b: must be an object that is not empty"},
		{"value without an array", `{"a": {"b": "x"}}`, "a.b: must be an object that is not empty"},
		{"empty array", `{"a": []}`, "a: empty arrays are not allowed"},
		{"array in an array", `{"a": [["x"]]}`, "a: match value must be a string, a number, true, false, null or an operator"},
		{"unknown operator", `{"a": {"b": [{"regex": "x"}]}}`, `a.b: unrecognized match type "regex": use one of ["anything-but" "cidr" "equals-ignore-case" "exists" "numeric" "prefix" "suffix" "wildcard"]`},
		{"no operator", `{"a": [{}]}`, "a: a match expression has one operator, not 0"},
		{"two operators", `{"a": [{"prefix": "x", "suffix": "y"}]}`, "a: a match expression has one operator, not 2"},
		{"prefix of a number", `{"a": [{"prefix": 1}]}`, "a: prefix: must be a string"},
		{"prefix with another operator", `{"a": [{"prefix": {"suffix": "x"}}]}`, `a: prefix: unrecognized match type "suffix": use one of ["equals-ignore-case"]`},
		{"equals-ignore-case of a list", `{"a": [{"equals-ignore-case": ["x"]}]}`, "a: equals-ignore-case: must be a string"},
		{"exists as text", `{"a": [{"exists": "true"}]}`, "a: exists: must be true or false"},
		{"cidr without a mask", `{"a": [{"cidr": "10.0.0.1"}]}`, `a: cidr: "10.0.0.1" is not an IP address and a mask, such as 10.0.0.0/24`},
		{"consecutive wildcards", `{"a": [{"wildcard": "x**"}]}`, `a: wildcard: "x**" has consecutive wildcard characters, or a backslash before another character than * and \`},
		{"wildcard with another escape", `{"a": [{"wildcard": "x\\y"}]}`, `a: wildcard: "x\\y" has consecutive wildcard characters, or a backslash before another character than * and \`},
		{"wildcard with half an escape", `{"a": [{"wildcard": "x\\"}]}`, `a: wildcard: "x\\" has consecutive wildcard characters, or a backslash before another character than * and \`},
		{"anything-but true", `{"a": [{"anything-but": true}]}`, "a: anything-but: must be a string or a number, or a list"},
		{"anything-but nothing", `{"a": [{"anything-but": []}]}`, "a: anything-but: a list must have only strings or only numbers"},
		{"anything-but strings and numbers", `{"a": [{"anything-but": ["x", 1]}]}`, "a: anything-but: a list must have only strings or only numbers"},
		{"anything-but a range", `{"a": [{"anything-but": {"numeric": [">", 1]}}]}`, `a: anything-but: unrecognized match type "numeric": use one of ["equals-ignore-case" "prefix" "suffix" "wildcard"]`},
		{"anything-but a prefix of numbers", `{"a": [{"anything-but": {"prefix": [1]}}]}`, "a: anything-but: prefix: must be a string"},
		{"anything-but an empty prefix", `{"a": [{"anything-but": {"prefix": ""}}]}`, "a: anything-but: prefix: must not be empty"},
		{"numeric of a number", `{"a": [{"numeric": 5}]}`, "a: numeric: must be an array of an operator and a number, or two of each"},
		{"numeric without a number", `{"a": [{"numeric": ["="]}]}`, "a: numeric: must be an array of an operator and a number, or two of each"},
		{"numeric with another comparison", `{"a": [{"numeric": ["!=", 5]}]}`, "a: numeric: != 5 is not =, <, <=, > or >= and a number between -5.0e9 and 5.0e9"},
		{"numeric beyond the limits", `{"a": [{"numeric": ["=", 5000000001]}]}`, "a: numeric: = 5000000001 is not =, <, <=, > or >= and a number between -5.0e9 and 5.0e9"},
		{"numeric of text", `{"a": [{"numeric": ["=", "5"]}]}`, "a: numeric: = 5 is not =, <, <=, > or >= and a number between -5.0e9 and 5.0e9"},
		{"range from its top", `{"a": [{"numeric": ["<", 5, ">", 1]}]}`, "a: numeric: a range must be > or >= its bottom, then < or <= its top, which is greater"},
		{"empty range", `{"a": [{"numeric": [">", 5, "<", 5]}]}`, "a: numeric: a range must be > or >= its bottom, then < or <= its top, which is greater"},
		{"$or of one", `{"a": {"$or": [{"b": [1]}]}}`, "a.$or: must be an array of at least 2 objects"},
		{"$or of values", `{"$or": ["x", "y"]}`, "the pattern: must be an object that is not empty"},
		{"operator as a field in $or", `{"$or": [{"prefix": ["x"]}, {"b": [1]}]}`, "prefix: the name of an operator cannot be that of a field in $or"},
		{"too many combinations", `{` + strings.Repeat(`"a":{"$or":[{"x":[1]},{"y":[1]},{"z":[1]},{"v":[1]}],`, 5) + `"b":[1]` + strings.Repeat("}", 6), "a: $or leads to over 1000 rule combinations"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := pattern.Parse([]byte(test.pattern))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
