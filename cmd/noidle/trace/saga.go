package trace

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// saga adds the history of the execution that is named after the order.
func (f *Finder) saga(ctx context.Context, t *Timeline, out map[string]string) error {
	if out[orderSaga] == "" || strings.ContainsAny(t.ID, "/:.") { // A photo's key names no execution.
		return nil
	}
	arn := strings.Replace(out[orderSaga], ":stateMachine:", ":execution:", 1) + ":" + t.ID
	execution, err := f.Executions.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	if _, missing := errors.AsType[*types.ExecutionDoesNotExist](err); missing {
		return nil
	}
	if _, invalid := errors.AsType[*types.InvalidArn](err); invalid {
		return nil
	}
	if err != nil {
		return fmt.Errorf("execution %s: %w", arn, err)
	}
	t.Kind, t.Status = "order", cmp.Or(t.Status, string(execution.Status))
	h := history{entries: t.Entries}
	pages := sfn.NewGetExecutionHistoryPaginator(f.Executions, &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 1000})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("history of execution %s: %w", arn, err)
		}
		for _, event := range page.Events {
			h.add(event)
		}
	}
	t.Entries = h.entries
	return nil
}

// history turns the events of an execution, one state after the other, into
// entries: one for each task, and one for the end.
type history struct {
	entries []Entry
	task    *Entry
	open    bool // an attempt is under way or failed
	last    string
}

func (h *history) add(e types.HistoryEvent) {
	switch details := e.StateEnteredEventDetails; e.Type {
	case types.HistoryEventTypeTaskStateEntered:
		h.entries = append(h.entries, Entry{At: *e.Timestamp, Source: "saga", What: *details.Name})
		h.task, h.open = &h.entries[len(h.entries)-1], false
	case types.HistoryEventTypeTaskScheduled:
		h.attempt()
	case types.HistoryEventTypeTaskFailed:
		h.fail(e.TaskFailedEventDetails.Error, e.TaskFailedEventDetails.Cause)
	case types.HistoryEventTypeTaskSubmitFailed:
		h.fail(e.TaskSubmitFailedEventDetails.Error, e.TaskSubmitFailedEventDetails.Cause)
	case types.HistoryEventTypeTaskTimedOut:
		h.fail(e.TaskTimedOutEventDetails.Error, e.TaskTimedOutEventDetails.Cause)
	case types.HistoryEventTypeTaskSucceeded:
		h.task.Failed = false
	case types.HistoryEventTypeTaskStateExited:
		h.task.Milliseconds = milliseconds(e.Timestamp.Sub(h.task.At))
	case types.HistoryEventTypeSucceedStateEntered, types.HistoryEventTypeFailStateEntered:
		h.last = " in " + *details.Name
	case types.HistoryEventTypeExecutionSucceeded:
		h.end(e, nil, nil)
	case types.HistoryEventTypeExecutionFailed:
		h.end(e, e.ExecutionFailedEventDetails.Error, e.ExecutionFailedEventDetails.Cause)
	case types.HistoryEventTypeExecutionAborted:
		h.end(e, e.ExecutionAbortedEventDetails.Error, e.ExecutionAbortedEventDetails.Cause)
	case types.HistoryEventTypeExecutionTimedOut:
		h.end(e, e.ExecutionTimedOutEventDetails.Error, e.ExecutionTimedOutEventDetails.Cause)
	}
}

func (h *history) attempt() {
	if h.open {
		h.task.Retries++
	}
	h.open = true
}

func (h *history) fail(name, cause *string) {
	h.task.Failed, h.task.Failure = true, failure(name, cause)
}

func (h *history) end(e types.HistoryEvent, name, cause *string) {
	failed := e.Type != types.HistoryEventTypeExecutionSucceeded
	h.entries = append(h.entries, Entry{At: *e.Timestamp, Source: "saga", What: string(e.Type) + h.last, Failed: failed, Failure: failure(name, cause)})
}

// failure is an error's name with its message, which Lambda gives as JSON.
func failure(name, cause *string) string {
	message := aws.ToString(cause)
	var thrown struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal([]byte(message), &thrown) == nil && thrown.Message != "" {
		message = thrown.Message
	}
	return strings.Trim(aws.ToString(name)+": "+message, ": ")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
