package cloudwatch

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"
)

// TestMissingData has the tables of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html:
// the newest point is the last, 0 is within the threshold, X breaches, - is missing.
func TestMissingData(t *testing.T) {
	const keep = "the current one"
	tests := []struct {
		points                                   string
		alarmAt                                  int
		missing, ignore, breaching, notBreaching string
	}{
		{"0-X-X", 3, OK, OK, OK, OK},
		{"0XX-X", 3, InAlarm, InAlarm, InAlarm, InAlarm},
		{"0----", 3, OK, OK, OK, OK},
		{"-----", 3, InsufficientData, keep, InAlarm, OK},
		{"--X--", 3, InAlarm, keep, InAlarm, OK},
		{"0-X-X", 2, InAlarm, InAlarm, InAlarm, InAlarm},
		{"00X0X", 2, InAlarm, InAlarm, InAlarm, InAlarm},
		{"0-X--", 2, OK, OK, InAlarm, OK},
		{"----0", 2, OK, OK, InAlarm, OK},
		{"---X-", 2, InAlarm, keep, InAlarm, OK},
		{"----X", 2, keep, keep, InAlarm, OK},
		{"XX000", 1, OK, OK, OK, OK},
	}
	for _, tt := range tests {
		want := map[string]string{"missing": tt.missing, "ignore": tt.ignore, "breaching": tt.breaching, "notBreaching": tt.notBreaching}
		for treat, state := range want {
			t.Run(fmt.Sprintf("%s %d of 3 %s", tt.points, tt.alarmAt, treat), func(t *testing.T) {
				a := Alarm{Threshold: 1, Comparison: "GreaterThanOrEqualToThreshold", EvaluationPeriods: 3, DatapointsToAlarm: tt.alarmAt, TreatMissingData: treat}
				var points []float64
				for i := range tt.points {
					points = append(points, map[byte]float64{'0': 0, 'X': 1, '-': math.NaN()}[tt.points[len(tt.points)-1-i]])
				}
				if got, reason := a.judge(points, keep); got != state {
					t.Errorf("got %s, want %s: %s", got, state, reason)
				}
			})
		}
	}
}

