package test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local"
	"github.com/noidle/noidle/test/tables"
)

// anybody is an outside client of the local cloud.
var anybody = credentials.NewStaticCredentialsProvider("local", "local", "")

// stack is one stack of an app that runs in a local cloud.
type stack struct {
	*local.Cloud
	name    string
	clock   *clockwork.FakeClock // nil: real time
	outputs map[string]string
	tables  *dynamodb.Client
	queues  *sqs.Client
}

func openStack(t testing.TB, name string, options local.Options) *stack {
	t.Helper()
	return openStackOf(t, referenceApp(t).dir, name, options)
}

// openStackOf runs an assembly, of which the test is about one stack.
func openStackOf(t testing.TB, dir, name string, options local.Options) *stack {
	t.Helper()
	c, err := local.Start(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s := &stack{
		Cloud:   c,
		name:    name,
		outputs: c.Outputs()[name],
		tables:  dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody}),
		queues:  sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: new(c.URL()), Credentials: anybody}),
	}
	s.clock, _ = options.Clock.(*clockwork.FakeClock)
	return s
}

// openOwn runs an app of its own in a local cloud, of which the test is about the
// stack Own.
func openOwn(t *testing.T, options local.Options, build func(app awscdk.App)) *stack {
	t.Helper()
	dir := t.TempDir()
	app := newAppFor(t, "host", &dir)
	app.Node().SetContext(new("aws:cdk:enable-path-metadata"), true) // Reports name roles by their paths.
	build(app)
	app.Synth(nil)
	return openStackOf(t, dir, "Own", options)
}

// shop is where orders are placed.
type shop struct{ *stack }

func openShop(t testing.TB, options local.Options) *shop {
	t.Helper()
	return &shop{openStack(t, ordersStack, options)}
}

// table returns the name of the table whose logical ID starts with prefix.
func (s *stack) table(t testing.TB, prefix string) string {
	t.Helper()
	out, err := s.tables.ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range out.TableNames {
		if strings.HasPrefix(name, s.name+"-"+prefix) {
			return name
		}
	}
	t.Fatalf("there is no table %s in %q", prefix, out.TableNames)
	return ""
}

// scan returns all items of a table, their scalars as text.
func (s *stack) scan(t testing.TB, table string) []map[string]string {
	t.Helper()
	items, err := tables.Scan(t.Context(), s.tables, table)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// elapse lets a second pass on the clock, unless a function runs: functions take
// real time, and must not see it fly.
func (s *stack) elapse() {
	if s.clock != nil && s.Running() == 0 {
		s.clock.Advance(time.Second)
	}
}

// patience is for how long a test waits for what has to come. It is real time:
// whatever the clock says, work takes what the machine needs for it.
const patience = 5 * time.Minute

// pass lets some seconds pass.
func (s *stack) pass(seconds int) {
	for range seconds {
		s.elapse()
		time.Sleep(time.Millisecond) // what the second set off runs in real time
	}
}

// draft is an order as a client posts it.
type draft struct {
	key, body string
	token     string
	items     map[string]int
}

func newDraft(n int, token string, items map[string]int) draft {
	var lines []string
	for sku, quantity := range items {
		lines = append(lines, fmt.Sprintf(`{"sku":%q,"quantity":%d,"unitPrice":1000}`, sku, quantity))
	}
	slices.Sort(lines)
	return draft{
		key:   fmt.Sprintf("order-number-%d", n),
		body:  fmt.Sprintf(`{"customerId":"c-%d","currency":"KRW","paymentToken":%q,"items":[%s]}`, n, token, strings.Join(lines, ",")),
		token: token,
		items: items,
	}
}

// post posts an order until it is accepted, as a patient client does, and
// returns its ID.
func (s *shop) post(ctx context.Context, client *http.Client, d draft) (string, error) {
	for attempt := 0; ; attempt++ {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.outputs["OrdersUrl"], strings.NewReader(d.body))
		if err != nil {
			return "", err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", d.key)
		response, err := client.Do(request)
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return "", err
		}
		switch response.StatusCode {
		case http.StatusAccepted:
			var order struct {
				OrderID string `json:"orderId"`
			}
			err := json.Unmarshal(body, &order)
			return order.OrderID, err
		case http.StatusConflict, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
			// Somebody else works on it, or a fault: again, when the lease has ended at
			// the latest, which is the function's own real time.
			s.elapse()
			select {
			case <-time.After(time.Duration(min(attempt, 20)) * 10 * time.Millisecond):
			case <-ctx.Done():
				return "", ctx.Err()
			}
		default:
			return "", fmt.Errorf("posting %s: %s: %s", d.body, response.Status, body)
		}
	}
}

