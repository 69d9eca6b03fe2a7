package logs

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// The most that a page of events, or a batch, holds
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
const (
	maxEvents     = 10_000
	maxEventBytes = 1 << 20
)

// eventID is the form of events' IDs, and of none.
var eventID = regexp.MustCompile(`^(\d{56})?$`)

// query is what a request asks of a group's events.
type query struct {
	matches func(e *event) bool
	// start and end are timestamps, both of which it includes.
	start, end int64
	limit      int
	// from is the ID of an event that the page is after, or before. It may be
	// empty.
	from     string
	backward bool
}

// page returns the next events of a query in the order of their timestamps, and
// whether there are more.
func (s *Service) page(g *group, q *query) (found []*event, more bool, err error) {
	if q.limit < 0 || q.limit > maxEvents || !eventID.MatchString(q.from) {
		return nil, false, invalid("nextToken must be of an earlier answer, and limit 1 to 10000.")
	}
	start, size := max(q.start, g.oldest(s.clock.Now())), 0
	found = []*event{}
	for i := range g.events {
		e := &g.events[i]
		if q.backward {
			e = &g.events[len(g.events)-1-i]
		}
		isPast := q.from != "" && (q.backward && e.EventID >= q.from || !q.backward && e.EventID <= q.from)
		if isPast || e.Timestamp < start || q.end != 0 && e.Timestamp > q.end || !q.matches(e) {
			continue
		}
		if size += e.size(); len(found) == cmp.Or(q.limit, maxEvents) || size > maxEventBytes && len(found) > 0 {
			more = true
			break
		}
		found = append(found, new(*e))
	}
	if q.backward {
		slices.Reverse(found)
	}
	return found, more, nil
}

type filterLogEventsInput struct {
	target
	EndTime, StartTime  int64
	FilterPattern       string
	Interleaved         bool
	Limit               int
	LogStreamNamePrefix string
	LogStreamNames      []string
	NextToken           string
}

type filterLogEventsOutput struct {
	Events             []*event   `json:"events"`
	NextToken          string     `json:"nextToken,omitempty"`
	SearchedLogStreams []struct{} `json:"searchedLogStreams"`
}

func (s *Service) filterLogEvents(call *api.Call, in *filterLogEventsInput) (*filterLogEventsOutput, error) {
	if err := call.Authorize("logs:FilterLogEvents", GroupARN(in.name()), nil); err != nil {
		return nil, err
	}
	pattern, err := parsePattern(in.FilterPattern)
	if err != nil {
		return nil, err
	}
	if in.LogStreamNames != nil && in.LogStreamNamePrefix != "" {
		return nil, invalid("Use one of logStreamNames and logStreamNamePrefix.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(&in.target, "")
	if err != nil {
		return nil, err
	}
	for _, name := range in.LogStreamNames {
		if g.streams[name] == nil {
			return nil, errNoStream
		}
	}
	matches := func(e *event) bool {
		isAsked := in.LogStreamNames == nil || slices.Contains(in.LogStreamNames, e.LogStreamName)
		return isAsked && strings.HasPrefix(e.LogStreamName, in.LogStreamNamePrefix) && pattern(e.Message)
	}
	found, more, err := s.page(g, &query{matches: matches, start: in.StartTime, end: in.EndTime, limit: in.Limit, from: in.NextToken})
	out := &filterLogEventsOutput{Events: found, SearchedLogStreams: []struct{}{}}
	if more {
		out.NextToken = found[len(found)-1].EventID
	}
	return out, err
}

type getLogEventsInput struct {
	target
	EndTime, StartTime int64
	Limit              int
	LogStreamName      string
	NextToken          string
	StartFromHead      bool
}

type getLogEventsOutput struct {
	Events            []outputEvent `json:"events"`
	NextBackwardToken string        `json:"nextBackwardToken"`
	NextForwardToken  string        `json:"nextForwardToken"`
}

// getLogEvents has tokens that are never empty, and that are the one of the
// request at the end of the stream
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html).
func (s *Service) getLogEvents(call *api.Call, in *getLogEventsInput) (*getLogEventsOutput, error) {
	if err := call.Authorize("logs:GetLogEvents", streamARN(in.name(), in.LogStreamName), nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(&in.target, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	q := &query{start: in.StartTime, end: max(in.EndTime-1, 0), limit: in.Limit, backward: !in.StartFromHead}
	q.matches = func(e *event) bool { return e.LogStreamName == in.LogStreamName }
	if in.NextToken != "" {
		direction, from, ok := strings.Cut(in.NextToken, "/")
		if !ok || direction != "f" && direction != "b" {
			return nil, invalid("nextToken must be of an earlier answer.")
		}
		q.from, q.backward = from, direction == "b"
	}
	found, _, err := s.page(g, q)
	if err != nil {
		return nil, err
	}
	out := &getLogEventsOutput{Events: []outputEvent{}, NextBackwardToken: "b/" + q.from, NextForwardToken: "f/" + q.from}
	for i, e := range found {
		if i == 0 {
			out.NextBackwardToken = "b/" + e.EventID
		}
		out.NextForwardToken = "f/" + e.EventID
		out.Events = append(out.Events, e.outputEvent)
	}
	return out, nil
}
