package states

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// evaluateIn evaluates an expression with the input, and a context of {"name":"c"}.
func evaluateIn(t *testing.T, text, input string) (string, error) {
	t.Helper()
	evaluate, err := parseExpression(text)
	if err != nil {
		t.Fatal(err)
	}
	value, err := unmarshal(input)
	if err != nil {
		t.Fatal(err)
	}
	result, err := evaluate(&scope{input: value, context: func() any { return map[string]any{"name": "c"} }, random: func(n int64) int64 { return n - 1 }})
	if err != nil {
		return "", err
	}
	return marshal(result)
}

// https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
func TestIntrinsicFunctions(t *testing.T) {
	const input = `{"name":"Ann","n":7,"f":1.5,"list":[1,2,3,4,5],"o":{"a":{"x":1},"b":2},"p":{"a":{"y":2},"c":3},"json":"{\"v\":1.0}","tpl":"<{}>","e'f":1}`
	tests := []struct{ expression, want string }{
		{`States.Array()`, `[]`},
		{`States.Array(1, 'two', $.n, null, true, -2.50e3)`, `[1,"two",7,null,true,-2.50e3]`},
		{`States.ArrayPartition($.list, 2)`, `[[1,2],[3,4],[5]]`},
		{`States.ArrayPartition(States.Array(), 2)`, `[]`},
		{`States.ArrayContains($.list, 5)`, `true`},
		{`States.ArrayContains($.list, 5.0)`, `true`},
		{`States.ArrayContains($.list, '5')`, `false`},
		{`States.ArrayContains(States.Array($.o, null), null)`, `true`},
		{`States.ArrayRange(1, 9, 2)`, `[1,3,5,7,9]`},
		{`States.ArrayRange(3, 1, -1)`, `[3,2,1]`},
		{`States.ArrayRange(3, 1, 1)`, `[]`},
		{`States.ArrayGetItem($.list, 4)`, `5`},
		{`States.ArrayLength($.list)`, `5`},
		{`States.ArrayUnique(States.Array(1, 2, '1', 1, 'a', 'a'))`, `[1,2,"1","a"]`},
		{`States.Base64Encode('Data to encode')`, `"RGF0YSB0byBlbmNvZGU="`},
		{`States.Base64Decode('RGVjb2RlZCBkYXRh')`, `"Decoded data"`},
		{`States.Hash('input data', 'SHA-1')`, `"aaff4a450a104cd177d28d18d74485e8cae074b7"`},
		{`States.Hash('', 'MD5')`, `"d41d8cd98f00b204e9800998ecf8427e"`},
		{`States.Hash('', 'SHA-256')`, `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`},
		{`States.JsonMerge($.o, $.p, false)`, `{"a":{"y":2},"b":2,"c":3}`},
		{`States.StringToJson($.json)`, `{"v":1.0}`},
		{`States.JsonToString($.o)`, `"{\"a\":{\"x\":1},\"b\":2}"`},
		{`States.MathRandom(1, 999)`, `998`},
		{`States.MathAdd($.n, -1)`, `6`},
		{`States.MathAdd($.f, 1)`, `3`},
		{`States.StringSplit('1,2,3,4,5', ',')`, `["1","2","3","4","5"]`},
		{`States.StringSplit('This.is+a,test=string', '.+,=')`, `["This","is","a","test","string"]`},
		{`States.Format('Hello, my name is {}.', $.name)`, `"Hello, my name is Ann."`},
		{`States.Format('{}{}{}', $.n, null, $.o.b)`, `"7null2"`},
		{`States.Format('it\'s \{\} \\ {}', $$.name)`, `"it's {} \\ c"`},
		{`States.Format($.tpl, 'x')`, `"<x>"`},
		{`States.Format('')`, `""`},
		{`States.Array('\'\{\}\\')`, `["'{}\\"]`},
		{`States.Array( $['e\'f'] ,$.list[?(@ > 4)], $.list[0] )`, ``},
		{`States.Array($["e'f"], $.list[?(@ > 3)], $.o.a.x )`, `[1,[4,5],1]`},
		{`States.Format('{}.{}', States.ArrayGetItem(States.StringSplit('a/b/c', '/'), 2), States.MathAdd(1, States.ArrayLength($.list)))`, `"c.6"`},
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			if tt.want == "" {
				if _, err := parseExpression(tt.expression); err == nil {
					t.Error("no error")
				}
				return
			}
			got, err := evaluateIn(t, tt.expression, input)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "result", got, tt.want)
		})
	}
	uuid, err := evaluateIn(t, `States.UUID()`, `{}`)
	if err != nil || !regexp.MustCompile(`^"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$`).MatchString(uuid) {
		t.Errorf("States.UUID() = %s, %v", uuid, err)
	}
	first, _ := evaluateIn(t, `States.MathRandom(1, 1000000, 42)`, `{}`)
	second, _ := evaluateIn(t, `States.MathRandom(1, 1000000, 42)`, `{}`)
	wantEqual(t, "a seed's number", second, first)
}

// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: States.IntrinsicFailure
func TestIntrinsicFailures(t *testing.T) {
	tests := []struct{ expression, want string }{
		{`States.Format('{} {}', 1)`, "there are more {} than arguments"},
		{`States.Format('{}', 1, 2)`, "there are more arguments than {}"},
		{`States.Format(1)`, "invalid argument"},
		{`States.ArrayGetItem($.list, 1)`, "out of bounds"},
		{`States.ArrayGetItem($.n, 1)`, "invalid argument"},
		{`States.ArrayLength($.no)`, "The JsonPath argument for the field '$.no' could not be found in the input"},
		{`States.ArrayPartition($.list, 0)`, "positive"},
		{`States.ArrayRange(1, 5, 0)`, "zero"},
		{`States.ArrayRange(0, 1000, 1)`, "at most 1000"},
		{`States.ArrayRange(-9000000000000000000, 9000000000000000000, 1)`, "at most 1000"},
		{`States.Base64Decode('*')`, "illegal base64"},
		{`States.Base64Encode($.long)`, "more than 10000"},
		{`States.Hash('x', 'CRC')`, "not one of MD5"},
		{`States.JsonMerge($, $, true)`, "deep merging"},
		{`States.MathAdd('1', 2)`, "not a number"},
		{`States.MathAdd(9223372036854775807, 1)`, "too large"},
		{`States.MathRandom(2, 2)`, "no number"},
		{`States.StringToJson('{')`, "unexpected EOF"},
		{`States.StringToJson('1 2')`, "more than one"},
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			_, err := evaluateIn(t, tt.expression, `{"list":[1],"n":1,"long":"`+strings.Repeat("x", 10001)+`"}`)
			f, ok := err.(*failure)
			if !ok || f.name != errorIntrinsic || !strings.Contains(f.cause, tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestIntrinsicSyntax(t *testing.T) {
	for _, expression := range []string{
		"", "x", "States.Nope()", "States.Array", "States.Array(", "States.Array(1", "States.Array(1,)", "States.Array(1 2)", "States.Array(1)x",
		"States.Array('a)", `States.Array('\n')`, "States.Array(x)", "States.UUID(1)", "States.Format()", "States.Array($.[)", "$.a[", "$['a','b']",
		strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11),
	} {
		if _, err := parseExpression(expression); err == nil {
			t.Errorf("%q: no error", expression)
		}
	}
	if _, err := parseExpression(strings.Repeat("States.Array(", 10) + strings.Repeat(")", 10)); err != nil {
		t.Error(err)
	}
}

func FuzzIntrinsic(f *testing.F) {
	for _, seed := range []string{
		`States.Format('a {} \{', $.a)`, `States.ArrayRange(1,2,3)`, `$.a[?(@.b==1)]`, `$$..x`, `States.Array($['x'],States.UUID(),-1e5)`,
		`States.MathAdd(1e400, 1)`, `States.JsonMerge($,$,false)`, `States.ArrayUnique(States.Array(1,1e99999))`, `States.MathRandom(-9223372036854775808, 9223372036854775807)`,
	} {
		f.Add(seed, `{"a":[1,{"b":1}]}`)
	}
	f.Fuzz(func(t *testing.T, text, input string) {
		evaluate, err := parseExpression(text)
		value, err2 := unmarshal(input)
		if err != nil || err2 != nil || len(text) > 200 || len(input) > 200 {
			return
		}
		start := time.Now()
		result, err := evaluate(&scope{input: value, context: func() any { return value }, random: func(n int64) int64 { return n - 1 }})
		if err == nil {
			_, err = encode(result)
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		if d := time.Since(start); d > time.Minute {
			t.Errorf("took %v", d)
		}
	})
}