// TestOrdersUnderChaos is the whole order processing, as synthesized, with one
// call in twenty struck by a fault: every order that was accepted is final,
// stock is conserved, exactly the completed orders are charged, exactly the
// messages that nobody can read are in the dead-letter queue, and every
// permission was used.
func TestOrdersUnderChaos(t *testing.T) {
	const orders, poison = 1000, 20
	s := openShop(t, local.Options{Clock: clockwork.NewFakeClock(), Chaos: 0.05, Seed: 1})
	drafts := newDrafts(0, orders)

	ids := s.postAll(t, drafts)
	s.sendPoison(t, poison)
	records := s.settle(t, orders, poison)

	want := map[string]int{"COMPLETED": 0, "FAILED": 0}
	completed := map[string]bool{}
	for _, r := range records {
		want[r["status"]]++
		completed[r["orderId"]] = r["status"] == "COMPLETED"
	}
	if len(want) != 2 || want["COMPLETED"] < orders/2 || want["FAILED"] < orders/20 {
		t.Errorf("orders ended %v, want both ends", want)
	}
	byID := map[string]draft{}
	for i, id := range ids {
		byID[id] = drafts[i]
		if _, ok := completed[id]; !ok {
			t.Errorf("order %s was accepted and is not recorded", id)
		}
		if completed[id] && drafts[i].token == "tok_declined" {
			t.Errorf("order %s is completed although its payment is declined", id)
		}
	}
	s.checkStock(t, completed, byID)
	s.checkCharges(t, completed)
	s.checkDeadLetters(t, poison)
	s.readAll(t, records)
	report := s.Report()
	if len(report.Faults) != 9 {
		t.Errorf("injected faults %v, want all nine kinds", report.Faults)
	}
	checkOrderGrants(t, report)
	t.Logf("%v; injected faults: %v", want, report.Faults)
}

// checkOrderGrants: no role was denied anything, and none has a right that it never
// uses, be it in a storm.
func checkOrderGrants(t *testing.T, report local.Report) {
	t.Helper()
	unused := func(s *shop) []string { return neverUsed(t, ordersStack, report, s.Report()) }
	worst := storm(t, referenceApp(t).dir, func(s *shop) bool { return len(unused(s)) == 0 })
	if grants := unused(worst); len(grants) > 0 {
		t.Errorf("granted and never used: %q", grants)
	}
}

// neverUsed lists the grants of a stack's roles that were used in none of the runs.
func neverUsed(t *testing.T, stack string, reports ...local.Report) []string {
	t.Helper()
	runs := map[string]int{} // in how many a grant was not used
	roles := 0
	for _, report := range reports {
		for _, r := range report.Roles {
			if len(r.Denied) > 0 {
				t.Fatalf("%s was denied %v", r.Role, r.Denied)
			}
			if !strings.HasPrefix(r.Role, stack+"/") {
				continue
			}
			roles++
			for _, grant := range r.NeverUsed {
				runs[r.Role+" "+grant.Action+" "+grant.Resource]++
			}
		}
	}
	if roles == 0 {
		t.Fatalf("no report is of a role in %s", stack)
	}
	maps.DeleteFunc(runs, func(_ string, unused int) bool { return unused < len(reports) })
	return slices.Sorted(maps.Keys(runs))
}

// readAll: a client reads what the table says.
func (s *shop) readAll(t *testing.T, records []map[string]string) {
	t.Helper()
	atOnce(len(records), func(i int) {
		if err := s.read(records[i]); err != nil {
			t.Errorf("order %s: %v", records[i]["orderId"], err)
		}
	})
}

// read reads an order, as a patient client does, and compares it with what the
// table says.
func (s *shop) read(record map[string]string) error {
	for {
		response, err := http.Get(s.outputs["OrdersUrl"] + "/" + record["orderId"])
		if err != nil {
			return err
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return err
		}
		if response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= 500 {
			s.elapse()
			continue
		}
		var got struct{ OrderID, Status, Reason string }
		if err := json.Unmarshal(body, &got); err != nil {
			return err
		}
		if got.OrderID != record["orderId"] || got.Status != record["status"] || (got.Status == "FAILED") != (got.Reason != "") {
			return fmt.Errorf("is read as %s %s, the table says %s", response.Status, body, record["status"])
		}
		return nil
	}
}

