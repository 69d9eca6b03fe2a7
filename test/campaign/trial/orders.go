package trial

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
	"time"
)

// shop is where orders are placed.
type shop struct {
	outputs map[string]string
	client  *http.Client

	mu       sync.Mutex
	accepted map[string]draft // by order ID
	refused  int
	answers  map[int]int // by status
}

func newShop(t *trial) shop {
	return shop{
		outputs:  t.cloud.Outputs()[ordersStack],
		client:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		accepted: map[string]draft{},
		answers:  map[int]int{},
	}
}

// draft is an order as a client posts it.
type draft struct {
	key, token string
	items      map[string]int
}

func (d draft) body() string {
	var lines []string
	for _, sku := range slices.Sorted(maps.Keys(d.items)) {
		lines = append(lines, fmt.Sprintf(`{"sku":%q,"quantity":%d,"unitPrice":1000}`, sku, d.items[sku]))
	}
	return fmt.Sprintf(`{"customerId":%q,"currency":"KRW","paymentToken":%q,"items":[%s]}`, d.key, d.token, strings.Join(lines, ","))
}

// newDraft returns an order, which may be declined, out of stock or unknown.
func newDraft(key string, random *rand.Rand) draft {
	d := draft{key: key, token: "tok_ok", items: map[string]int{fmt.Sprintf("book-%d", 1+random.IntN(12)): 1 + random.IntN(3)}}
	switch random.IntN(20) {
	case 0, 1:
		d.token = "tok_declined"
	case 2:
		d.items["rare-1"] = 1
	case 3:
		d.items["no-such-thing"] = 1
	}
	return d
}

// placeOrders places the orders of a round, every third of them twice.
func (t *trial) placeOrders(ctx context.Context, round int) error {
	random := rand.New(rand.NewPCG(t.Seed, uint64(round)))
	drafts := make([]draft, ordersOfRound)
	for i := range drafts {
		drafts[i] = newDraft(fmt.Sprintf("order-number-%d-%d", round, i), random)
	}
	return atOnce(len(drafts), func(i int) error {
		id, err := t.place(ctx, drafts[i], true)
		if err != nil || i%3 != 0 {
			return err
		}
		again, err := t.place(ctx, drafts[i], true)
		if err == nil && again != id {
			t.shop.mu.Lock()
			defer t.shop.mu.Unlock()
			t.violated("posted again, order %s is %s", id, again)
		}
		return err
	})
}

// overload posts ten times of what the API takes. One in ten is an order, which the
// client gives up if it is refused; the others are no orders, which the function
// rejects.
func (t *trial) overload(ctx context.Context, round int) error {
	random := rand.New(rand.NewPCG(t.Seed, 1<<32+uint64(round)))
	drafts := make([]draft, overload)
	for i := range drafts {
		if i%10 == 0 {
			drafts[i] = newDraft(fmt.Sprintf("rush-number-%d-%d", round, i), random)
		}
	}
	return atOnce(len(drafts), func(i int) error {
		_, err := t.place(ctx, drafts[i], false)
		return err
	})
}

// place posts an order until it is accepted, and returns its ID. An impatient
// client gives up if the first answer is a refusal.
func (t *trial) place(ctx context.Context, d draft, patient bool) (string, error) {
	for attempt := 0; ; attempt++ {
		status, body, err := t.post(ctx, d)
		switch {
		case err != nil:
			return "", err
		case status == http.StatusAccepted:
			var order struct {
				OrderID string `json:"orderId"`
			}
			err := json.Unmarshal(body, &order)
			t.shop.mu.Lock()
			defer t.shop.mu.Unlock()
			t.shop.accepted[order.OrderID] = d
			return order.OrderID, err
		case status == http.StatusTooManyRequests && attempt == 0 && !patient:
			t.shop.mu.Lock()
			defer t.shop.mu.Unlock()
			t.shop.refused++
			return "", nil
		case d.key == "" && status < 500:
			return "", nil
		case status == http.StatusConflict || status == http.StatusTooManyRequests || status >= 500:
			// Somebody else works on it, or a fault: again.
			select {
			case <-time.After(time.Duration(min(attempt, 20)) * 10 * time.Millisecond):
			case <-ctx.Done():
				return "", ctx.Err()
			}
		default:
			return "", fmt.Errorf("posting %s: %d: %s", d.body(), status, body)
		}
	}
}

func (t *trial) post(ctx context.Context, d draft) (status int, body []byte, err error) {
	text := "no order"
	if d.key != "" {
		text = d.body()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.shop.outputs["OrdersUrl"], strings.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", d.key)
	response, err := t.shop.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	t.shop.mu.Lock()
	defer t.shop.mu.Unlock()
	t.shop.answers[response.StatusCode]++
	return response.StatusCode, body, err
}
