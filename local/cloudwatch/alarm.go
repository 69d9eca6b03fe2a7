package cloudwatch

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// The states of an alarm
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html).
const (
	OK               = "OK"
	InAlarm          = "ALARM"
	InsufficientData = "INSUFFICIENT_DATA"
)

// Alarm is an alarm as it is created: of metrics, or of other alarms if it has a rule
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
type Alarm struct {
	Name, Description string
	// Statistics are added up: one, or more in place of metric math that adds. There
	// is no sum while one has no data.
	Statistics []Statistic
	// Period is a multiple of a minute, up to an hour.
	Period time.Duration
	// EvaluationPeriods are looked at, of which DatapointsToAlarm breach in an alarm:
	// all if it is zero.
	EvaluationPeriods, DatapointsToAlarm int
	Threshold                            float64
	// Comparison is such as GreaterThanOrEqualToThreshold.
	Comparison string
	// TreatMissingData is missing, ignore, breaching or notBreaching. Empty means
	// missing.
	TreatMissingData string
	// Rule makes it a composite alarm.
	Rule string
	// The actions are ARNs, of which those of topics get a message.
	AlarmActions, OKActions, InsufficientDataActions []string
}

// Status is the state of an alarm.
type Status struct {
	Name, State, Reason string
	Since               time.Time
}

type alarm struct {
	Alarm
	rule   rule // nil of metric alarms
	status Status
}

// comparisons are the words for each operator, and whether a value breaches
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
var comparisons = map[string]struct {
	words    string
	breaches func(value, threshold float64) bool
}{
	"GreaterThanOrEqualToThreshold": {"greater than or equal to", func(v, t float64) bool { return v >= t }},
	"GreaterThanThreshold":          {"greater than", func(v, t float64) bool { return v > t }},
	"LessThanOrEqualToThreshold":    {"less than or equal to", func(v, t float64) bool { return v <= t }},
	"LessThanThreshold":             {"less than", func(v, t float64) bool { return v < t }},
}

func newAlarm(a Alarm) (*alarm, error) {
	refused := func(format string, values ...any) (*alarm, error) {
		return nil, fmt.Errorf("alarm %q: "+format, append([]any{a.Name}, values...)...)
	}
	if a.Rule != "" {
		parsed, err := parseRule(a.Rule)
		if err != nil {
			return refused("%w", err)
		}
		return &alarm{Alarm: a, rule: parsed}, nil
	}
	a.TreatMissingData = cmp.Or(a.TreatMissingData, "missing")
	a.DatapointsToAlarm = cmp.Or(a.DatapointsToAlarm, a.EvaluationPeriods)
	_, known := comparisons[a.Comparison]
	switch {
	case len(a.Statistics) == 0:
		return refused("it has no metric")
	case !known:
		return refused("comparison operator %q is not supported locally", a.Comparison)
	case a.Period < time.Minute || a.Period > time.Hour || a.Period%time.Minute != 0:
		return refused("a period of %s is not supported locally: want whole minutes, up to an hour", a.Period)
	case a.EvaluationPeriods < 1 || a.Period*time.Duration(a.EvaluationPeriods+extraPeriods) > retention:
		return refused("%d evaluation periods of %s are not supported locally: want one or more, together less than %s", a.EvaluationPeriods, a.Period, retention)
	case a.DatapointsToAlarm < 1 || a.DatapointsToAlarm > a.EvaluationPeriods:
		return refused("%d datapoints to alarm: want 1 to %d, the evaluation periods", a.DatapointsToAlarm, a.EvaluationPeriods)
	case !slices.Contains([]string{"missing", "ignore", "breaching", "notBreaching"}, a.TreatMissingData):
		return refused("treat missing data %q: want missing, ignore, breaching or notBreaching", a.TreatMissingData)
	}
	for _, statistic := range a.Statistics {
		if err := statistic.check(); err != nil {
			return refused("%w", err)
		}
	}
	return &alarm{Alarm: a}, nil
}

// extraPeriods are looked at beyond the evaluation periods when data is missing, as
// in AWS's examples. AWS does not say how many there are of each period
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html).
const extraPeriods = 2

// points are the data of an alarm's evaluation range that ends at a time, the newest
// first. What is missing is NaN. The caller holds mu.
func (s *Service) points(a *alarm, end time.Time) []float64 {
	points := make([]float64, a.EvaluationPeriods+extraPeriods)
	for i := range points {
		from := end.Add(-a.Period)
		for _, statistic := range a.Statistics {
			points[i] += s.value(statistic, from, end)
		}
		end = from
	}
	return points
}

// judge returns the state that follows from the points, the newest first
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
func (a *Alarm) judge(points []float64, current string) (state, reason string) {
	compare := comparisons[a.Comparison]
	var real []float64
	breaching, oldest := 0, 0 // the age of the oldest that breaches
	for age, value := range points {
		if math.IsNaN(value) || len(real) == a.EvaluationPeriods {
			continue
		}
		real = append(real, value)
		if compare.breaches(value, a.Threshold) {
			breaching, oldest = breaching+1, age+1
		}
	}
	missing := a.EvaluationPeriods - len(real)
	reason = fmt.Sprintf("%d of the last %d datapoints %v breach: %s the threshold %v, %d missing are %s; %d are needed for an alarm",
		breaching, a.EvaluationPeriods, real, compare.words, a.Threshold, missing, a.TreatMissingData, a.DatapointsToAlarm)
	if missing > 0 && a.TreatMissingData == "breaching" {
		breaching += missing
	}
	keeps := a.TreatMissingData == "missing" || a.TreatMissingData == "ignore"
	switch {
	case breaching >= a.DatapointsToAlarm:
		return InAlarm, reason
	case missing == 0 || !keeps || breaching < len(real):
		return OK, reason
	case len(real) == 0 && a.TreatMissingData == "missing":
		return InsufficientData, "there is no data"
	case a.TreatMissingData == "missing" && oldest >= a.DatapointsToAlarm:
		// Nothing but what breaches came since: it is as if the rest did, too.
		return InAlarm, reason
	}
	return current, reason
}
