package logs

import (
	"strings"
	"testing"
)

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
func TestPattern(t *testing.T) {
	const object = `{"level":"ERROR","ms":503,"user":{"id":"u-1","tags":["a"]},"ok":true,"none":null,"text":"say \"hi\" && bye"}`
	tests := []struct {
		name, pattern, message string
		want                   bool
	}{
		{"empty", "", "anything", true},
		{"spaces", "  ", "anything", true},
		{"term", "ERROR", "[ERROR] a", true},
		{"part of a word", "ERROR", "ERRORCODE: -1", true},
		{"case", "error", "ERROR", false},
		{"all terms", "ERROR Exception", "[ERROR] IllegalArgumentException", true},
		{"one of two terms", "ERROR Exception", "[ERROR]", false},
		{"phrase", `"process the"`, "Failed to process the request", true},
		{"phrase that is not there", `"process request"`, "Failed to process the request", false},
		{"quotes in a phrase", `"\"a\""`, `{"a":1}`, true},
		{"excluded", "ERROR -WARN", "ERROR message", true},
		{"excluded and there", "ERROR -WARN", "ERROR WARN message", false},
		{"excluded phrase", `-"a b"`, "a b", false},
		{"optional", "?ERROR ?WARN", "WARN message", true},
		{"no optional", "?ERROR ?WARN", "INFO message", false},
		{"optional with others", "?ERROR INFO", "INFO message", true},
		{"object as text", `"level\":\"ERROR"`, object, true},
		{"text", `{ $.level = "ERROR" }`, object, true},
		{"text without spaces and quotes", `{$.level=ERROR}`, object, true},
		{"another text", `{ $.level = "INFO" }`, object, false},
		{"not", `{ $.level != "INFO" }`, object, true},
		{"not of what is not there", `{ $.nothing != "INFO" }`, object, false},
		{"nested", `{ $.user.id = "u-1" }`, object, true},
		{"nested in a text", `{ $.level.id = "u-1" }`, object, false},
		{"object", `{ $.user != "u" }`, object, false},
		{"boolean", `{ $.ok != "u" }`, object, false},
		{"quotes and operators", `{ $.text = "say \"hi\" && bye" }`, object, true},
		{"start", `{ $.level = "ERR*" }`, object, true},
		{"end", `{ $.level = *ROR }`, object, true},
		{"inside", `{ $.level = *RR* }`, object, true},
		{"anything", `{ $.level = * }`, object, true},
		{"anything of nothing", `{ $.nothing = * }`, object, false},
		{"no wildcard in the middle", `{ $.level = E*R }`, object, false},
		{"another start", `{ $.level = *ERR }`, object, false},
		{"number", `{ $.ms = 503 }`, object, true},
		{"number in another form", `{ $.ms = 5.03e2 }`, object, true},
		{"number not", `{ $.ms != 503 }`, object, false},
		{"number with a wildcard", `{ $.ms = 5* }`, object, true},
		{"less", `{ $.ms < 503 }`, object, false},
		{"at most", `{ $.ms <= 503 }`, object, true},
		{"more", `{ $.ms > 502 }`, object, true},
		{"at least", `{ $.ms >= 504 }`, object, false},
		{"number of a text", `{ $.level > 1 }`, object, false},
		{"and", `{ $.level = "ERROR" && $.ms = 1 }`, object, false},
		{"or", `{ $.level = "ERROR" || $.ms = 1 }`, object, true},
		{"and before or", `{ $.level = "ERROR" || $.ms = 503 && $.user.id = "x" }`, object, true},
		{"or after and", `{ $.level = "x" && $.ms = 503 || $.user.id = "x" }`, object, false},
		{"no object", `{ $.level != "INFO" }`, "text", false},
		{"list", `{ $.level != "INFO" }`, "[1]", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			matches, err := parsePattern(test.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := matches(test.message); got != test.want {
				t.Errorf("%q matches %q: %v, want %v", test.pattern, test.message, got, test.want)
			}
		})
	}
}

func TestPatternRefused(t *testing.T) {
	tests := []struct{ name, pattern, want string }{
		{"term with other characters", "a.b", "Invalid character(s) in term 'a.b'"},
		{"open quote", `"a`, `Invalid character(s) in term '"a'`},
		{"fields", "[ip, user]", "Invalid character(s) in term '[ip,'"},
		{"regular expression", "%a+%", "Invalid character(s) in term '%a+%'"},
		{"brace", "{ $.a = 1", "not supported locally"},
		{"nothing", "{}", "not supported locally"},
		{"parentheses", "{ ($.a = 1) }", "not supported locally at ' ($.a = 1) }'"},
		{"state", "{ $.a IS NULL }", "not supported locally"},
		{"index", "{ $.a[0] = 1 }", "not supported locally"},
		{"regular expression of a member", "{ $.a = %b% }", "not supported locally"},
		{"end", "{ $.a = 1 && }", "not supported locally"},
		{"order of texts", "{ $.a < b }", "< needs a number, not b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parsePattern(test.pattern)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %s", err, test.want)
			}
		})
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`?a -"b c" d`, "a b c")
	f.Add(`{ $.level = "ERR*" || $.ms >= 5e2 && $.a.b != *x }`, `{"level":"ERROR","ms":503,"a":{"b":null}}`)
	f.Fuzz(func(_ *testing.T, pattern, message string) {
		if matches, err := parsePattern(pattern); err == nil {
			matches(message)
		}
	})
}
