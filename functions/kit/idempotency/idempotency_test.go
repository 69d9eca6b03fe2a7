package idempotency

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

type receipt struct {
	OrderID string `json:"orderId"`
}

var (
	start     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	errLuck   = errors.New("no luck")
	errBroken = errors.New("the table is broken")
)

// clock is a clock that tests turn.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func (c *clock) turn(d time.Duration) { c.Time = c.Add(d) }

// fixture is a store on an empty table at a fixed time.
func fixture() (*Store, *fakeTable, *clock) {
	table, c := newFakeTable(), &clock{start}
	return New(table, "keys", &Options{Now: c.now}), table, c
}

// counted returns work that counts its runs in the receipt.
func counted(runs *int) func(context.Context) (receipt, error) {
	return func(context.Context) (receipt, error) {
		*runs++
		return receipt{OrderID: fmt.Sprintf("o-%d", *runs)}, nil
	}
}

func TestDoRecordsTheResult(t *testing.T) {
	s, table, _ := fixture()
	runs := 0
	for range 3 {
		got, err := Do(t.Context(), s, "k", []byte("p"), counted(&runs))
		if err != nil || got.OrderID != "o-1" {
			t.Fatalf("got %+v, %v, want o-1", got, err)
		}
	}
	if runs != 1 {
		t.Errorf("the work ran %d times, want once", runs)
	}
	want := item{
		"id":     str("k"),
		"status": str("COMPLETED"),
		"hash":   str("148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940"), // sha256 of "p"
		"result": str(`{"orderId":"o-1"}`),
		"expiry": num(start.Add(24 * time.Hour).Unix()),
	}
	got := table.record("k")
	if text(got, "owner") == "" {
		t.Error("the record has no owner")
	}
	delete(got, "owner")
	if diff := cmp.Diff(want, got, ignoreSerde); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

// ignoreSerde leaves out the marker that every type of the SDK embeds.
var ignoreSerde = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{})

func TestKeysAreApart(t *testing.T) {
	s, _, _ := fixture()
	runs := 0
	for _, key := range []string{"a", "b"} {
		if _, err := Do(t.Context(), s, key, []byte("p"), counted(&runs)); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 2 {
		t.Errorf("the work ran %d times, want twice", runs)
	}
}

// TestClaim puts a record in the way of a request and turns the clock.
func TestClaim(t *testing.T) {
	for _, test := range []struct {
		name string
		// before is the first request's fate: done, or begun and left.
		before  string
		payload string
		later   time.Duration
		runs    int
		err     error
	}{
		{name: "done, same payload", before: "done", payload: "p", later: time.Hour},
		{name: "done, other payload", before: "done", payload: "q", later: time.Hour, err: ErrPayloadMismatch},
		{name: "done, to the second of its expiry", before: "done", payload: "p", later: 24 * time.Hour},
		{name: "done, expired", before: "done", payload: "p", later: 24*time.Hour + time.Second, runs: 1},
		{name: "done, expired, other payload", before: "done", payload: "q", later: 24*time.Hour + time.Second, runs: 1},
		{name: "left, lease runs", before: "left", payload: "p", later: 59 * time.Second, err: ErrInProgress},
		{name: "left, to the millisecond of the lease", before: "left", payload: "p", later: time.Minute, err: ErrInProgress},
		{name: "left, lease ended", before: "left", payload: "p", later: time.Minute + time.Millisecond, runs: 1},
		{name: "left, other payload", before: "left", payload: "q", later: time.Second, err: ErrPayloadMismatch},
		{name: "left, lease ended, other payload", before: "left", payload: "q", later: time.Hour, err: ErrPayloadMismatch},
		{name: "left, expired, other payload", before: "left", payload: "q", later: 25 * time.Hour, runs: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, table, c := fixture()
			ignored := 0
			switch test.before {
			case "done":
				if _, err := Do(t.Context(), s, "k", []byte("p"), counted(&ignored)); err != nil {
					t.Fatal(err)
				}
			case "left":
				leave(t, s)
			}
			c.turn(test.later)
			runs := 0
			got, err := Do(t.Context(), s, "k", []byte(test.payload), counted(&runs))
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			}
			if err == nil && got.OrderID != "o-1" {
				t.Errorf("got %+v, want o-1", got)
			}
			if runs != test.runs {
				t.Errorf("the work ran %d times, want %d", runs, test.runs)
			}
			if test.runs == 1 && text(table.record("k"), "status") != "COMPLETED" {
				t.Errorf("the record is %v, want it completed", table.record("k"))
			}
		})
	}
}

