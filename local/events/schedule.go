package events

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// schedule returns the first time after another one that a rule runs, and false
// if there is none.
type schedule func(after time.Time) (time.Time, bool)

// runSchedule sends the events of a rule's schedule while the rule is enabled.
func (s *Service) runSchedule(r *rule) {
	for at, ok := r.schedule(s.options.Clock.Now()); ok; at, ok = r.schedule(at) {
		select {
		case <-s.options.Clock.After(at.Sub(s.options.Clock.Now())):
		case <-s.ctx.Done():
			return
		}
		s.mu.Lock()
		if r.State == enabled {
			s.dispatch(r, s.newEvent(envelope{
				DetailType: "Scheduled Event", Source: "aws.events", Resources: []string{r.arn}, Detail: json.RawMessage("{}"),
			}, at))
		}
		s.mu.Unlock()
	}
}

var (
	rateSyntax = regexp.MustCompile(`^rate\((?:(1) (minute|hour|day)|(\d{1,5}) (minute|hour|day)s)\)$`)
	cronSyntax = regexp.MustCompile(`^CRON\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$`)
	units      = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
)

// parseSchedule parses a schedule expression
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html).
func parseSchedule(text string) (schedule, error) {
	if rate := rateSyntax.FindStringSubmatch(text); rate != nil {
		n, _ := strconv.Atoi(rate[1] + rate[3])
		if every := time.Duration(n) * units[rate[2]+rate[4]]; n == 1 == (rate[1] != "") && n > 0 {
			return func(after time.Time) (time.Time, bool) { return after.Add(every), true }, nil
		}
	}
	if fields := cronSyntax.FindStringSubmatch(strings.ToUpper(text)); fields != nil && text[:4] == "cron" {
		minutes, hours, months, years := values(fields[1], 0, 59, ""), values(fields[2], 0, 23, ""), values(fields[4], 1, 12, monthNames), values(fields[6], 1970, 2199, "")
		days := parseDays(fields[3], fields[5])
		if minutes != nil && hours != nil && months != nil && years != nil && days != nil {
			return func(after time.Time) (time.Time, bool) {
				at := after.UTC().Truncate(time.Minute).Add(time.Minute)
				for at.Year() < 2200 {
					switch {
					case !years[at.Year()] || !months[int(at.Month())] || !days(at):
						at = time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, time.UTC)
					case !hours[at.Hour()]:
						at = at.Truncate(time.Hour).Add(time.Hour)
					case !minutes[at.Minute()]:
						at = at.Add(time.Minute)
					default:
						return at, true
					}
				}
				return at, false
			}, nil
		}
	}
	return nil, invalid("Parameter ScheduleExpression is not valid: %s", text)
}

const monthNames, dayNames = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", "SUNMONTUEWEDTHUFRISAT"

// values returns the values of a cron field, or nil if it is not valid: numbers
// or names, ranges a-b and increments a/n, with commas between them.
func values(text string, low, high int, names string) map[int]bool {
	number := func(text string) int {
		if i := strings.Index(names, text); len(text) == 3 && i >= 0 && i%3 == 0 {
			return i/3 + 1
		}
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return -1
		}
		return int(n)
	}
	set := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		span, increment, incremented := strings.Cut(part, "/")
		first, last, ranged := strings.Cut(span, "-")
		from, to, step := number(first), number(last), 1
		switch {
		case span == "*":
			from, to = low, high
		case incremented && !ranged:
			to = high
		case !ranged:
			to = from
		}
		if incremented {
			step = number(increment)
		}
		if from < low || to > high || from > to || step < 1 {
			return nil
		}
		for value := from; value <= to; value += step {
			set[value] = true
		}
	}
	return set
}

// parseDays returns which days the fields day-of-month and day-of-week of a cron
// expression mean, of which one is ?, or nil if they are not valid.
func parseDays(ofMonth, ofWeek string) func(day time.Time) bool {
	switch {
	case ofWeek == "?" && ofMonth == "L":
		return func(day time.Time) bool { return day.Day() == lastDay(day) }
	case ofWeek == "?":
		number, weekday := strings.CutSuffix(ofMonth, "W")
		days := values(number, 1, 31, "")
		if days == nil {
			return nil
		}
		return func(day time.Time) bool {
			for n := range days {
				if n == day.Day() && !weekday || weekday && nearestWeekday(day, n) == day.Day() {
					return true
				}
			}
			return false
		}
	case ofMonth == "?":
		name, week, inWeek := strings.Cut(ofWeek, "#")
		name, last := strings.CutSuffix(name, "L")
		days, weeks := values(cmp.Or(name, "7"), 1, 7, dayNames), values(cmp.Or(week, "*"), 1, 5, "")
		if days == nil || weeks == nil || last && inWeek {
			return nil
		}
		last = last && name != ""
		return func(day time.Time) bool {
			return days[int(day.Weekday())+1] && weeks[(day.Day()+6)/7] && (!last || day.Day()+7 > lastDay(day))
		}
	}
	return nil
}

func lastDay(day time.Time) int { return day.AddDate(0, 1, -day.Day()).Day() }

// nearestWeekday returns the weekday of a day's month that is nearest to its day
// n, or 0 if the month has no day n.
func nearestWeekday(day time.Time, n int) int {
	last := lastDay(day)
	switch weekday := day.AddDate(0, 0, n-day.Day()).Weekday(); {
	case n > last:
		return 0
	case weekday == time.Saturday && n == 1:
		return 3
	case weekday == time.Saturday:
		return n - 1
	case weekday == time.Sunday && n == last:
		return n - 2
	case weekday == time.Sunday:
		return n + 1
	}
	return n
}
