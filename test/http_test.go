package test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local"
)

// TestHostileRequests sends what no decent client does to the orders API:
// whatever comes, the answer is a success or says that the client is wrong.
func TestHostileRequests(t *testing.T) {
	s := openShop(t, local.Options{})
	address, err := url.Parse(s.outputs["OrdersUrl"])
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 5))
	statuses := map[int]int{}
	for i := range 5000 {
		request := hostileRequest(random, address.Host)
		status, err := exchange(address.Host, request)
		if err != nil {
			t.Fatalf("request %d, %.300q: %v", i, request, err)
		}
		if status < 200 || status >= 500 || status/100 == 3 {
			t.Fatalf("request %d, %.300q: status %d", i, request, status)
		}
		statuses[status]++
	}
	if statuses[http.StatusAccepted] == 0 || statuses[http.StatusBadRequest] == 0 || statuses[http.StatusNotFound] == 0 || statuses[http.StatusUnsupportedMediaType] == 0 {
		t.Errorf("statuses %v: want the requests to reach further", statuses)
	}
	t.Logf("statuses %v", statuses)
}

// exchange sends a raw request and returns the status of the answer.
func exchange(host, request string) (int, error) {
	connection, err := net.Dial("tcp", host)
	if err != nil {
		return 0, err
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, err
	}
	// The server may answer and hang up before it has read all of it.
	_, _ = io.WriteString(connection, request)
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return 0, err
	}
	_ = response.Body.Close()
	return response.StatusCode, nil
}

// one picks one of several, most often the first.
func one(random *rand.Rand, of ...string) string {
	if random.IntN(4) > 0 {
		return of[0]
	}
	return of[random.IntN(len(of))]
}

// noise is n bytes that mean nothing.
func noise(random *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.IntN(256))
	}
	return string(b)
}

const goodOrder = `{"customerId":"c","currency":"KRW","paymentToken":"tok_ok","items":[{"sku":"book-1","quantity":1,"unitPrice":1}]}`

func hostileRequest(random *rand.Rand, host string) string {
	method := one(random, "POST", "GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "P\x00ST", "")
	path := one(random, "/orders", "/orders/", "/orders/x", "/orders/%2e%2e", "/orders/%zz", "/orders/"+strings.Repeat("a", 9000),
		"/orders?a=b&a=c&%zz", "/orders?"+strings.Repeat("q=1&", 500), "//orders", "/../../etc/passwd", "/orders/%00", "/orders/\xff\xfe", "/ORDERS",
		"/orders/a/b/c", "*", "http://elsewhere/orders", "/orders#fragment", "/orders/%ed%a0%80", "/orders/주문", "/ orders")
	version := one(random, "HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "")
	body := one(random, goodOrder, "", "{", "null", "[]", `"text"`, `{"items":`+strings.Repeat("[", 5000), strings.Repeat(" ", 300_000),
		strings.Replace(goodOrder, "1}", "1e400}", 1), strings.Replace(goodOrder, `"c"`, `"\ud800"`, 1), noise(random, random.IntN(2000)),
		goodOrder+goodOrder, strings.Repeat("x", random.IntN(100_000)))
	headers := []string{"Host: " + one(random, host, "", "elsewhere", strings.Repeat("h", 5000))}
	if random.IntN(10) > 0 {
		headers = append(headers, "Content-Type: "+one(random, "application/json", "text/plain", "application/json; charset=utf-16", noise(random, 20), strings.Repeat("a/b;", 100)))
	}
	if random.IntN(10) > 0 {
		headers = append(headers, "Idempotency-Key: "+one(random, fmt.Sprintf("hostile-key-%d", random.IntN(50)), "", "\x01", strings.Repeat("k", 3000), "ключ"))
	}
	switch random.IntN(12) {
	case 0:
		headers = append(headers, "Transfer-Encoding: chunked")
		body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	case 1:
		headers = append(headers, "Content-Length: "+one(random, "0", "-1", "99999999999999999999", "7", "1, 2"))
	default:
		headers = append(headers, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	for range random.IntN(3) {
		headers = append(headers, one(random, "X-Fine: yes", "Cookie: a=b; c", "Content-Encoding: gzip", "Accept: "+noise(random, 30), "X-Forwarded-For: '; DROP TABLE", "Expect: 200-ok",
			"no colon", "X: "+strings.Repeat("y", 11_000), "Authorization: AWS4-HMAC-SHA256 Credential=x/y/z", "Connection: upgrade", " folded: header", "Range: bytes=5-1"))
	}
	return method + " " + path + " " + version + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n" + body
}
