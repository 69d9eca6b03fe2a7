package firehose

import (
	"strings"
	"testing"
	"time"
)

// https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
func TestEvaluate(t *testing.T) {
	at := time.Date(2026, 1, 2, 5, 4, 9, 0, time.FixedZone("", 2*60*60))
	tests := []struct{ prefix, want, problem string }{
		{"", "2026/01/02/03/", ""},
		{"raw/", "raw/2026/01/02/03/", ""},
		{"!{timestamp:yyyy/MM/dd/HH}", "2026/01/02/03", ""},
		{"y=!{timestamp:yyyy}/m=!{timestamp:MM}/d=!{timestamp:dd}/", "y=2026/m=01/d=02/", ""},
		{"!{timestamp:yyyyMMdd-HHmmss_}", "20260102-030409_", ""},
		{"!{timestamp:yy.M.d m:s}", "26.1.2 4:9", ""},
		// Single quotes keep text as it is.
		{"!{timestamp:'year='yyyy'-month='MM}", "year=2026-month=01", ""},
		{"!{timestamp:''yyyy'é'}", "'2026é", ""},
		{"!{timestamp:'open}", "", "!{timestamp:'open} is not supported"},
		{"!{timestamp:YYYY}", "", "!{timestamp:YYYY} is not supported"},
		{"!{timestamp:MMM}", "", "!{timestamp:MMM} is not supported"},
		{"!{timestamp:yyyyy}", "", "!{timestamp:yyyyy} is not supported"},
		{"!{timestamp:DDD}", "", "!{timestamp:DDD} is not supported"},
		{"!{timestamp:H}", "", "!{timestamp:H} is not supported"},
		{"!{timestamp:[yyyy]}", "", "!{timestamp:[yyyy]} is not supported"},
		{"!{timestamp:yyyy", "", "!{timestamp:yyyy is not supported"},
		{"!{timestamp:yyyy}!{", "", "!{ is not supported"},
		{"!{firehose:error-output-type}/", "", "!{firehose:error-output-type} is not supported"},
		{"!{partitionKeyFromQuery:user}/", "", "!{partitionKeyFromQuery:user} is not supported"},
		{strings.Repeat("a", 512-len("2026/01/02/03/")), strings.Repeat("a", 512-len("2026/01/02/03/")) + "2026/01/02/03/", ""},
		{strings.Repeat("a", 513-len("2026/01/02/03/")), "", "longer than 512"},
	}
	for _, tt := range tests {
		t.Run(tt.prefix, func(t *testing.T) {
			got, err := evaluate(tt.prefix, at)
			if (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Fatalf("error is %v, want %q in it", err, tt.problem)
			}
			if err == nil && got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A random string is 11 characters long, and another one each time
// (https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html).
func TestRandomString(t *testing.T) {
	got, err := evaluate("!{firehose:random-string}!{firehose:random-string}/", time.Unix(0, 0))
	if err != nil || len(got) != len("0123456789a")*2+len("/1970/01/01/00/") || got[:11] == got[11:22] || !strings.HasSuffix(got, "/1970/01/01/00/") {
		t.Errorf("got %q, %v", got, err)
	}
}

// https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html#prefix-rules
func TestCheckPrefixes(t *testing.T) {
	tests := []struct{ name, prefix, errorPrefix, problem string }{
		{"none", "", "", ""},
		{"no expressions", "raw/", "errors/", ""},
		{"expression", "!{timestamp:yyyy}", "errors/", ""},
		{"expressions", "!{timestamp:yyyy}", "errors/!{timestamp:yyyy}/!{firehose:random-string}/!{firehose:error-output-type}/", ""},
		{"expression without error prefix", "!{timestamp:yyyy}", "", `property Prefix: "!{timestamp:yyyy}" has an expression, which needs an ErrorOutputPrefix`},
		{"error type in prefix", "!{firehose:error-output-type}", "errors/", "property Prefix:"},
		{"no error type", "", "!{timestamp:yyyy}/", "want !{firehose:error-output-type} in it"},
		{"bad error prefix", "", "!{timestamp:YYYY}!{firehose:error-output-type}", "property ErrorOutputPrefix:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkPrefixes(tt.prefix, tt.errorPrefix)
			if (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("error is %v, want %q in it", err, tt.problem)
			}
		})
	}
}
