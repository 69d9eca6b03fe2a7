package cloudwatch

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// retention is how long the minutes of a metric are kept.
	retention = 3 * time.Hour
	// maxDistinct is of how many values of a minute percentiles are made.
	maxDistinct = 1000
)

// Metric names a metric. There are as many as there are resources that have some, so
// nothing limits them.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
}

func (m Metric) key() string {
	var b strings.Builder
	b.WriteString(m.Namespace + "\x00" + m.Name)
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		b.WriteString("\x00" + name + "\x00" + m.Dimensions[name])
	}
	return b.String()
}

// Total is what was put to a metric since the start.
type Total struct {
	Metric
	Count, Sum float64
}

// series has the minutes of a metric, by their number since 1970.
type series struct {
	total   Total
	minutes map[int64]*minute
}

type minute struct {
	count, sum, min, max float64
	values               map[float64]int // how often there was each
}

// Count adds values, by the names of metrics of a namespace with the same dimensions,
// now and all at once: an evaluation sees all of them or none.
func (s *Service) Count(namespace string, dimensions map[string]string, values map[string]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Clock.Now()
	for name, value := range values {
		s.put(Metric{namespace, name, dimensions}, value, now)
	}
}

// Put adds a value to a metric at a time.
func (s *Service) Put(m Metric, value float64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(m, value, at)
}

// put is Put. The caller holds mu.
func (s *Service) put(m Metric, value float64, at time.Time) {
	key := m.key()
	of := s.series[key]
	if of == nil {
		of = &series{Total{Metric: m}, map[int64]*minute{}}
		s.series[key] = of
	}
	of.total.Count++
	of.total.Sum += value
	number := at.Unix() / 60
	in := of.minutes[number]
	if in == nil {
		oldest := s.options.Clock.Now().Add(-retention).Unix() / 60
		maps.DeleteFunc(of.minutes, func(n int64, _ *minute) bool { return n < oldest })
		in = &minute{min: value, max: value, values: map[float64]int{}}
		of.minutes[number] = in
	}
	in.count++
	in.sum += value
	in.min, in.max = min(in.min, value), max(in.max, value)
	if _, known := in.values[value]; known || len(in.values) < maxDistinct {
		in.values[value]++
	}
}

// Totals returns what was put to each metric, in the order of their names.
func (s *Service) Totals() []Total {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Total
	for _, key := range slices.Sorted(maps.Keys(s.series)) {
		all = append(all, s.series[key].total)
	}
	return all
}

// Statistic is a statistic of a metric
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html).
type Statistic struct {
	Metric
	// Name is Average, Maximum, Minimum, SampleCount, Sum, or a percentile such as
	// p99 or p99.9.
	Name string
}

var percentile = regexp.MustCompile(`^p(\d{1,2}(\.\d{1,10})?|100)$`)

func (st Statistic) check() error {
	if slices.Contains([]string{"Average", "Maximum", "Minimum", "SampleCount", "Sum"}, st.Name) || percentile.MatchString(st.Name) {
		return nil
	}
	return fmt.Errorf("statistic %q is not supported locally: want Average, Maximum, Minimum, SampleCount, Sum or a percentile such as p99", st.Name)
}

// value returns a statistic of the minutes from a time on to another, NaN if there is
// no data. The caller holds mu.
func (s *Service) value(of Statistic, from, to time.Time) float64 {
	found := s.series[of.key()]
	if found == nil {
		return math.NaN()
	}
	all := minute{min: math.Inf(1), max: math.Inf(-1), values: map[float64]int{}}
	for number := from.Unix() / 60; number < to.Unix()/60; number++ {
		in := found.minutes[number]
		if in == nil {
			continue
		}
		all.count, all.sum = all.count+in.count, all.sum+in.sum
		all.min, all.max = min(all.min, in.min), max(all.max, in.max)
		if of.Name[0] == 'p' {
			for value, n := range in.values {
				all.values[value] += n
			}
		}
	}
	if all.count == 0 {
		return math.NaN()
	}
	switch of.Name {
	case "SampleCount":
		return all.count
	case "Sum":
		return all.sum
	case "Average":
		return all.sum / all.count
	case "Minimum":
		return all.min
	case "Maximum":
		return all.max
	}
	return all.percentile(of.Name[1:])
}

// percentile is the least value that so many in a hundred do not exceed.
func (m *minute) percentile(text string) float64 {
	share, _ := strconv.ParseFloat(text, 64) // it was checked
	n := 0
	for _, times := range m.values {
		n += times
	}
	rank := cmp.Or(int(math.Ceil(share/100*float64(n))), 1)
	for _, value := range slices.Sorted(maps.Keys(m.values)) {
		if rank -= m.values[value]; rank <= 0 {
			return value
		}
	}
	return m.max
}
