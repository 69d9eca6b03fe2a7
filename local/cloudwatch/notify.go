package cloudwatch

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

// change is how an alarm changed its state.
type change struct {
	Alarm
	to   Status
	from string
}

// tell reports a change, and publishes it to the topics among the actions. That an
// alarm is OK at first is not reported.
func (s *Service) tell(c change) {
	if c.from == InAlarm || c.to.State == InAlarm {
		s.options.Report(fmt.Sprintf("alarm %s is in %s: %s", c.Name, c.to.State, c.to.Reason))
	}
	actions := map[string][]string{InAlarm: c.AlarmActions, OK: c.OKActions, InsufficientData: c.InsufficientDataActions}
	for _, action := range actions[c.to.State] {
		if strings.HasPrefix(action, api.ARN("sns", "")) {
			s.options.Publish(ARN(c.Name), action, c.subject(), c.message())
		}
	}
}

const region = "US East (N. Virginia)"

func (c *change) subject() string {
	subject := fmt.Sprintf("%s: %q in %s", c.to.State, c.Name, region)
	return subject[:min(len(subject), 99)]
}

// message is what a topic gets
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions.html).
func (c *change) message() string {
	message := map[string]any{
		"AlarmName":               c.Name,
		"AlarmDescription":        c.Description,
		"AWSAccountId":            api.Account,
		"NewStateValue":           c.to.State,
		"NewStateReason":          c.to.Reason,
		"StateChangeTime":         c.to.Since.UTC().Format("2006-01-02T15:04:05.000-0700"),
		"Region":                  region,
		"AlarmArn":                ARN(c.Name),
		"OldStateValue":           c.from,
		"OKActions":               c.OKActions,
		"AlarmActions":            c.AlarmActions,
		"InsufficientDataActions": c.InsufficientDataActions,
	}
	if c.Rule != "" {
		message["AlarmRule"] = c.Rule
	} else {
		message["Trigger"] = c.trigger()
	}
	encoded, _ := json.Marshal(message) // texts and numbers always have a JSON form
	return string(encoded)
}

func (c *change) trigger() map[string]any {
	type dimension struct {
		Value string `json:"value"`
		Name  string `json:"name"`
	}
	trigger := map[string]any{
		"Period":             int(c.Period / time.Second),
		"EvaluationPeriods":  c.EvaluationPeriods,
		"DatapointsToAlarm":  c.DatapointsToAlarm,
		"ComparisonOperator": c.Comparison,
		"Threshold":          c.Threshold,
		"TreatMissingData":   c.TreatMissingData,
	}
	if first := c.Statistics[0]; len(c.Statistics) == 1 {
		dimensions := []dimension{}
		for name, value := range first.Dimensions {
			dimensions = append(dimensions, dimension{value, name})
		}
		trigger["MetricName"], trigger["Namespace"], trigger["Dimensions"] = first.Metric.Name, first.Namespace, dimensions
		trigger["StatisticType"], trigger["Statistic"] = "Statistic", strings.ToUpper(first.Name)
		if first.Name[0] == 'p' {
			trigger["StatisticType"], trigger["ExtendedStatistic"] = "ExtendedStatistic", first.Name
			delete(trigger, "Statistic")
		}
	}
	return trigger
}
