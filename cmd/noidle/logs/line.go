package logs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Line is one line of a log.
type Line struct {
	// Time is when it was written, to the millisecond.
	Time time.Time `json:"time"`
	// Source is what wrote it, such as NoidleOrders/Charge.
	Source string `json:"source"`
	// Group is the log group's name.
	Group string `json:"group"`
	// Level is DEBUG, INFO, WARN, ERROR or another that the line itself names.
	Level   string `json:"level"`
	Message string `json:"message"`
	// Fields are the line's other members. Those of a member that is an object are
	// among them, after its name and a dot, but for record and metrics of Lambda's.
	Fields map[string]any `json:"fields,omitempty"`

	id string
}

// logical matches the end of a log group's name that the CDK made up, and what
// CloudFormation may have put after it.
var logical = regexp.MustCompile(`^([^/]+)-([A-Za-z0-9]+?)(LogGroup|Log)[0-9A-F]{8}(-\w+)?$`)

// Source returns what writes into a log group: STACK/FUNCTION where the CDK named
// the group, or else the last part of the group's name.
func Source(group string) string {
	if match := logical.FindStringSubmatch(group); match != nil {
		return match[1] + "/" + match[2]
	}
	return path.Base(group)
}

func newLine(group string, event types.FilteredLogEvent) Line {
	text := strings.TrimRight(*event.Message, "\n")
	line := Line{
		Time: time.UnixMilli(*event.Timestamp).UTC(), Source: Source(group), Group: group,
		Level: "INFO", Message: text, id: *event.EventId,
	}
	var members map[string]any
	if json.Unmarshal([]byte(text), &members) != nil {
		return line
	}
	line.Fields = map[string]any{}
	flatten(line.Fields, "", members)
	line.Level = cmp.Or(line.take("level"), levelOf(line.Fields))
	line.Message = cmp.Or(line.take("message"), line.take("msg"), line.take("type"), line.take("route"))
	for _, name := range []string{"time", "timestamp", "event_timestamp"} {
		delete(line.Fields, name)
	}
	return line
}

func flatten(fields map[string]any, prefix string, members map[string]any) {
	for name, value := range members {
		if inner, ok := value.(map[string]any); ok {
			path := prefix + name + "."
			if name == "record" || name == "metrics" { // Lambda's own
				path = prefix
			}
			flatten(fields, path, inner)
			continue
		}
		fields[prefix+name] = value
	}
}

// take removes a field and returns its text.
func (l *Line) take(name string) string {
	text, ok := l.Fields[name].(string)
	if ok {
		delete(l.Fields, name)
	}
	return text
}

// levelOf finds the level of what services write: Lambda of invocations, Step
// Functions of executions, API Gateway of requests.
func levelOf(fields map[string]any) string {
	kind, status := fmt.Sprint(fields["type"]), fmt.Sprint(fields["status"])
	code, _ := strconv.Atoi(status)
	switch {
	case code >= 500, status == "error", status == "timeout", status == "failure", strings.HasSuffix(kind, "Failed"), strings.HasSuffix(kind, "TimedOut"), strings.HasSuffix(kind, "Aborted"):
		return "ERROR"
	case code >= 400:
		return "WARN"
	}
	return "INFO"
}

// String returns the line as a person reads it.
func (l Line) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-5s %s  %s", l.Time.Format("2006-01-02T15:04:05.000Z"), l.Level, l.Source, l.Message)
	for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
		fmt.Fprintf(&b, " %s=%s", name, Text(l.Fields[name]))
	}
	return b.String()
}

// Text returns a field's value on one line: a string as it is where that is clear,
// other values as JSON.
func Text(value any) string {
	if text, ok := value.(string); ok && text != "" && !strings.ContainsAny(text, " \t\n\"=") {
		return text
	}
	text, _ := json.Marshal(value)
	return string(text)
}
