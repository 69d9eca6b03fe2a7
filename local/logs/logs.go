// Package logs is the local CloudWatch Logs: groups, streams, and their events,
// for the logs of functions and HTTP APIs
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html).
//
// Each group keeps the newest events only, about 2 MB of them, and none that are
// older than its retention.
package logs

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// maxGroupBytes is how much a group keeps: the messages, and eventOverhead for
// each event, as AWS counts them
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html).
const (
	maxGroupBytes = 2 << 20
	eventOverhead = 26
)

// Service is CloudWatch Logs. It is safe for concurrent use.
type Service struct {
	clock clockwork.Clock

	mu     sync.Mutex
	groups map[string]*group
	// sequence numbers the events.
	sequence int64
}

type group struct {
	name string
	// retention is in days. Zero means for ever.
	retention int
	created   int64
	streams   map[string]*stream
	// events of all streams, by their IDs.
	events   []event
	bytes    int
	watchers []watcher
}

type watcher struct {
	matches func(message string) bool
	found   func(message string, at time.Time)
}

type stream struct {
	Arn                 string `json:"arn"`
	CreationTime        int64  `json:"creationTime"`
	FirstEventTimestamp int64  `json:"firstEventTimestamp,omitempty"`
	LastEventTimestamp  int64  `json:"lastEventTimestamp,omitempty"`
	LastIngestionTime   int64  `json:"lastIngestionTime,omitempty"`
	LogStreamName       string `json:"logStreamName"`
	StoredBytes         int64  `json:"storedBytes"`
}

// event is as FilterLogEvents returns it. IDs sort by timestamp, then by
// ingestion.
type event struct {
	outputEvent
	EventID       string `json:"eventId"`
	LogStreamName string `json:"logStreamName"`
}

// outputEvent is as GetLogEvents returns it.
type outputEvent struct {
	IngestionTime int64  `json:"ingestionTime"`
	Message       string `json:"message"`
	Timestamp     int64  `json:"timestamp"`
}

// New returns a service without groups.
func New(clock clockwork.Clock) *Service {
	return &Service{clock: clock, groups: map[string]*group{}}
}

// GroupARN returns a log group's ARN, as CloudFormation does: with :* at the end.
func GroupARN(name string) string { return api.ARN("logs", "log-group:"+name+":*") }

func streamARN(group, stream string) string {
	return api.ARN("logs", "log-group:"+group+":log-stream:"+stream)
}

// groupName returns the name of a group of a name or ARN, with or without :*.
func groupName(identifier string) string {
	if name, ok := strings.CutPrefix(identifier, api.ARN("logs", "log-group:")); ok {
		return strings.TrimSuffix(name, ":*")
	}
	return identifier
}

// CreateGroup creates a log group, unless it is there, that keeps events for a
// number of days. Zero means for ever.
func (s *Service) CreateGroup(name string, retention int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.group(name).retention = retention
}

// Append writes lines to a stream, now. The group is given by name or ARN. Group
// and stream are created unless they are there.
func (s *Service) Append(group, stream string, lines ...[]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, now := s.group(groupName(group)), s.clock.Now().UnixMilli()
	g.stream(stream, now)
	for _, line := range lines {
		s.append(g, stream, now, string(bytes.ToValidUTF8(bytes.TrimSuffix(line, []byte("\n")), []byte("\ufffd"))))
	}
}

// Watch has found called with each new message of a group that matches a filter
// pattern. Found must not call the service. The error names what is not supported.
func (s *Service) Watch(group, pattern string, found func(message string, at time.Time)) error {
	matches, err := parsePattern(pattern)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.group(groupName(group))
	g.watchers = append(g.watchers, watcher{matches, found})
	return nil
}

// group returns a group, created if need be.
func (s *Service) group(name string) *group {
	g, ok := s.groups[name]
	if !ok {
		g = &group{name: name, created: s.clock.Now().UnixMilli(), streams: map[string]*stream{}}
		s.groups[name] = g
	}
	return g
}

// stream returns a stream, created if need be.
func (g *group) stream(name string, now int64) *stream {
	found, ok := g.streams[name]
	if !ok {
		found = &stream{Arn: streamARN(g.name, name), CreationTime: now, LogStreamName: name}
		g.streams[name] = found
	}
	return found
}

// append adds an event in its place, and drops the oldest ones of the group
// that are too many.
func (s *Service) append(g *group, streamName string, timestamp int64, message string) {
	s.sequence++
	now := s.clock.Now().UnixMilli()
	added := event{
		outputEvent:   outputEvent{IngestionTime: now, Message: message, Timestamp: timestamp},
		EventID:       fmt.Sprintf("%020d%036d", timestamp, s.sequence),
		LogStreamName: streamName,
	}
	at, _ := slices.BinarySearchFunc(g.events, added.EventID, func(e event, id string) int { return cmp.Compare(e.EventID, id) })
	g.events = slices.Insert(g.events, at, added)
	g.bytes += added.size()
	for g.bytes > maxGroupBytes {
		g.bytes -= g.events[0].size()
		g.events[0] = event{}
		g.events = g.events[1:]
	}
	to := g.stream(streamName, now)
	to.LastIngestionTime = now
	to.FirstEventTimestamp = min(timestamp, cmp.Or(to.FirstEventTimestamp, timestamp))
	to.LastEventTimestamp = max(timestamp, to.LastEventTimestamp)
	for _, w := range g.watchers {
		if w.matches(message) {
			w.found(message, time.UnixMilli(timestamp))
		}
	}
}

func (e *event) size() int { return len(e.Message) + eventOverhead }

// oldest is the timestamp from which on a group keeps events.
func (g *group) oldest(now time.Time) int64 {
	if g.retention == 0 {
		return 0
	}
	return now.AddDate(0, 0, -g.retention).UnixMilli()
}
