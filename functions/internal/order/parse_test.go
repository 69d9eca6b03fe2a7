package order_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/functions/internal/order"
)

func TestParse(t *testing.T) {
	got, err := order.Parse(read(t, "draft.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(draft, got); diff != "" {
		t.Errorf("draft (-want +got):\n%s", diff)
	}
}

// body returns a valid order, changed: pairs of what stands there and what shall.
func body(pairs ...string) string {
	const valid = `{"customerId":"c-1","currency":"KRW","paymentToken":"tok_ok","items":[{"sku":"book-1","quantity":2,"unitPrice":15000}]}`
	return strings.NewReplacer(pairs...).Replace(valid)
}

func TestParseAccepts(t *testing.T) {
	item := `{"sku":"book-1","quantity":2,"unitPrice":15000}`
	for name, text := range map[string]string{
		"least":                     body(`"c-1"`, `"c"`, `tok_ok`, `t`, `book-1`, `0`, `:2`, `:1`, `15000`, `0`),
		"most":                      body(`c-1`, strings.Repeat("é", 128), `tok_ok`, strings.Repeat("~", 256), `book-1`, strings.Repeat("A", 64), `:2`, `:1000`, `15000`, `1000000000`),
		"100 items":                 body(item, strings.Repeat(item+",", 99)+item),
		"same sku twice":            body(item, item+","+item),
		"all of a sku's letters":    body(`book-1`, `aZ0._-`),
		"escapes":                   body(`"c-1"`, `"\u00e9\ud83d\ude00"`, `"sku"`, `"\u0073ku"`),
		"space in customer":         body(`c-1`, `Ada Lovelace`),
		"white space around":        " \n\t" + body() + "\r\n ",
		"white space between":       body(`:`, " : ", `,`, " , "),
		"other order of the fields": `{"items":[` + item + `],"paymentToken":"tok_ok","currency":"KRW","customerId":"c-1"}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := order.Parse([]byte(text)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	item := `{"sku":"book-1","quantity":2,"unitPrice":15000}`
	one := func(pointer, detail string) []order.FieldError {
		return []order.FieldError{{Pointer: pointer, Detail: detail}}
	}
	const (
		skuRule      = "1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit"
		customerRule = "1 to 128 printable characters"
		tokenRule    = "1 to 256 printable ASCII characters"
		quantityRule = "want an integer from 1 to 1000, got "
		priceRule    = "want an integer from 0 to 1000000000, got "
	)
	for _, test := range []struct {
		name, body string
		want       []order.FieldError
	}{
		// the whole
		{"nothing", "", one("", "not JSON at byte 0: unexpected end of JSON input")},
		{"cut off", body()[:20], one("", "not JSON at byte 20: unexpected end of JSON input")},
		{"trailing data", body() + "{}", one("", "not JSON at byte 120: invalid character '{' after top-level value")},
		{"not UTF-8", body("c-1", "c-\xff"), one("", "not UTF-8 at byte 17")},
		{"byte order mark", "\ufeff" + body(), one("", "not JSON at byte 1: invalid character 'ï' looking for beginning of value")},
		{"too deep", strings.Repeat("[", 10001) + strings.Repeat("]", 10001), one("", "not JSON at byte 10001: invalid character '[' exceeded max depth")},
		{"an array", "[]", one("", "want an object, got an array")},
		{"null", " null ", one("", "want an object, got null")},
		{"a number", "7", one("", "want an object, got 7")},
		{"a long string", `"` + strings.Repeat("é", 50) + `"`, one("", `want an object, got "`+strings.Repeat("é", 39)+"…")},
		{"empty object", "{}", []order.FieldError{
			{"/customerId", "missing"}, {"/currency", "missing"}, {"/paymentToken", "missing"}, {"/items", "missing"},
		}},

		// fields
		{"unknown field", body(`{"c`, `{"note":"x","c`), one("/note", "unknown field")},
		{"other case", body("currency", "Currency"), []order.FieldError{{"/Currency", "unknown field"}, {"/currency", "missing"}}},
		{"field to escape", body(`{"c`, `{"a/b~c":1,"c`), one("/a~1b~0c", "unknown field")},
		{"long field", body(`{"c`, `{"`+strings.Repeat("x", 50)+`":1,"c`), one("/"+strings.Repeat("x", 40)+"…", "unknown field")},
		{"duplicate", body(`{"c`, `{"currency":"EUR","c`), one("/currency", "duplicate field")},
		{"duplicate, escaped", body(`{"c`, `{"\u0063urrency":"EUR","c`), one("/currency", "duplicate field")},
		{"duplicate, wrong", body(`{"c`, `{"currency":7,"c`), []order.FieldError{
			{"/currency", "duplicate field"}, {"/currency", "want a string of three capital letters, got 7"},
		}},

		// strings
		{"customer empty", body("c-1", ""), one("/customerId", "want "+customerRule+`, got ""`)},
		{"customer too long", body("c-1", strings.Repeat("x", 129)), one("/customerId", "want "+customerRule+`, got "`+strings.Repeat("x", 40)+`…"`)},
		{"customer not printable", body("c-1", `c\u0007`), one("/customerId", "want "+customerRule+`, got "c\a"`)},
		{"customer half a surrogate", body("c-1", `c\ud800`), one("/customerId", "want "+customerRule+", got \"c\ufffd\"")},
		{"customer null", body(`"c-1"`, "null"), one("/customerId", "want a string of "+customerRule+", got null")},
		{"customer a number", body(`"c-1"`, "12"), one("/customerId", "want a string of "+customerRule+", got 12")},
		{"currency small", body("KRW", "krw"), one("/currency", `want three capital letters, got "krw"`)},
		{"currency long", body("KRW", "KRWX"), one("/currency", `want three capital letters, got "KRWX"`)},
		{"currency foreign", body("KRW", "ÄB"), one("/currency", `want three capital letters, got "ÄB"`)},
		{"currency an array", body(`"KRW"`, `["KRW"]`), one("/currency", "want a string of three capital letters, got an array")},
		{"sku empty", body("book-1", ""), one("/items/0/sku", "want "+skuRule+`, got ""`)},
		{"sku begins with a dot", body("book-1", ".a"), one("/items/0/sku", "want "+skuRule+`, got ".a"`)},
		{"sku too long", body("book-1", strings.Repeat("A", 65)), one("/items/0/sku", "want "+skuRule+`, got "`+strings.Repeat("A", 40)+`…"`)},
		{"sku foreign", body("book-1", "böök"), one("/items/0/sku", "want "+skuRule+`, got "böök"`)},
		{"sku with a newline", body("book-1", `a\n`), one("/items/0/sku", "want "+skuRule+`, got "a\n"`)},

		// the token is never shown
		{"token empty", body("tok_ok", ""), one("/paymentToken", "want "+tokenRule+", got 0 characters")},
		{"token too long", body("tok_ok", strings.Repeat("x", 257)), one("/paymentToken", "want "+tokenRule+", got 257 characters")},
		{"token foreign", body("tok_ok", "tök"), one("/paymentToken", "want "+tokenRule+", got 3 characters")},
		{"token a number", body(`"tok_ok"`, "4111111111111111"), one("/paymentToken", "want a string, got a number")},
		{"token a boolean", body(`"tok_ok"`, "true"), one("/paymentToken", "want a string, got a boolean")},
		{"token an object", body(`"tok_ok"`, `{"pan":"4111"}`), one("/paymentToken", "want a string, got an object")},

		// numbers
		{"quantity 0", body(":2", ":0"), one("/items/0/quantity", quantityRule+"0")},
		{"quantity 1001", body(":2", ":1001"), one("/items/0/quantity", quantityRule+"1001")},
		{"quantity negative", body(":2", ":-1"), one("/items/0/quantity", quantityRule+"-1")},
		{"quantity with a fraction", body(":2", ":2.0"), one("/items/0/quantity", quantityRule+"2.0")},
		{"quantity with an exponent", body(":2", ":1e2"), one("/items/0/quantity", quantityRule+"1e2")},
		{"quantity a string", body(":2", `:"2"`), one("/items/0/quantity", quantityRule+`"2"`)},
		{"quantity beyond int64", body(":2", ":92233720368547758080"), one("/items/0/quantity", quantityRule+"92233720368547758080")},
		{"quantity null", body(":2", ":null"), one("/items/0/quantity", quantityRule+"null")},
		{"price negative", body("15000", "-1"), one("/items/0/unitPrice", priceRule+"-1")},
		{"price too high", body("15000", "1000000001"), one("/items/0/unitPrice", priceRule+"1000000001")},
		{"price an object", body("15000", "{}"), one("/items/0/unitPrice", priceRule+"an object")},
		{"price long", body("15000", strings.Repeat("9", 50)), one("/items/0/unitPrice", priceRule+strings.Repeat("9", 40)+"…")},

		// items
		{"no items", body(item, ""), one("/items", "want 1 to 100 items, got 0")},
		{"101 items", body(item, strings.Repeat(item+",", 100)+item), one("/items", "want 1 to 100 items, got 101")},
		{"items an object", body("["+item+"]", item), one("/items", "want an array, got an object")},
		{"item a string", body(item, `"book-1"`), one("/items/0", `want an object, got "book-1"`)},
		{"second item", body(item, item+`,{"sku":"book-2","price":1}`), []order.FieldError{
			{"/items/1/price", "unknown field"}, {"/items/1/quantity", "missing"}, {"/items/1/unitPrice", "missing"},
		}},

		{"everything at once", `{"customerId":"","currency":"x","paymentToken":1,"items":[{"sku":"","quantity":0,"unitPrice":-1},7],"extra":1}`, []order.FieldError{
			{"/extra", "unknown field"},
			{"/customerId", "want " + customerRule + `, got ""`},
			{"/currency", `want three capital letters, got "x"`},
			{"/paymentToken", "want a string, got a number"},
			{"/items/0/sku", "want " + skuRule + `, got ""`},
			{"/items/0/quantity", quantityRule + "0"},
			{"/items/0/unitPrice", priceRule + "-1"},
			{"/items/1", "want an object, got 7"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := order.Parse([]byte(test.body))
			if diff := cmp.Diff(test.want, fields(err)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidationErrorText(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"fields", body(`"KRW"`, "7", `:2`, `:0`), "order: /currency: want a string of three capital letters, got 7; " +
			"/items/0/quantity: want an integer from 1 to 1000, got 0"},
		{"the whole", "[]", "order: want an object, got an array"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := order.Parse([]byte(test.body)); err == nil || err.Error() != test.want {
				t.Errorf("got error %v, want %s", err, test.want)
			}
		})
	}
}

func TestParseMessage(t *testing.T) {
	want := draft.Order("key-1", at)
	want.OrderID = "abcdefghijklmnopqrstuvwxyz"
	got, err := order.ParseMessage(read(t, "message.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestParseMessageRefuses(t *testing.T) {
	valid := string(read(t, "message.json"))
	const timeRule = "a time like 2026-03-01T12:00:00.000Z"
	for _, test := range []struct {
		name, old, new string
		want           []order.FieldError
	}{
		{"a draft", valid, body(), []order.FieldError{{"/orderId", "missing"}, {"/amount", "missing"}, {"/acceptedAt", "missing"}}},
		{"order ID", `"abc`, `"ABC`, []order.FieldError{{"/orderId", `want 26 lower-case letters and digits, got "ABCdefghijklmnopqrstuvwxyz"`}}},
		{"amount", "39000", "1", []order.FieldError{{"/amount", "want 39000, the sum of the items, got 1"}}},
		{"amount negative", "39000", "-39000", []order.FieldError{{"/amount", "want an integer from 0 to 100000000000000, got -39000"}}},
		{"amount as a float", "39000", "3.9E4", []order.FieldError{{"/amount", "want an integer from 0 to 100000000000000, got 3.9E4"}}},
		{"amount of wrong items is not blamed", `"quantity": 2`, `"quantity": 0`, []order.FieldError{{"/items/0/quantity", "want an integer from 1 to 1000, got 0"}}},
		{"time without milliseconds", ":00.120Z", ":00Z", []order.FieldError{{"/acceptedAt", "want " + timeRule + `, got "2026-03-01T12:00:00Z"`}}},
		{"time with microseconds", ".120Z", ".120000Z", []order.FieldError{{"/acceptedAt", "want " + timeRule + `, got "2026-03-01T12:00:00.120000Z"`}}},
		{"time not in UTC", "120Z", "120+01:00", []order.FieldError{{"/acceptedAt", "want " + timeRule + `, got "2026-03-01T12:00:00.120+01:00"`}}},
		{"time with a comma", ".120Z", ",120Z", []order.FieldError{{"/acceptedAt", "want " + timeRule + `, got "2026-03-01T12:00:00,120Z"`}}},
		{"no such day", "03-01", "02-30", []order.FieldError{{"/acceptedAt", "want " + timeRule + `, got "2026-02-30T12:00:00.120Z"`}}},
		{"time a number", `"2026-03-01T12:00:00.120Z"`, "0", []order.FieldError{{"/acceptedAt", "want a string of " + timeRule + ", got 0"}}},
		{"unknown field", `"amount"`, `"tax": 0, "amount"`, []order.FieldError{{"/tax", "unknown field"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := order.ParseMessage([]byte(strings.Replace(valid, test.old, test.new, 1)))
			if diff := cmp.Diff(test.want, fields(err)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParse: what is accepted is within the limits and makes an order that the
// queue message carries unchanged; what is refused has reasons that can be shown.
func FuzzParse(f *testing.F) {
	f.Add([]byte(body()))
	f.Add(read(f, "draft.json"))
	for _, seed := range []string{
		"", "null", "[]", "{}", body() + "x", body("c-1", "\xff"), body(`{"c`, `{"c":1,"c`), body("15000", "1e3"),
		body("tok_ok", "t\u00f6k"), body("c-1", `\ud800`), body(`"items"`, `"items":[],"items"`), `{"a/b":[[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := order.Parse(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		checkDraft(t, d)
		again, err := order.Parse(d.Canonical())
		if err != nil {
			t.Fatalf("the canonical form is refused: %v", err)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("the canonical form is another order (-first +second):\n%s", diff)
		}
		checkMessage(t, d.Order("key-1", at))
	})
}

// FuzzParseMessage: what is accepted is valid and goes through the queue unchanged.
func FuzzParseMessage(f *testing.F) {
	valid := string(read(f, "message.json"))
	f.Add([]byte(valid))
	for _, pair := range [][2]string{
		{"39000", "3.9e4"}, {"39000", "0"}, {"120Z", "1Z"}, {"2026", "0000"}, {"2026", "9999"}, {"abc", "AB"}, {`"amount"`, `"amount":1,"amount"`},
	} {
		f.Add([]byte(strings.Replace(valid, pair[0], pair[1], 1)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := order.ParseMessage(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		checkDraft(t, order.Draft{CustomerID: o.CustomerID, Currency: o.Currency, PaymentToken: o.PaymentToken, Items: o.Items})
		if !order.ValidID(o.OrderID) {
			t.Errorf("order ID %q", o.OrderID)
		}
		checkMessage(t, o)
	})
}

// checkDraft holds a draft against the limits, without the code that did.
func checkDraft(t *testing.T, d order.Draft) {
	t.Helper()
	if n := utf8.RuneCountInString(d.CustomerID); n < 1 || n > 128 || !utf8.ValidString(d.CustomerID) {
		t.Errorf("customer %q", d.CustomerID)
	}
	if len(d.Currency) != 3 || strings.Trim(d.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		t.Errorf("currency %q", d.Currency)
	}
	if n := len(d.PaymentToken); n < 1 || n > 256 {
		t.Errorf("token of %d bytes", n)
	}
	if n := len(d.Items); n < 1 || n > 100 {
		t.Errorf("%d items", n)
	}
	for _, i := range d.Items {
		if len(i.SKU) < 1 || len(i.SKU) > 64 || i.Quantity < 1 || i.Quantity > 1000 || i.UnitPrice < 0 || i.UnitPrice > 1e9 {
			t.Errorf("item %+v", i)
		}
	}
}

// checkMessage sends an order through its JSON.
func checkMessage(t *testing.T, o order.Order) {
	t.Helper()
	message, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := order.ParseMessage(message)
	if err != nil {
		t.Fatalf("its own message is refused: %v", err)
	}
	if diff := cmp.Diff(o, got); diff != "" {
		t.Errorf("does not round-trip (-first +second):\n%s", diff)
	}
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	list := fields(err)
	if len(list) == 0 {
		t.Fatalf("refused without a reason: %v", err)
	}
	for _, f := range list {
		if f.Pointer != "" && f.Pointer[0] != '/' {
			t.Errorf("pointer %q", f.Pointer)
		}
		if f.Detail == "" || !utf8.ValidString(f.Detail) || len(f.Detail) > 500 {
			t.Errorf("detail %q", f.Detail)
		}
	}
}

// fields returns what a validation error lists; any other error is one field.
func fields(err error) []order.FieldError {
	if err == nil {
		return nil
	}
	if v, ok := errors.AsType[*order.ValidationError](err); ok {
		return v.Fields
	}
	return []order.FieldError{{Pointer: "?", Detail: fmt.Sprint(err)}}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