func TestComparisons(t *testing.T) {
	tests := map[string]string{ // by the values 1, 2 and 3 with the threshold 2
		"GreaterThanOrEqualToThreshold": "-XX",
		"GreaterThanThreshold":          "--X",
		"LessThanOrEqualToThreshold":    "XX-",
		"LessThanThreshold":             "X--",
	}
	for comparison, want := range tests {
		got := ""
		for value := range 3 {
			got += map[bool]string{true: "X", false: "-"}[comparisons[comparison].breaches(float64(value+1), 2)]
		}
		if got != want {
			t.Errorf("%s: %s, want %s", comparison, got, want)
		}
	}
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
func TestRule(t *testing.T) {
	states := map[string]string{"fires": InAlarm, "quiet one": OK, "new": InsufficientData}
	tests := []struct {
		rule string
		want bool
	}{
		{`ALARM("fires")`, true},
		{`ALARM(fires)`, true},
		{`ALARM("` + ARN("fires") + `")`, true},
		{`ALARM("quiet one")`, false},
		{`OK("quiet one")`, true},
		{`INSUFFICIENT_DATA(new)`, true},
		{`ALARM(unknown) OR OK(unknown)`, false},
		{`ALARM("quiet one") OR ALARM("fires")`, true},
		{`ALARM("quiet one") AND ALARM("fires")`, false},
		{`TRUE OR FALSE AND FALSE`, true},
		{`(TRUE OR FALSE) AND FALSE`, false},
		{`NOT FALSE AND FALSE`, false},
		{`NOT (FALSE AND FALSE)`, true},
		{`NOT NOT ALARM ( fires )`, true},
	}
	for _, tt := range tests {
		parsed, err := parseRule(tt.rule)
		if err != nil {
			t.Errorf("%s: %v", tt.rule, err)
			continue
		}
		if got := parsed(func(name string) string { return states[name] }); got != tt.want {
			t.Errorf("%s is %t, want %t", tt.rule, got, tt.want)
		}
	}
	for _, wrong := range []string{" ", "ALARM", "ALARM()", "FALSE TRUE", "(TRUE", "TRUE)", "TRUE AND", "NOT", "XOR", "ALARM(a) & OK(b)"} {
		if _, err := parseRule(wrong); err == nil || !strings.Contains(err.Error(), "not understood") {
			t.Errorf("%q is a rule: %v", wrong, err)
		}
	}
}

var errors = Metric{Namespace: "N", Name: "Errors", Dimensions: map[string]string{"A": "1", "B": "2"}}

func TestStatistics(t *testing.T) {
	clock := clockwork.NewFakeClockAt(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	s := New(Options{Clock: clock})
	begin := clock.Now().Truncate(time.Minute)
	for i := range 100 {
		s.Put(errors, float64(100-i), begin.Add(time.Duration(i)*time.Second))
	}
	s.Put(Metric{Namespace: "N", Name: "Errors", Dimensions: map[string]string{"A": "1"}}, 1000, begin)
	for name, want := range map[string]float64{
		"SampleCount": 100, "Sum": 5050, "Average": 50.5, "Minimum": 1, "Maximum": 100, "p99": 99, "p50": 50, "p0": 1, "p100": 100, "p99.9": 100,
	} {
		of := Statistic{errors, name}
		if err := of.check(); err != nil {
			t.Error(err)
		}
		if got := s.value(of, begin, begin.Add(2*time.Minute)); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := s.value(Statistic{errors, "Sum"}, begin.Add(time.Minute), begin.Add(2*time.Minute)); got != 820 {
		t.Errorf("the sum of the second minute is %v, want 820", got)
	}
	if got := s.value(Statistic{errors, "Sum"}, begin.Add(-time.Minute), begin); !math.IsNaN(got) {
		t.Errorf("the sum of a minute without data is %v", got)
	}
	clock.Advance(retention + 10*time.Minute)
	s.Put(errors, 7, clock.Now())
	if kept := len(s.series[errors.key()].minutes); kept != 1 {
		t.Errorf("%d minutes are kept, want the last", kept)
	}
	if total := s.Totals()[1]; total.Sum != 5057 || total.Count != 101 {
		t.Errorf("the total is %+v", total)
	}
}

// watch is a service with an alarm of errors, one of that alarm, and what is told.
func watch(t *testing.T) (*Service, *clockwork.FakeClock, chan string) {
	t.Helper()
	clock, told := clockwork.NewFakeClockAt(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), make(chan string, 100)
	s := New(Options{
		Clock:  clock,
		Sample: func(time.Time) {},
		Publish: func(alarm, topic, subject, message string) {
			told <- alarm + "\n" + topic + "\n" + subject + "\n" + message
		},
		Report: func(message string) { told <- message },
	})
	t.Cleanup(s.Close)
	topics := []string{"arn:aws:lambda:us-east-1:000000000000:function:f", "arn:aws:sns:us-east-1:000000000000:ops"}
	for _, a := range []Alarm{
		{Name: "any", Rule: `ALARM("errors")`},
		{Name: "errors", Description: "Look.", Statistics: []Statistic{{errors, "Sum"}}, Period: time.Minute, EvaluationPeriods: 1, Threshold: 2,
			Comparison: "GreaterThanOrEqualToThreshold", TreatMissingData: "notBreaching", AlarmActions: topics, OKActions: topics},
	} {
		if err := s.CreateAlarm(a); err != nil {
			t.Fatal(err)
		}
	}
	s.Start()
	return s, clock, told
}

// states waits until every minute is evaluated, and returns the states.
func states(s *Service) map[string]string {
	for {
		s.mu.Lock()
		done := s.options.Clock.Now().Before(s.next)
		s.mu.Unlock()
		if done {
			break
		}
	}
	got := map[string]string{}
	for _, a := range s.Alarms() {
		got[a.Name] = a.State
	}
	return got
}

func TestAlarmFiresAndIsOver(t *testing.T) {
	s, clock, told := watch(t)
	want := func(any, own string) {
		t.Helper()
		if diff := cmp.Diff(map[string]string{"any": any, "errors": own}, states(s)); diff != "" {
			t.Errorf("at %v (-want +got):\n%s", clock.Now(), diff)
		}
	}
	want(InsufficientData, InsufficientData)
	clock.Advance(55 * time.Second)
	want(OK, OK)
	s.Put(errors, 1, clock.Now())
	s.Put(errors, 1, clock.Now())
	clock.Advance(59 * time.Second)
	want(OK, OK)
	clock.Advance(time.Second)
	want(InAlarm, InAlarm)
	clock.Advance(2 * time.Minute) // It is looked back at.
	want(InAlarm, InAlarm)
	clock.Advance(time.Minute)
	want(OK, OK)
	s.Put(errors, 5, clock.Now())
	clock.Advance(time.Hour) // Every minute of it is evaluated.
	want(OK, OK)

	s.Close()
	close(told)
	var reports []string
	for message := range told {
		first, rest, published := strings.Cut(message, "\n")
		if !published {
			name, _, _ := strings.Cut(message, ":")
			reports = append(reports, name)
			continue
		}
		subject, body, _ := strings.Cut(strings.TrimPrefix(rest, "arn:aws:sns:us-east-1:000000000000:ops\n"), "\n")
		var got struct {
			AlarmName, AlarmDescription, NewStateValue, OldStateValue, StateChangeTime string
			Trigger                                                                    struct{ MetricName, Statistic string }
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%s: %v", message, err)
		}
		if first != ARN("errors") || got.AlarmName != "errors" || got.AlarmDescription != "Look." || got.Trigger.MetricName != "Errors" || got.Trigger.Statistic != "SUM" ||
			subject != got.NewStateValue+`: "errors" in US East (N. Virginia)` {
			t.Errorf("published is %s", message)
		}
		reports = append(reports, got.OldStateValue+" to "+got.NewStateValue+" at "+got.StateChangeTime)
	}
	if diff := cmp.Diff([]string{
		"INSUFFICIENT_DATA to OK at 2026-01-02T03:05:00.000+0000",
		"alarm errors is in ALARM", "OK to ALARM at 2026-01-02T03:06:00.000+0000", "alarm any is in ALARM",
		"alarm errors is in OK", "ALARM to OK at 2026-01-02T03:09:00.000+0000", "alarm any is in OK",
		"alarm errors is in ALARM", "OK to ALARM at 2026-01-02T03:10:00.000+0000", "alarm any is in ALARM",
		"alarm errors is in OK", "ALARM to OK at 2026-01-02T03:13:00.000+0000", "alarm any is in OK",
	}, reports); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestAlarmRefused(t *testing.T) {
	valid := Alarm{Name: "a", Statistics: []Statistic{{errors, "Sum"}}, Period: time.Minute, EvaluationPeriods: 1, Comparison: "LessThanThreshold"}
	tests := []struct {
		name, want string
		change     func(a *Alarm)
	}{
		{"statistic", `statistic "p101"`, func(a *Alarm) { a.Statistics = []Statistic{{errors, "p101"}} }},
		{"trimmed mean", `statistic "tm99"`, func(a *Alarm) { a.Statistics = []Statistic{{errors, "tm99"}} }},
		{"no metric", "no metric", func(a *Alarm) { a.Statistics = nil }},
		{"comparison", "LessThanLowerThreshold", func(a *Alarm) { a.Comparison = "LessThanLowerThreshold" }},
		{"high resolution", "a period of 10s", func(a *Alarm) { a.Period = 10 * time.Second }},
		{"a day", "evaluation periods of 1h0m0s", func(a *Alarm) { a.Period, a.EvaluationPeriods = time.Hour, 24 }},
		{"more than all", "2 datapoints to alarm: want 1 to 1", func(a *Alarm) { a.DatapointsToAlarm = 2 }},
		{"missing data", `treat missing data "zero"`, func(a *Alarm) { a.TreatMissingData = "zero" }},
		{"rule", "alarm rule", func(a *Alarm) { a.Rule = "MAYBE" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, a := New(Options{Clock: clockwork.NewFakeClock()}), valid
			tt.change(&a)
			if err := s.CreateAlarm(a); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}
