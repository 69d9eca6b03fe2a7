package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/noidle/noidle/test/tables"
)

// checkOrders: every accepted order is final or parked, no other is recorded, stock
// is conserved, and exactly the completed orders are charged.
func (t *trial) checkOrders(ctx context.Context) error {
	settled, err := t.await(ctx, "orders", func() (bool, error) {
		waiting, err := t.waiting(ctx, t.shop.outputs["OrderQueue"])
		if err != nil || waiting > 0 || t.cloud.Running() > 0 {
			return false, err
		}
		parked, err := t.waiting(ctx, t.shop.outputs["OrderDeadLetterQueue"])
		if err != nil {
			return false, err
		}
		records, err := tables.Scan(ctx, t.tables, t.shop.outputs["OrdersTable"])
		all := len(records)
		records = slices.DeleteFunc(records, unfinished)
		return len(t.shop.accepted) <= all && all-len(records) <= max(0, parked-poison), err
	})
	if err != nil {
		return err
	}
	records, err := tables.Scan(ctx, t.tables, t.shop.outputs["OrdersTable"])
	if err != nil {
		return err
	}
	work := Work{Name: "orders", Accepted: len(t.shop.accepted), Refused: t.shop.refused}
	parked, missing, err := t.parkedOrders(ctx)
	if err != nil {
		return err
	}
	work.Lost += missing
	completed, recorded := map[string]bool{}, map[string]bool{}
	for _, r := range records {
		id := r["orderId"]
		recorded[id] = true
		if _, ok := t.shop.accepted[id]; !ok {
			work.Doubled++
			t.violated("order %s is recorded and was never accepted", id)
		}
		if r["status"] == "FAILED" && r["reason"] == "" {
			t.violated("order %s failed for no reason", id)
		}
		switch {
		case !unfinished(r):
			work.Final++
			completed[id] = r["status"] == "COMPLETED"
		case parked[id]:
			work.Parked++
		default:
			work.Lost++
			t.violated("order %s is %s and neither final nor parked", id, r["status"])
		}
	}
	for id := range t.shop.accepted {
		if !recorded[id] && !parked[id] {
			work.Lost++
			t.violated("order %s was accepted and is not recorded", id)
		}
	}
	if !settled {
		t.violated("orders did not settle in %s", patience)
	}
	moneyAndStock, err := t.checkBooks(ctx, completed)
	work.Doubled += moneyAndStock
	t.Work = append(t.Work, work)
	return err
}

func unfinished(record map[string]string) bool {
	return record["status"] != "COMPLETED" && record["status"] != "FAILED"
}

// parkedOrders returns the orders in the dead-letter queue. Besides them exactly the
// poison is there, of which it returns how much is missing.
func (t *trial) parkedOrders(ctx context.Context) (orders map[string]bool, missing int, err error) {
	messages, err := t.parked(ctx, t.shop.outputs["OrderDeadLetterQueue"], orderLettersAlarm)
	if err != nil {
		return nil, 0, err
	}
	orders = map[string]bool{}
	poisoned := map[string]bool{}
	for _, message := range messages {
		var order struct {
			OrderID string `json:"orderId"`
		}
		accepted := false
		if err := json.Unmarshal([]byte(message), &order); err == nil {
			_, accepted = t.shop.accepted[order.OrderID]
		}
		switch {
		case accepted:
			orders[order.OrderID] = true
		case strings.HasPrefix(message, poisonPrefix):
			poisoned[message] = true
		default:
			t.violated("nobody knows why %.100q is in the orders' dead-letter queue", message)
		}
	}
	if len(poisoned) != poison {
		t.violated("%d of %d unreadable messages are in the orders' dead-letter queue", len(poisoned), poison)
	}
	return orders, poison - len(poisoned), nil
}

// checkBooks: what is left, and what completed orders took, is what there was, and
// exactly the completed orders are charged. It returns how much is wrong.
func (t *trial) checkBooks(ctx context.Context, completed map[string]bool) (wrong int, err error) {
	sold := map[string]int{}
	for id, done := range completed {
		if done {
			for sku, n := range t.shop.accepted[id].items {
				sold[sku] += n
			}
		}
	}
	stock, err := t.scanOf(ctx, ordersStack+"-Stock")
	if err != nil {
		return 0, err
	}
	for _, item := range stock {
		sku, ok := strings.CutPrefix(item["id"], "sku#")
		if !ok {
			continue
		}
		left, initial := 0, 1_000_000
		if _, err := fmt.Sscan(item["available"], &left); err != nil {
			return 0, fmt.Errorf("stock of %s is %q: %w", sku, item["available"], err)
		}
		if sku == "rare-1" {
			initial = 5
		}
		if left+sold[sku] != initial {
			wrong++
			t.violated("of %s, %d are left and %d are sold: want %d together", sku, left, sold[sku], initial)
		}
	}
	charges, err := t.scanOf(ctx, ordersStack+"-Ledger")
	charged := map[string]bool{}
	for _, charge := range charges {
		if charge["status"] == "CHARGED" {
			charged[charge["orderId"]] = true
		}
	}
	all := maps.Clone(charged)
	maps.Copy(all, completed)
	for id := range all {
		if completed[id] != charged[id] {
			wrong++
			t.violated("order %s: completed %t, charged %t", id, completed[id], charged[id])
		}
	}
	return wrong, err
}