// atOnce does n pieces of work, sixteen at a time.
func atOnce(n int, do func(i int)) {
	work := make(chan int)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for i := range work {
				do(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wait.Wait()
}

// newDrafts returns n orders from a number on, of which some are declined, out of
// stock, unknown or time out.
func newDrafts(from, n int) []draft {
	random := rand.New(rand.NewPCG(7, 7))
	drafts := make([]draft, n)
	for i := range drafts {
		token := "tok_ok"
		switch {
		case i%10 == 3:
			token = "tok_declined"
		case i%100 == 50: // Its first charge takes the two seconds that the function gives it.
			token = "tok_timeout"
		}
		items := map[string]int{fmt.Sprintf("book-%d", 1+random.IntN(12)): 1 + random.IntN(3)}
		switch {
		case i%25 == 7:
			items["rare-1"] = 1
		case i%50 == 11:
			items["no-such-thing"] = 1
		}
		drafts[i] = newDraft(from+i, token, items)
	}
	return drafts
}

// postAll posts orders at the same time, every third of them twice, and returns
// their IDs.
func (s *shop) postAll(t *testing.T, drafts []draft) []string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	ids := make([]string, len(drafts))
	atOnce(len(drafts), func(i int) {
		id, err := s.post(t.Context(), client, drafts[i])
		if err != nil {
			t.Error(err)
			return
		}
		ids[i] = id
		if i%3 != 0 {
			return
		}
		if again, err := s.post(t.Context(), client, drafts[i]); err != nil || again != id {
			t.Errorf("posted again, order %s is %s, %v", id, again, err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return ids
}

func (s *shop) sendPoison(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if _, err := s.queues.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: new(s.outputs["OrderQueue"]), MessageBody: new(fmt.Sprintf("poison %d {", i)),
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// settle lets time pass until every order is final and the poison is in the
// dead-letter queue, and returns the records of the orders.
func (s *shop) settle(t *testing.T, orders, poison int) []map[string]string {
	t.Helper()
	for {
		s.pass(20)
		if s.count(t, "OrderDeadLetterQueue") < poison || s.count(t, "OrderQueue") > 0 {
			continue
		}
		records := s.scan(t, s.outputs["OrdersTable"])
		if len(records) < orders || s.Running() > 0 {
			continue
		}
		if !slices.ContainsFunc(records, func(r map[string]string) bool { return r["status"] != "COMPLETED" && r["status"] != "FAILED" }) {
			return records
		}
	}
}

// count is how many messages a queue holds, visible or not.
func (s *stack) count(t *testing.T, output string) int {
	t.Helper()
	out, err := s.queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: new(s.outputs[output]), AttributeNames: []sqstypes.QueueAttributeName{"All"},
	})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
		n := 0
		if _, err := fmt.Sscan(out.Attributes[name], &n); err != nil {
			t.Fatal(err)
		}
		total += n
	}
	return total
}

// checkStock: what is left, and what completed orders took, is what there was.
func (s *shop) checkStock(t *testing.T, completed map[string]bool, byID map[string]draft) {
	t.Helper()
	sold := map[string]int{}
	for id, done := range completed {
		if done {
			for sku, n := range byID[id].items {
				sold[sku] += n
			}
		}
	}
	left := map[string]int{}
	for _, item := range s.scan(t, s.table(t, "Stock")) {
		sku, ok := strings.CutPrefix(item["id"], "sku#")
		if !ok {
			continue
		}
		n := 0
		if _, err := fmt.Sscan(item["available"], &n); err != nil {
			t.Fatalf("%v: %v", item, err)
		}
		left[sku] = n
	}
	for sku, n := range left {
		initial := 1_000_000
		if sku == "rare-1" {
			initial = 5
		}
		if n+sold[sku] != initial {
			t.Errorf("of %s, %d are left and %d are sold: want %d together", sku, n, sold[sku], initial)
		}
	}
	if sold["rare-1"] > 5 || sold["rare-1"] == 0 || sold["no-such-thing"] > 0 {
		t.Errorf("sold %d of rare-1 and %d of no-such-thing", sold["rare-1"], sold["no-such-thing"])
	}
}

// checkCharges: exactly the completed orders are charged.
func (s *shop) checkCharges(t *testing.T, completed map[string]bool) {
	t.Helper()
	charged := map[string]bool{}
	for _, charge := range s.scan(t, s.table(t, "Ledger")) {
		if charge["status"] == "CHARGED" {
			charged[charge["orderId"]] = true
		}
	}
	for id, done := range completed {
		if done != charged[id] {
			t.Errorf("order %s: completed %t, charged %t", id, done, charged[id])
		}
	}
}

// checkDeadLetters: exactly the poison messages are in the dead-letter queue.
func (s *shop) checkDeadLetters(t *testing.T, poison int) {
	t.Helper()
	var want, got []string
	for i := range poison {
		want = append(want, fmt.Sprintf("poison %d {", i))
	}
	for range poison {
		out, err := s.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: new(s.outputs["OrderDeadLetterQueue"]), MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			got = append(got, *m.Body)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
}
