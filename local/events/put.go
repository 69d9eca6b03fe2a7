package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// The limits of PutEvents
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html).
const (
	maxEntries = 10
	maxSize    = 1 << 20 // bytes of all entries together
)

// event is an event on a bus.
type event struct {
	envelope
	json     []byte // as targets get it
	value    any    // as patterns match it
	ingested time.Time
}

// envelope is an event's JSON
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html).
type envelope struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail,omitempty"`
}

type putEventsEntry struct {
	Source, DetailType, Detail, EventBusName string
	Time                                     *api.Timestamp
	Resources                                []string
	TraceHeader                              string // nothing depends on it
}

type putEventsResult struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

type putEventsOutput struct {
	FailedEntryCount int
	Entries          []putEventsResult
}

func (s *Service) putEvents(call *api.Call, in *struct{ Entries []putEventsEntry }) (*putEventsOutput, error) {
	size, complete := 0, false
	for _, entry := range in.Entries {
		keys := api.Keys{"events:source": {entry.Source}, "events:detail-type": {entry.DetailType}}
		if err := call.Authorize("events:PutEvents", BusARN(busName(entry.EventBusName)), keys); err != nil {
			return nil, err
		}
		size += entry.size()
		complete = complete || entry.missing() == ""
	}
	switch {
	case len(in.Entries) == 0 || len(in.Entries) > maxEntries:
		return nil, invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d", maxEntries)
	case size > maxSize:
		return nil, invalid("Total size of the entries in the request is over the limit.")
	case !complete:
		return nil, invalid("None of the entries has Source, DetailType and Detail.")
	}
	output := &putEventsOutput{}
	for _, entry := range in.Entries {
		id, err := s.put(&entry)
		result := putEventsResult{EventID: id}
		if err != nil {
			output.FailedEntryCount++
			result = putEventsResult{ErrorCode: err.Code, ErrorMessage: err.Message}
		}
		output.Entries = append(output.Entries, result)
	}
	return output, nil
}

// size returns the size of an entry
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size).
func (e *putEventsEntry) size() int {
	size := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if e.Time != nil {
		size += 14
	}
	for _, resource := range e.Resources {
		size += len(resource)
	}
	return size
}

// missing returns the name of a required parameter that an entry lacks.
func (e *putEventsEntry) missing() string {
	switch "" {
	case e.Source:
		return "Source"
	case e.DetailType:
		return "DetailType"
	case e.Detail:
		return "Detail"
	}
	return ""
}

// put puts one entry on its bus and returns the event's ID, or the error of the
// entry (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html).
func (s *Service) put(entry *putEventsEntry) (id string, failed *api.Error) {
	if name := entry.missing(); name != "" {
		return "", &api.Error{Code: "InvalidArgument", Message: fmt.Sprintf("Parameter %s is not valid. Reason: %s is a required argument.", name, name)}
	}
	if !json.Valid([]byte(entry.Detail)) || !strings.HasPrefix(strings.TrimLeft(entry.Detail, " \t\r\n"), "{") {
		return "", &api.Error{Code: "MalformedDetail", Message: "Detail is malformed."}
	}
	if strings.HasPrefix(entry.Source, "aws.") {
		return "", &api.Error{Code: "NotAuthorizedForSourceException", Message: "Not authorized for the source."}
	}
	at := s.options.Clock.Now()
	if entry.Time != nil {
		at = entry.Time.Time
	}
	return s.send(busName(entry.EventBusName), envelope{
		DetailType: entry.DetailType, Source: entry.Source, Resources: entry.Resources, Detail: json.RawMessage(entry.Detail),
	}, at)
}

// Publish puts an event of an AWS service, such as aws.s3, on the default bus.
// Detail has a JSON form.
func (s *Service) Publish(source, detailType string, resources []string, detail any) {
	e := envelope{DetailType: detailType, Source: source, Resources: resources, Detail: encode(detail)}
	_, _ = s.send(DefaultBus, e, s.options.Clock.Now()) // there always is a default bus
}

// send puts an event on a bus and returns its ID.
func (s *Service) send(busName string, e envelope, at time.Time) (id string, failed *api.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.buses[busName]
	if !ok {
		return "", &api.Error{Code: "InvalidArgument", Message: fmt.Sprintf("Event bus %s does not exist.", busName)}
	}
	e.ID = uuid.NewString()
	complete := s.newEvent(e, at)
	for _, r := range sorted(b.rules, "") {
		if r.State == enabled && r.pattern != nil && r.pattern.Match(complete.value) {
			s.dispatch(r, complete)
		}
	}
	return e.ID, nil
}

// newEvent completes an event.
func (s *Service) newEvent(e envelope, at time.Time) *event {
	e.Version, e.Account, e.Region = "0", api.Account, api.Region
	e.Time = at.UTC().Format(time.RFC3339)
	if e.Resources == nil {
		e.Resources = []string{}
	}
	data := encode(e)
	return &event{envelope: e, json: data, value: decode(data), ingested: s.options.Clock.Now()}
}

// encode returns a value that has a JSON form in it.
func encode(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // nothing in events lacks a JSON form
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// decode returns the value of valid JSON.
func decode(data []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return value
}
