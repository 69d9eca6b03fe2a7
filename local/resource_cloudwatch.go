package local

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/cloudwatch"
)

type dimension struct{ Name, Value string }

func metric(namespace, name string, dimensions []dimension) cloudwatch.Metric {
	m := cloudwatch.Metric{Namespace: namespace, Name: name, Dimensions: map[string]string{}}
	for _, d := range dimensions {
		m.Dimensions[d.Name] = d.Value
	}
	return m
}

type alarmProperties struct {
	ActionsEnabled          *bool
	AlarmActions            []string
	AlarmDescription        string
	AlarmName               string
	ComparisonOperator      string
	DatapointsToAlarm       int
	Dimensions              []dimension
	EvaluationPeriods       int
	ExtendedStatistic       string
	InsufficientDataActions []string
	MetricName              string
	Metrics                 []metricQuery
	Namespace               string
	OKActions               []string
	Period                  int
	Statistic               string
	Tags                    noEffect
	Threshold               float64
	TreatMissingData        string
	Unit                    noEffect
}

type metricQuery struct {
	Expression string
	ID         string `property:"Id"`
	Label      noEffect
	MetricStat *struct {
		Metric struct {
			Dimensions            []dimension
			MetricName, Namespace string
		}
		Period int
		Stat   string
		Unit   noEffect
	}
	Period     noEffect // that of the metrics
	ReturnData *bool
}

func planAlarm(c *Cloud, r *assembly.Resource, p *alarmProperties) (planned, error) {
	a := cloudwatch.Alarm{
		Name:              cmp.Or(p.AlarmName, physicalName(r, 255)),
		Description:       p.AlarmDescription,
		Comparison:        p.ComparisonOperator,
		Threshold:         p.Threshold,
		TreatMissingData:  p.TreatMissingData,
		EvaluationPeriods: p.EvaluationPeriods,
		DatapointsToAlarm: p.DatapointsToAlarm,
	}
	if p.ActionsEnabled == nil || *p.ActionsEnabled {
		a.AlarmActions, a.OKActions, a.InsufficientDataActions = p.AlarmActions, p.OKActions, p.InsufficientDataActions
	}
	if len(p.Metrics) == 0 {
		a.Period = time.Duration(p.Period) * time.Second
		watched := metric(p.Namespace, p.MetricName, p.Dimensions)
		a.Statistics = []cloudwatch.Statistic{{Metric: watched, Name: cmp.Or(p.Statistic, p.ExtendedStatistic)}}
	} else if err := sum(&a, p.Metrics); err != nil {
		return planned{}, err
	}
	return c.plannedAlarm(a)
}

// sum takes metric math as far as it adds metrics.
func sum(a *cloudwatch.Alarm, queries []metricQuery) error {
	expression := ""
	for _, q := range queries {
		if q.ReturnData == nil || *q.ReturnData {
			expression = cmp.Or(q.Expression, q.ID)
		}
	}
	for id := range strings.SplitSeq(expression, "+") {
		i := slices.IndexFunc(queries, func(q metricQuery) bool { return q.ID == strings.TrimSpace(id) && q.MetricStat != nil })
		if i < 0 {
			return fmt.Errorf("expression %q is not supported locally: want a sum of metrics such as m1 + m2", expression)
		}
		stat := queries[i].MetricStat
		period := time.Duration(stat.Period) * time.Second
		if a.Period != 0 && a.Period != period {
			return fmt.Errorf("metrics of different periods, %s and %s, are not supported locally", a.Period, period)
		}
		watched := metric(stat.Metric.Namespace, stat.Metric.MetricName, stat.Metric.Dimensions)
		a.Period, a.Statistics = period, append(a.Statistics, cloudwatch.Statistic{Metric: watched, Name: stat.Stat})
	}
	return nil
}

type compositeAlarmProperties struct {
	ActionsEnabled          *bool
	AlarmActions            []string
	AlarmDescription        string
	AlarmName               string
	AlarmRule               string
	InsufficientDataActions []string
	OKActions               []string
	Tags                    noEffect
}

func planCompositeAlarm(c *Cloud, r *assembly.Resource, p *compositeAlarmProperties) (planned, error) {
	a := cloudwatch.Alarm{Name: cmp.Or(p.AlarmName, physicalName(r, 255)), Description: p.AlarmDescription, Rule: p.AlarmRule}
	if p.ActionsEnabled == nil || *p.ActionsEnabled {
		a.AlarmActions, a.OKActions, a.InsufficientDataActions = p.AlarmActions, p.OKActions, p.InsufficientDataActions
	}
	return c.plannedAlarm(a)
}

// plannedAlarm creates an alarm at once, to know what is not supported. It sleeps
// until everything is created.
func (c *Cloud) plannedAlarm(a cloudwatch.Alarm) (planned, error) {
	return named(a.Name, cloudwatch.ARN(a.Name), nothing), c.cloudwatch.CreateAlarm(a)
}

type metricFilterProperties struct {
	FilterName            noEffect
	FilterPattern         string
	LogGroupName          string
	MetricTransformations []struct {
		MetricName, MetricNamespace, MetricValue string
		Unit                                     noEffect
	}
}

// planMetricFilter follows
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html.
func planMetricFilter(c *Cloud, r *assembly.Resource, p *metricFilterProperties) (planned, error) {
	var problems []error
	for _, m := range p.MetricTransformations {
		if _, err := strconv.ParseFloat(m.MetricValue, 64); err != nil && !strings.HasPrefix(m.MetricValue, "$.") {
			problems = append(problems, fmt.Errorf("metric value %q is not supported locally: want a number or a member such as $.count", m.MetricValue))
		}
		problems = append(problems, c.logs.Watch(p.LogGroupName, p.FilterPattern, func(message string, at time.Time) {
			if value, ok := logged(message, m.MetricValue); ok {
				c.cloudwatch.Put(metric(m.MetricNamespace, m.MetricName, nil), value, at)
			}
		}))
	}
	return named(physicalName(r, 512), "", nothing), errors.Join(problems...)
}

// logged is the value of a metric in a message: a number, or a member of its object.
func logged(message, value string) (float64, bool) {
	path, isMember := strings.CutPrefix(value, "$.")
	if isMember {
		var member any
		if json.Unmarshal([]byte(message), &member) != nil {
			return 0, false
		}
		for name := range strings.SplitSeq(path, ".") {
			object, _ := member.(map[string]any)
			member = object[name]
		}
		value = fmt.Sprint(member)
	}
	number, err := strconv.ParseFloat(value, 64)
	return number, err == nil
}