// leave claims the key "k" for the payload "p" and does nothing more, like a
// process that died.
func leave(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.newClaim(t.Context(), "k", []byte("p")).put(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestLeaseLastsAsLongAsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newFakeTable()
		s := New(table, "keys", nil)
		ctx, cancel := context.WithTimeout(t.Context(), 29*time.Second)
		defer cancel()
		_, err := Do(ctx, s, "k", nil, func(context.Context) (int, error) {
			if got, want := number(table.record("k")["lease"]), time.Now().Add(29*time.Second).UnixMilli(); got != want {
				t.Errorf("the lease ends at %d, want %d", got, want)
			}
			return 1, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestExpiryIsSettable(t *testing.T) {
	table, c := newFakeTable(), &clock{start}
	s := New(table, "keys", &Options{Expiry: time.Hour, Now: c.now})
	_, err := Do(t.Context(), s, "k", nil, func(context.Context) (int, error) {
		c.turn(time.Minute) // the work takes a minute: the result is kept for an hour from here
		return 1, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := number(table.record("k")["expiry"]), start.Add(time.Hour+time.Minute).Unix(); got != want {
		t.Errorf("expires at %d, want %d", got, want)
	}
}

// TestConcurrency lets 32 requests come at once: one runs the work, which ends only
// after all others have been turned away.
func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 32
		s := New(newFakeTable(), "keys", nil)
		var mu sync.Mutex
		runs := 0
		finish := make(chan struct{})
		work := func(context.Context) (receipt, error) {
			mu.Lock()
			runs++
			mu.Unlock()
			<-finish
			return receipt{OrderID: "o-1"}, nil
		}
		type answer struct {
			receipt receipt
			err     error
		}
		ask := func(answers chan<- answer) {
			for range callers {
				go func() {
					r, err := Do(t.Context(), s, "k", []byte("p"), work)
					answers <- answer{r, err}
				}()
			}
		}

		answers := make(chan answer, callers)
		ask(answers)
		synctest.Wait()
		if len(answers) != callers-1 {
			t.Fatalf("%d requests have an answer, want all but one", len(answers))
		}
		for range callers - 1 {
			if a := <-answers; !errors.Is(a.err, ErrInProgress) {
				t.Errorf("got %+v, want ErrInProgress", a)
			}
		}
		close(finish)
		if a := <-answers; a.err != nil || a.receipt.OrderID != "o-1" {
			t.Errorf("got %+v, want o-1", a)
		}

		ask(answers)
		for range callers {
			if a := <-answers; a.err != nil || a.receipt.OrderID != "o-1" {
				t.Errorf("got %+v, want o-1", a)
			}
		}
		if runs != 1 {
			t.Errorf("the work ran %d times, want once", runs)
		}
	})
}

// TestLostLease: the first request outlives its lease, the second takes over. The
// first must neither record its result nor free the key.
func TestLostLease(t *testing.T) {
	for _, test := range []struct {
		name string
		fate error
		want error
	}{
		{name: "the work succeeds", want: ErrLeaseLost},
		{name: "the work fails", fate: errLuck, want: errLuck},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, table, c := fixture()
			_, err := Do(t.Context(), s, "k", []byte("p"), func(context.Context) (string, error) {
				c.turn(time.Hour)
				leave(t, s)
				return "first", test.fate
			})
			if !errors.Is(err, test.want) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
			if got := text(table.record("k"), "status"); got != "IN_PROGRESS" {
				t.Errorf("the record of the second request is %q, want it in progress", got)
			}
		})
	}
}

func TestFailedWorkFreesTheKey(t *testing.T) {
	s, table, _ := fixture()
	_, err := Do(t.Context(), s, "k", []byte("p"), func(context.Context) (receipt, error) {
		return receipt{OrderID: "half"}, errLuck
	})
	if err != errLuck {
		t.Errorf("got error %v, want the one of the work", err)
	}
	if got := table.record("k"); got != nil {
		t.Errorf("the key is not free: %v", got)
	}
	runs := 0
	if got, err := Do(t.Context(), s, "k", []byte("other"), counted(&runs)); err != nil || got.OrderID != "o-1" {
		t.Errorf("got %+v, %v, want o-1", got, err)
	}
}

func TestPanicFreesTheKeyAndGoesOn(t *testing.T) {
	for _, test := range []struct {
		name  string
		table error
		log   string
	}{
		{name: "freed"},
		{name: "cannot be freed", table: errBroken, log: "the table is broken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := captureLog(t)
			s, table, _ := fixture()
			table.delete = func() error { return test.table }
			func() {
				defer func() {
					if got := recover(); got != "no luck at all" {
						t.Errorf("got panic %v, want that of the work", got)
					}
				}()
				_, err := Do(t.Context(), s, "k", nil, func(context.Context) (int, error) { panic("no luck at all") })
				t.Errorf("returned with error %v", err)
			}()
			if free := table.record("k") == nil; free != (test.table == nil) {
				t.Errorf("the key is free: %t", free)
			}
			if !strings.Contains(log.String(), test.log) {
				t.Errorf("log lacks %q: %s", test.log, log)
			}
		})
	}
}

