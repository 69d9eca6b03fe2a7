package dynamodb

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"
)

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
func TestExpiry(t *testing.T) {
	seconds := func(moment time.Time) value { return numberValue(strconv.FormatInt(moment.Unix(), 10)) }
	tests := []struct {
		name string
		ttl  value
		want bool
	}{
		{"past", seconds(start), true},
		{"not yet", seconds(start.Add(2 * time.Hour)), false},
		{"long past", seconds(start.AddDate(-6, 0, 0)), false},
		{"five years past", seconds(start.AddDate(-5, 0, 1)), true},
		{"a string", stringValue(seconds(start).scalar), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock := clockwork.NewFakeClockAt(start)
				s := New(clock)
				defer s.Close()
				for _, table := range []Table{things, plain} {
					if err := s.CreateTable(table); err != nil {
						t.Fatal(err)
					}
				}
				stored := s.tables["things"]
				change{table: stored, new: item{"p": stringValue("a"), "s": numberValue("1"), "g": stringValue("g"), "ttl": tt.ttl}}.apply()
				clock.Advance(59 * time.Minute)
				synctest.Wait()
				diff(t, stored.views[0].items.Len(), 1)
				clock.Advance(time.Minute)
				synctest.Wait()
				gone := stored.views[0].items.Len() == 0
				diff(t, gone, tt.want)
				diff(t, stored.views[2].items.Len(), stored.views[0].items.Len())
				diff(t, stored.bytes == 0, tt.want)
			})
		})
	}
}
