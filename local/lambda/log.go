package lambda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sync"
	"time"
)

// metrics are the figures of one invocation.
type metrics struct {
	requestID      string
	duration, init time.Duration
	memory         int // MB
}

// lines hands on what is written to it, line by line.
type lines struct {
	write func(line []byte)

	mu   sync.Mutex
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.write(bytes.Clone(line))
		l.rest = rest
	}
}

// logStart writes the line with which Lambda begins an invocation, in the
// function's log format
// (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html).
func (s *Service) logStart(sandbox *Sandbox, requestID string) {
	if sandbox.function.JSONLogs {
		s.logEvent(sandbox.log, "platform.start", map[string]any{"requestId": requestID, "version": "$LATEST"})
		return
	}
	_, _ = fmt.Fprintf(sandbox.log, "START RequestId: %s Version: $LATEST\n", requestID)
}

// report writes the lines with which Lambda ends an invocation.
func (s *Service) report(sandbox *Sandbox, m metrics, failure *FunctionError) {
	milliseconds := func(d time.Duration) float64 { return math.Round(float64(d.Microseconds())/10) / 100 }
	billed := int(math.Ceil(float64(m.duration+m.init) / float64(time.Millisecond)))
	if sandbox.function.JSONLogs {
		figures := map[string]any{
			"durationMs":       milliseconds(m.duration),
			"billedDurationMs": billed,
			"memorySizeMB":     sandbox.function.Memory,
			"maxMemoryUsedMB":  m.memory,
		}
		if m.init > 0 {
			figures["initDurationMs"] = milliseconds(m.init)
		}
		record := map[string]any{"requestId": m.requestID, "status": "success", "metrics": figures}
		if failure != nil {
			record["status"], record["errorType"] = "error", failure.Type
		}
		s.logEvent(sandbox.log, "platform.report", record)
		return
	}
	if failure != nil && sandbox.ended() {
		_, _ = fmt.Fprintln(sandbox.log, failure.Message)
	}
	cold := ""
	if m.init > 0 {
		cold = fmt.Sprintf("\tInit Duration: %.2f ms", milliseconds(m.init))
	}
	_, _ = fmt.Fprintf(sandbox.log, "END RequestId: %s\nREPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB%s\n",
		m.requestID, m.requestID, milliseconds(m.duration), billed, sandbox.function.Memory, m.memory, cold)
}

func (s *Service) logEvent(log io.Writer, kind string, record map[string]any) {
	line, err := json.Marshal(map[string]any{
		"time":   s.options.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"type":   kind,
		"record": record,
	})
	if err == nil {
		_, _ = log.Write(append(line, '\n'))
	}
}
