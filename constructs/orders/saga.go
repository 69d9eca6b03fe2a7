package orders

import (
	"github.com/noidle/noidle/constructs/workflow"
)

// The events that tell that an order came to an end.
const (
	// EventSource is the source of the events on the bus.
	EventSource = "noidle.orders"
	// EventCompleted is the detail type of an order's event when every step has
	// succeeded.
	EventCompleted = "OrderCompleted"
	// EventFailed is the detail type of an order's event when a step failed.
	EventFailed = "OrderFailed"
)

// enteredTime is the path of the time at which a state began
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html).
const enteredTime = "$$.State.EnteredTime"

// recordPermission is what writing a status takes.
const recordPermission = "dynamodb:UpdateItem"

// saga is the order's steps with what the state machine records and reports.
func (q *OrderQueue) saga(props *OrderQueueProps) *workflow.SagaProps {
	saga := &workflow.SagaProps{
		Succeeded: []workflow.Action{
			q.record("RecordCompleted", StatusCompleted, false),
			q.putEvent("PutCompleted", EventCompleted, StatusCompleted),
			q.publish("PublishCompleted", StatusCompleted),
		},
		Compensated:        q.end("Failed"),
		CompensationFailed: q.end("NotCompensated"),
	}
	for _, s := range props.Steps {
		step := s.Step
		if s.Status != "" {
			step.Then = append([]workflow.Action{q.record("Record"+step.Name, s.Status, false)}, step.Then...)
		}
		saga.Steps = append(saga.Steps, step)
	}
	return saga
}

// end is what is recorded and reported of an order that failed.
func (q *OrderQueue) end(name string) []workflow.Action {
	return []workflow.Action{
		q.record("Record"+name, StatusFailed, true),
		q.putEvent("Put"+name, EventFailed, StatusFailed),
		q.publish("Publish"+name, StatusFailed),
	}
}

// record writes the order's new status and adds it to the history, once: the
// condition fails when an earlier attempt has written it.
func (q *OrderQueue) record(name, status string, withReason bool) workflow.Action {
	set := "SET #status = :status, history = list_append(history, :entry)"
	values := map[string]any{
		":status": map[string]any{"S": status},
		":entry": map[string]any{"L": []any{map[string]any{"M": map[string]any{
			"status": map[string]any{"S": status},
			"at":     map[string]any{"S.$": enteredTime},
		}}}},
	}
	if withReason {
		set += ", reason = :reason"
		values[":reason"] = map[string]any{"S.$": workflow.FailureReason}
	}
	return workflow.Action{
		Name:        name,
		Integration: "dynamodb:updateItem",
		Parameters: map[string]any{
			"TableName":                 *q.Table.TableName(),
			"Key":                       map[string]any{"orderId": map[string]any{"S.$": workflow.Input + ".orderId"}},
			"UpdateExpression":          set,
			"ConditionExpression":       "#status <> :status",
			"ExpressionAttributeNames":  map[string]any{"#status": "status"},
			"ExpressionAttributeValues": values,
		},
		AlreadyDone: []string{"DynamoDB.ConditionalCheckFailedException"},
		Permission:  recordPermission,
		Resource:    *q.Table.TableArn(),
	}
}

// putEvent puts the order's end on the bus.
func (q *OrderQueue) putEvent(name, detailType, status string) workflow.Action {
	return workflow.Action{
		Name:        name,
		Integration: "events:putEvents",
		Parameters: map[string]any{"Entries": []any{map[string]any{
			"EventBusName": *q.Bus.EventBusName(),
			"Source":       EventSource,
			"DetailType":   detailType,
			"Detail":       detail(status),
		}}},
		Permission: "events:PutEvents",
		Resource:   *q.Bus.EventBusArn(),
	}
}

// publish sends the order's end to the topic.
func (q *OrderQueue) publish(name, status string) workflow.Action {
	return workflow.Action{
		Name:        name,
		Integration: "sns:publish",
		Parameters: map[string]any{
			"TopicArn": *q.Topic.TopicArn(),
			"Message":  detail(status),
			"MessageAttributes": map[string]any{
				"status": map[string]any{"DataType": "String", "StringValue": status},
			},
		},
		Permission: "sns:Publish",
		Resource:   *q.Topic.TopicArn(),
	}
}

// detail is what others are told of an order that came to an end.
func detail(status string) map[string]any {
	d := map[string]any{
		"orderId.$":    workflow.Input + ".orderId",
		"customerId.$": workflow.Input + ".customerId",
		"status":       status,
		"reason":       "",
		"at.$":         enteredTime,
	}
	if status == StatusFailed {
		delete(d, "reason")
		d["reason.$"] = workflow.FailureReason
	}
	return d
}