// TestCallerGoes: the outcome is recorded although the context of the caller ended.
func TestCallerGoes(t *testing.T) {
	for _, test := range []struct {
		name string
		fate error
		want string
	}{
		{name: "the work succeeds", want: "COMPLETED"},
		{name: "the work fails", fate: errLuck, want: ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, table, _ := fixture()
			ctx, cancel := context.WithCancel(t.Context())
			_, err := Do(ctx, s, "k", nil, func(context.Context) (int, error) {
				cancel()
				return 1, test.fate
			})
			if !errors.Is(err, test.fate) {
				t.Errorf("got error %v, want %v", err, test.fate)
			}
			if got := text(table.record("k"), "status"); got != test.want {
				t.Errorf("the record is %q, want %q", got, test.want)
			}
		})
	}
}

func TestBrokenTable(t *testing.T) {
	broken := func() error { return errBroken }
	for _, test := range []struct {
		name string
		fail func(*fakeTable)
		fate error
		want []error
		runs int
		text string
	}{
		{
			name: "put", fail: func(f *fakeTable) { f.put = broken }, want: []error{errBroken},
			text: `idempotency: claim key "k": the table is broken`,
		},
		{
			name: "update", fail: func(f *fakeTable) { f.update = broken }, want: []error{errBroken}, runs: 1,
			text: `idempotency: record the result of key "k": the table is broken`,
		},
		{
			name: "delete", fail: func(f *fakeTable) { f.delete = broken }, fate: errLuck, want: []error{errLuck, errBroken}, runs: 1,
			text: "no luck (and the key is not free until its lease ends: the table is broken)",
		},
		{
			name: "put, refused without a record", runs: 0,
			fail: func(f *fakeTable) {
				f.put = func() error { return &types.ConditionalCheckFailedException{} }
			},
			text: `idempotency: claim key "k": the table refused the key without saying why: map[]`,
		},
		{
			name: "put, unknown status", runs: 0,
			fail: func(f *fakeTable) {
				f.items["k"] = item{"id": str("k"), "hash": str(emptyHash), "status": str("ODD"), "expiry": num(1 << 40)}
			},
			text: `idempotency: claim key "k": unknown status "ODD"`,
		},
		{
			name: "put, result of another type", runs: 0,
			fail: func(f *fakeTable) {
				f.items["k"] = item{"id": str("k"), "hash": str(emptyHash), "status": str("COMPLETED"), "result": str(`"seven"`), "expiry": num(1 << 40)}
			},
			text: `idempotency: decode the result of key "k": json: cannot unmarshal string into Go value of type int`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, table, _ := fixture()
			test.fail(table)
			runs := 0
			got, err := Do(t.Context(), s, "k", nil, func(context.Context) (int, error) {
				runs++
				return 7, test.fate
			})
			for _, want := range test.want {
				if !errors.Is(err, want) {
					t.Errorf("got error %v, want %v in it", err, want)
				}
			}
			if err == nil || err.Error() != test.text {
				t.Errorf("got error %v, want %s", err, test.text)
			}
			if got != 0 {
				t.Errorf("got result %d with the error", got)
			}
			if runs != test.runs {
				t.Errorf("the work ran %d times, want %d", runs, test.runs)
			}
		})
	}
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // sha256 of nothing

func TestLostAnswerOfOurOwnClaim(t *testing.T) {
	s, table, _ := fixture()
	table.lose = true
	runs := 0
	got, err := Do(t.Context(), s, "k", []byte("p"), counted(&runs))
	if err != nil || got.OrderID != "o-1" || runs != 1 {
		t.Errorf("got %+v, %v after %d runs, want o-1 after one", got, err, runs)
	}
}

func TestResultThatIsNotJSON(t *testing.T) {
	s, table, _ := fixture()
	_, err := Do(t.Context(), s, "k", nil, func(context.Context) (func(), error) { return func() {}, nil })
	if err == nil || !strings.Contains(err.Error(), "idempotency: encode the result: json: unsupported type: func()") {
		t.Errorf("got error %v", err)
	}
	if got := table.record("k"); got != nil {
		t.Errorf("the key is not free: %v", got)
	}
}

func TestNewPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic for a negative expiry")
		}
	}()
	New(newFakeTable(), "keys", &Options{Expiry: -time.Second})
}

func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}
