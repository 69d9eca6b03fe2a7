package logs

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

// Operations are the API's operations: those to write events, to read them, and
// to find groups and streams.
func (s *Service) Operations() api.Operations {
	return api.Operations{
		"CreateLogGroup":     api.Op(s.createLogGroup),
		"CreateLogStream":    api.Op(s.createLogStream),
		"DescribeLogGroups":  api.Op(s.describeLogGroups),
		"DescribeLogStreams": api.Op(s.describeLogStreams),
		"FilterLogEvents":    api.Op(s.filterLogEvents),
		"GetLogEvents":       api.Op(s.getLogEvents),
		"PutLogEvents":       api.Op(s.putLogEvents),
	}
}

var (
	errNoGroup  = &api.Error{Code: "ResourceNotFoundException", Message: "The specified log group does not exist."}
	errNoStream = &api.Error{Code: "ResourceNotFoundException", Message: "The specified log stream does not exist."}
)

func invalid(message string) error {
	return &api.Error{Code: "InvalidParameterException", Message: message}
}

func alreadyExists(what string) error {
	return &api.Error{Code: "ResourceAlreadyExistsException", Message: "The specified " + what + " already exists"}
}

// target is how a request names a group: by one of the two.
type target struct{ LogGroupName, LogGroupIdentifier string }

func (t *target) name() string { return cmp.Or(t.LogGroupName, groupName(t.LogGroupIdentifier)) }

// find returns a group that has a stream of a name, unless that is empty.
func (s *Service) find(t *target, streamName string) (*group, error) {
	if (t.LogGroupName == "") == (t.LogGroupIdentifier == "") {
		return nil, invalid("Use one of logGroupName and logGroupIdentifier.")
	}
	g, ok := s.groups[t.name()]
	switch {
	case !ok:
		return nil, errNoGroup
	case streamName != "" && g.streams[streamName] == nil:
		return nil, errNoStream
	}
	return g, nil
}

// The names of groups and streams
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html).
var (
	groupNames  = regexp.MustCompile(`^[\w./#-]{1,512}$`)
	streamNames = regexp.MustCompile(`^[^:*]{1,512}$`)
)

