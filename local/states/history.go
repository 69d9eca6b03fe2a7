package states

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/noidle/noidle/local/api"
)

// historyLimit is the most events that an execution of a standard state machine
// may have (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const historyLimit = 25000

// details are what an event of any type tells
// (https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html).
type details struct {
	Name               string    `json:"name,omitempty"`
	Input              string    `json:"input,omitempty"`
	InputDetails       *complete `json:"inputDetails,omitempty"`
	Output             string    `json:"output,omitempty"`
	OutputDetails      *complete `json:"outputDetails,omitempty"`
	RoleARN            string    `json:"roleArn,omitempty"`
	ResourceType       string    `json:"resourceType,omitempty"`
	Resource           string    `json:"resource,omitempty"`
	Region             string    `json:"region,omitempty"`
	Parameters         string    `json:"parameters,omitempty"`
	TimeoutInSeconds   int       `json:"timeoutInSeconds,omitempty"`
	HeartbeatInSeconds int       `json:"heartbeatInSeconds,omitempty"`
	Error              string    `json:"error,omitempty"`
	Cause              string    `json:"cause,omitempty"`
	Index              *int      `json:"index,omitempty"`
	Length             *int      `json:"length,omitempty"`
}

// complete says that data is there in full.
type complete struct {
	Truncated bool `json:"truncated"`
}

// withoutData returns the details without input and output.
func (d *details) withoutData() *details {
	if d == nil {
		return nil
	}
	bare := *d
	bare.Input, bare.InputDetails, bare.Output, bare.OutputDetails, bare.Parameters = "", nil, "", nil, ""
	return &bare
}

// historyEvent is an entry of an execution's history.
type historyEvent struct {
	at       time.Time
	kind     string
	previous int64
	details  *details
}

// history is what happened in an execution. When it is over, the history is
// kept small.
type history struct {
	events []historyEvent
	closed []byte
}

// compressors are reused, as each is large.
var compressors = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	return w
}}

func (h *history) close() error {
	text, err := h.render()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := compressors.Get().(*flate.Writer)
	defer compressors.Put(w)
	w.Reset(&b)
	_, _ = w.Write(text) // A buffer takes all.
	if err := w.Close(); err != nil {
		return err
	}
	h.events, h.closed = nil, bytes.Clone(b.Bytes())
	return nil
}

// list returns the events as the API describes them.
func (h *history) list() (events []map[string]any, err error) {
	var text []byte
	if h.closed != nil {
		text, err = io.ReadAll(flate.NewReader(bytes.NewReader(h.closed)))
	} else {
		text, err = h.render()
	}
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return events, decoder.Decode(&events)
}

func (h *history) render() ([]byte, error) {
	text := []byte{'['}
	for i, e := range h.events {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, `{"id":`...)
		text = strconv.AppendInt(text, int64(i+1), 10)
		text = append(text, `,"previousEventId":`...)
		text = strconv.AppendInt(text, e.previous, 10)
		text = append(text, `,"type":"`+e.kind+`","timestamp":`...)
		at, err := api.Timestamp{Time: e.at}.MarshalJSON()
		if err != nil {
			return nil, err
		}
		text = append(text, at...)
		if e.details != nil {
			members, err := json.Marshal(e.details)
			if err != nil {
				return nil, err
			}
			text = append(text, `,"`+detailsMember(e.kind)+`":`...)
			text = append(text, members...)
		}
		text = append(text, '}')
	}
	return append(text, ']'), nil
}

// detailsMember is the member of an event that has the details of its type.
func detailsMember(kind string) string {
	for _, shared := range []string{"StateEntered", "StateExited"} {
		if strings.HasSuffix(kind, shared) {
			kind = shared
		}
	}
	return renamed(kind, unicode.ToLower) + "EventDetails"
}

// logLine is an event in a log
// (https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html).
type logLine struct {
	ID           string   `json:"id"`
	Type         string   `json:"type"`
	Details      *details `json:"details,omitempty"`
	PreviousID   string   `json:"previous_event_id"`
	Timestamp    string   `json:"event_timestamp"`
	ExecutionARN string   `json:"execution_arn"`
}

// logged reports whether a log of the level has events of this type
// (https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html).
func (l Logging) logged(kind string) bool {
	failed := strings.HasSuffix(kind, "Failed") || strings.HasSuffix(kind, "TimedOut") || strings.HasSuffix(kind, "Aborted")
	switch l.Level {
	case "ALL":
		return true
	case "ERROR":
		return failed || kind == "FailStateEntered"
	case "FATAL":
		return failed && strings.HasPrefix(kind, "Execution")
	}
	return false
}