func (s *Service) createLogGroup(call *api.Call, in *struct{ LogGroupName string }) (struct{}, error) {
	if err := call.Authorize("logs:CreateLogGroup", GroupARN(in.LogGroupName), nil); err != nil {
		return struct{}{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !groupNames.MatchString(in.LogGroupName) {
		return struct{}{}, invalid("logGroupName must be 1 to 512 of a-z, A-Z, 0-9, '_', '-', '/', '.', '#'.")
	}
	if s.groups[in.LogGroupName] != nil {
		return struct{}{}, alreadyExists("log group")
	}
	s.group(in.LogGroupName)
	return struct{}{}, nil
}

func (s *Service) createLogStream(call *api.Call, in *struct{ LogGroupName, LogStreamName string }) (struct{}, error) {
	if err := call.Authorize("logs:CreateLogStream", GroupARN(in.LogGroupName), nil); err != nil {
		return struct{}{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !streamNames.MatchString(in.LogStreamName) {
		return struct{}{}, invalid("logStreamName must be 1 to 512 characters without ':' and '*'.")
	}
	g, err := s.find(&target{LogGroupName: in.LogGroupName}, "")
	if err == nil && g.streams[in.LogStreamName] != nil {
		err = alreadyExists("log stream")
	}
	if err == nil {
		g.stream(in.LogStreamName, s.clock.Now().UnixMilli())
	}
	return struct{}{}, err
}

type describeLogGroupsInput struct {
	LogGroupNamePattern, LogGroupNamePrefix, NextToken string
	Limit                                              int
}

type describeLogGroupsOutput struct {
	LogGroups []map[string]any `json:"logGroups"`
	NextToken string           `json:"nextToken,omitempty"`
}

func (s *Service) describeLogGroups(call *api.Call, in *describeLogGroupsInput) (*describeLogGroupsOutput, error) {
	if err := call.Authorize("logs:DescribeLogGroups", GroupARN("*"), nil); err != nil {
		return nil, err
	}
	if in.LogGroupNamePattern != "" && in.LogGroupNamePrefix != "" {
		return nil, invalid("Use one of logGroupNamePrefix and logGroupNamePattern.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var groups []map[string]any
	for _, name := range slices.Sorted(maps.Keys(s.groups)) {
		if strings.HasPrefix(name, in.LogGroupNamePrefix) && strings.Contains(name, in.LogGroupNamePattern) {
			groups = append(groups, s.groups[name].describe())
		}
	}
	found, next, err := page(groups, in.Limit, in.NextToken)
	return &describeLogGroupsOutput{found, next}, err
}

func (g *group) describe() map[string]any {
	arn := GroupARN(g.name)
	described := map[string]any{
		"arn": arn, "logGroupArn": strings.TrimSuffix(arn, ":*"), "logGroupName": g.name,
		"creationTime": g.created, "logGroupClass": "STANDARD", "storedBytes": g.bytes,
	}
	if g.retention > 0 {
		described["retentionInDays"] = g.retention
	}
	return described
}

type describeLogStreamsInput struct {
	target
	Descending                              bool
	Limit                                   int
	LogStreamNamePrefix, NextToken, OrderBy string
}

type describeLogStreamsOutput struct {
	LogStreams []stream `json:"logStreams"`
	NextToken  string   `json:"nextToken,omitempty"`
}

func (s *Service) describeLogStreams(call *api.Call, in *describeLogStreamsInput) (*describeLogStreamsOutput, error) {
	if err := call.Authorize("logs:DescribeLogStreams", GroupARN(in.name()), nil); err != nil {
		return nil, err
	}
	byTime := in.OrderBy == "LastEventTime"
	if byTime && in.LogStreamNamePrefix != "" || !byTime && cmp.Or(in.OrderBy, "LogStreamName") != "LogStreamName" {
		return nil, invalid("orderBy must be LogStreamName, or LastEventTime without logStreamNamePrefix.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(&in.target, "")
	if err != nil {
		return nil, err
	}
	var streams []stream
	for _, name := range slices.Sorted(maps.Keys(g.streams)) {
		if strings.HasPrefix(name, in.LogStreamNamePrefix) {
			streams = append(streams, *g.streams[name])
		}
	}
	if byTime {
		slices.SortStableFunc(streams, func(a, b stream) int { return cmp.Compare(a.LastEventTimestamp, b.LastEventTimestamp) })
	}
	if in.Descending {
		slices.Reverse(streams)
	}
	found, next, err := page(streams, in.Limit, in.NextToken)
	return &describeLogStreamsOutput{found, next}, err
}

// page returns 50 items of a list at most, from the token on.
func page[T any](items []T, limit int, token string) (found []T, next string, err error) {
	begin, err := strconv.Atoi(cmp.Or(token, "0"))
	if err != nil || begin < 0 || begin > len(items) || limit < 0 || limit > 50 {
		return nil, "", invalid("nextToken must be of an earlier answer, and limit 1 to 50.")
	}
	end := min(begin+cmp.Or(limit, 50), len(items))
	if end < len(items) {
		next = strconv.Itoa(end)
	}
	return append([]T{}, items[begin:end]...), next, nil
}

type putLogEventsInput struct {
	LogGroupName, LogStreamName, SequenceToken string
	LogEvents                                  []struct {
		Message   string
		Timestamp int64
	}
}

type rejectedLogEvents struct {
	ExpiredLogEventEndIndex  *int `json:"expiredLogEventEndIndex,omitempty"`
	TooNewLogEventStartIndex *int `json:"tooNewLogEventStartIndex,omitempty"`
	TooOldLogEventEndIndex   *int `json:"tooOldLogEventEndIndex,omitempty"`
}

type putLogEventsOutput struct {
	RejectedLogEventsInfo rejectedLogEvents `json:"rejectedLogEventsInfo,omitzero"`
}

// putLogEvents rejects the events that are too new or too old
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html).
func (s *Service) putLogEvents(call *api.Call, in *putLogEventsInput) (*putLogEventsOutput, error) {
	if err := call.Authorize("logs:PutLogEvents", streamARN(in.LogGroupName, in.LogStreamName), nil); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(&target{LogGroupName: in.LogGroupName}, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	now, out := s.clock.Now(), &putLogEventsOutput{}
	rejected := &out.RejectedLogEventsInfo
	for i, e := range in.LogEvents {
		switch {
		case e.Timestamp > now.Add(2*time.Hour).UnixMilli():
			rejected.TooNewLogEventStartIndex = cmp.Or(rejected.TooNewLogEventStartIndex, new(i))
		case e.Timestamp < now.AddDate(0, 0, -14).UnixMilli():
			rejected.TooOldLogEventEndIndex = new(i + 1)
		case e.Timestamp < g.oldest(now):
			rejected.ExpiredLogEventEndIndex = new(i + 1)
		default:
			s.append(g, in.LogStreamName, e.Timestamp, e.Message)
		}
	}
	return out, nil
}

// check holds the constraints of a batch.
func (in *putLogEventsInput) check() error {
	size := 0
	for i, e := range in.LogEvents {
		size += len(e.Message) + eventOverhead
		switch {
		case e.Message == "":
			return invalid("Log events must have a message of at least 1 character.")
		case i > 0 && e.Timestamp < in.LogEvents[i-1].Timestamp:
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		case e.Timestamp-in.LogEvents[0].Timestamp > (24 * time.Hour).Milliseconds():
			return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
		}
	}
	if len(in.LogEvents) == 0 || len(in.LogEvents) > maxEvents || size > maxEventBytes {
		return invalid("A batch must have 1 to 10000 log events of at most 1048576 bytes.")
	}
	if in.LogStreamName == "" {
		return invalid("logStreamName must be given.")
	}
	return nil
}
