package test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRandomRequests: whatever the site and the APIs of the reference app are sent,
// the answer is a success or says that the client is wrong, and afterwards all serve.
func TestRandomRequests(t *testing.T) {
	const requests, seed = 10_000, 7
	a := openWebApp(t)
	ann := a.signIn(t, a.client, "ann@example.com")
	var photos []string
	for range 3 {
		photos = append(photos, a.announce(t, ann, goodPhoto).ID)
	}
	m := &monkey{seed: seed, token: ann.access, targets: a.targets(t, photos)}
	seen := map[int]int{}
	for first := 0; first < requests; first += 100 {
		for i, r := range m.send(first, 100) {
			if r.err != nil || !legitimate(r.status) {
				t.Fatalf("seed %d, request %d, %.600q: status %d, %v, %.300s", seed, first+i, m.request(first+i).text, r.status, r.err, r.body)
			}
			if r.header.Get("X-Injected") != "" {
				t.Fatalf("seed %d, request %d, %.600q: header %v", seed, first+i, m.request(first+i).text, r.header)
			}
			seen[r.status]++
		}
		a.elapse() // so that there are requests left
	}
	t.Logf("statuses %v", seen)
	for _, status := range []int{200, 201, 202, 204, 400, 401, 403, 404, 413, 415} {
		if seen[status] == 0 {
			t.Errorf("no answer was %d: want the requests to reach further", status)
		}
	}
	if seen[429] > requests/20 {
		t.Errorf("%d answers were 429: want the requests to reach further", seen[429])
	}
	a.checkServes(t, ann)
	for _, line := range a.logs(t, "AppAPIFunctionLogGroup") {
		var parsed struct{ Level string }
		if err := json.Unmarshal([]byte(line), &parsed); err != nil || parsed.Level == "ERROR" {
			t.Errorf("the function logs %.300s: %v", line, err)
		}
	}
}

// legitimate says whether a status may answer what clients send: none redirects.
func legitimate(status int) bool {
	return status >= 200 && status < 300 || status == 304 || status >= 400 && status < 500
}

// targets are the hosts where the reference app listens, and what they are for.
func (a *webApp) targets(t testing.TB, photos []string) []site {
	t.Helper()
	outputs := a.Outputs()
	own := []string{"GET /photos", "POST /photos", "POST /photos", "POST /posts", "POST /posts", "GET /photos/" + photos[0], "DELETE /photos/" + photos[1], "DELETE /photos/" + photos[2]}
	pages := []string{"GET /", "GET /config.json", "GET /app.js", "POST /api/orders", "GET /api/orders/x", "GET /api/trends"}
	for _, route := range own {
		pages = append(pages, strings.Replace(route, "/", "/api/", 1))
	}
	targets := []site{
		{a.outputs["SiteUrl"], pages}, {a.outputs["SiteUrl"], pages}, {a.outputs["ApiUrl"], own},
		{outputs[ordersStack]["OrdersUrl"], []string{"POST /orders", "GET /orders/x"}},
		{outputs[analyticsStack]["TrendsUrl"], []string{"GET /trends"}},
		{outputs["HelloLambda"]["Url"], []string{"GET /"}},
		{outputs["HelloServerless"]["Url"], []string{"GET /", "GET /api/entries", "POST /api/entries", "POST /api/entries"}},
	}
	for i := range targets {
		address, err := url.Parse(targets[i].host)
		if err != nil || address.Host == "" {
			t.Fatalf("address %q: %v", targets[i].host, err)
		}
		targets[i].host = address.Host
	}
	return targets
}

// checkServes: pages and APIs are what they were.
func (a *webApp) checkServes(t *testing.T, user signedIn) {
	t.Helper()
	guestbook := a.Outputs()["HelloServerless"]["Url"]
	for _, tt := range []struct {
		method, address, path, body string
		want                        int
	}{
		{"GET", a.outputs["SiteUrl"], "/", "", 200}, {"GET", a.outputs["SiteUrl"], "/api/photos", "", 200}, {"POST", a.outputs["ApiUrl"], "/photos", goodPhoto, 201},
		{"POST", a.outputs["SiteUrl"], "/api/orders", goodOrder, 202}, {"GET", a.outputs["SiteUrl"], "/api/trends", "", 200},
		{"GET", guestbook, "/", "", 200}, {"POST", guestbook, "/api/entries", goodEntry, 201}, {"GET", a.Outputs()["HelloLambda"]["Url"], "/", "", 200},
	} {
		if got := ask(t, tt.method, tt.address, tt.path, tt.body, asJSON, bearer(user.access), "Idempotency-Key: the-last-order"); got.status != tt.want {
			t.Errorf("%s %s%s: status %d, want %d: %.300s", tt.method, tt.address, tt.path, got.status, tt.want, got.body)
		}
	}
}

const (
	goodEntry = `{"name":"kim","message":"hello"}`
	goodPosts = `{"posts":[{"text":"hi #go","lang":"ko"}]}`
)

// site is a host, and the methods and paths that it takes.
type site struct {
	host   string
	routes []string
}

// monkey sends requests that are right but for some changes, most of them.
type monkey struct {
	seed    uint64
	token   string
	targets []site
}

type randomRequest struct{ host, text string }

type randomReply struct {
	reply
	err error
}

// send sends the requests from the first on, four at a time.
func (m *monkey) send(first, count int) []randomReply {
	replies := make([]randomReply, count)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := worker; i < count; i += 4 {
				r := m.request(first + i)
				replies[i].reply, replies[i].err = send(r.host, r.text)
			}
		})
	}
	wg.Wait()
	return replies
}

// request returns the request of a number, which is always the same.
func (m *monkey) request(n int) randomRequest {
	random := rand.New(rand.NewPCG(m.seed, uint64(n)))
	to := m.targets[random.IntN(len(m.targets))]
	method, path, _ := strings.Cut(pick(random, to.routes...), " ")
	body := ""
	if method == "POST" || random.IntN(50) == 0 {
		body = randomBody(random, path)
	}
	// usually returns what is right, but for one time in eight.
	usually := func(right string, others ...string) string {
		if random.IntN(8) > 0 {
			return right
		}
		return pick(random, others...)
	}
	method = usually(method, "GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "get")
	lines := []string{
		method + " " + randomPath(random, path) + m.query(random) + " HTTP/1.1",
		"Host: " + usually(to.host, "elsewhere", "127.0.0.1", "a:b"),
		"Content-Length: " + strconv.Itoa(len(body)),
		usually("Authorization: Bearer "+m.token, "X: y", bearer(m.token+"x"), "Authorization: "+m.token, "Authorization: Basic YTpi", "Authorization: Bearer", "Authorization: "+noise(random, 9)),
		usually(asJSON, "X: y", asJSON+"; charset=utf-8", "Content-Type: text/plain", "Content-Type: ;", "Content-Type: "+noise(random, 3)),
		usually(fmt.Sprintf("Idempotency-Key: random-key-%d", random.IntN(50)), "X: y", "Idempotency-Key:", "Idempotency-Key: \x80"),
	}
	if random.IntN(4) == 0 {
		lines = append(lines, pick(random, "If-None-Match: *", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "Range: bytes=0-3", "Range: bytes=9-1,2", "Accept-Encoding: gzip, br",
			"Origin: https://example.com", "Access-Control-Request-Method: PUT", "Cookie: a=b; session=%0d%0a", "X-Forwarded-For: ::1, x", "X-Forwarded-Host: elsewhere",
			"X-HTTP-Method-Override: DELETE", "X-Original-URL: /photos", "User-Agent: "+noise(random, 3), "Via: 1.1 x", "X-Amzn-Trace-Id: Root=1", "X-A: "+strings.Repeat("y", 11_000),
			"Connection: close, Authorization", "Te: trailers", "no colon", "Content-Encoding: gzip"))
	}
	return randomRequest{to.host, strings.Join(lines, "\r\n") + "\r\n\r\n" + body}
}

func pick(random *rand.Rand, from ...string) string { return from[random.IntN(len(from))] }

// randomPath returns a path, one time in four with a change or an end that makes it
// another.
func randomPath(random *rand.Rand, path string) string {
	switch random.IntN(8) {
	case 0:
		at := random.IntN(len(path) + 1)
		path = path[:at] + pick(random, "/", "//", "/..", "/.", "%2f", "%2e%2e/", "%00", "%0d%0a", "%zz", "\\", "%5c", "\xff", "%ed%a0%80", "?", "#", ";", "주", "%25", "*", "~") + path[at:]
	case 1:
		for range random.IntN(5) {
			path += pick(random, "/", "/..", "/.", "/%2e%2e", "/photos", "/api", "/orders", "/%2f", "/..%2f", "/\xed", "/a", "/"+strings.Repeat("a", random.IntN(3000)))
		}
	}
	return path
}

func (m *monkey) query(random *rand.Rand) string {
	var parts []string
	for range max(0, random.IntN(5)-2) {
		parts = append(parts, pick(random, "q=YQ", "q=%zz", "q", "=", "&", "limit=10", "limit=-1", "limit=1e9", "lang=ko", "lang=%00", "window=hour", "tag=%ff", "access_token="+m.token,
			"a=%0d%0aX-Injected:%20yes", "sub=x", strings.Repeat("q=1&", 200), "\xff=\xfe", "X-Amz-Signature=0", "versionId=x", "acl", "uploads", "list-type=2"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

// randomBody returns one that the API at a path takes, every other time with changes,
// or one that none takes.
func randomBody(random *rand.Rand, path string) string {
	body := map[string]string{"photos": goodPhoto, "posts": goodPosts, "orders": goodOrder, "entries": goodEntry}[path[strings.LastIndexByte(path, '/')+1:]]
	if random.IntN(8) == 0 {
		return pick(random, "", "{", "null", "[]", `"`, `{"posts":[null,{}]}`, `{"bytes":1e999}`, strings.Repeat("[", 20_000), strings.Repeat(" ", 70_000), noise(random, random.IntN(500)))
	}
	for range max(0, random.IntN(5)-2) {
		at := random.IntN(len(body) + 1)
		body = body[:at] + pick(random, "", `"`, "{", "}", "[", ",", "0", "-", "null", "\x00", "é", `\ud800`, "\xff") + body[min(len(body), at+random.IntN(3)):]
	}
	return body
}

// TestNoSecrets: what everybody can read of the web stacks tells where things are, and
// holds nothing that opens them.
func TestNoSecrets(t *testing.T) {
	a := openWebApp(t)
	c := a.config(t)
	want := config{Region: "us-east-1", APIURL: "/api"}
	want.SignIn.URL, want.SignIn.ClientID, want.SignIn.UserPoolID = a.client.url, a.outputs["UserPoolClientId"], a.outputs["UserPoolId"]
	want.SignIn.Scopes, want.SignIn.Providers = []string{"openid", "email", "profile"}, []string{}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("config.json (-want +got):\n%s", diff)
	}
	app := referenceApp(t)
	for _, name := range []string{"NoidleWebApp", "HelloLambda", "HelloServerless"} {
		text, err := os.ReadFile(filepath.Join(app.dir, name+".template.json"))
		if err != nil {
			t.Fatal(err)
		}
		if found := secret.Find(text); found != nil {
			t.Errorf("the template of %s holds %q", name, found)
		}
		for id, r := range app.stack(t, name).template.Resources {
			if environment, ok := r.Properties["Environment"].(map[string]any); ok {
				variables, _ := environment["Variables"].(map[string]any)
				if i := slices.IndexFunc(slices.Sorted(maps.Keys(variables)), secretName.MatchString); i >= 0 {
					t.Errorf("%s of %s has variables %v", id, name, variables)
				}
			}
			if r.Type == "AWS::Cognito::UserPoolClient" && r.Properties["GenerateSecret"] != false {
				t.Errorf("the client %s has a secret, which a page cannot keep", id)
			}
		}
	}
}

var (
	// secret is what keys of AWS, private keys, tokens and passwords in URLs look like.
	secret     = regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{10,}\.[\w-]{10,}\.|\bgh[pousr]_\w{20,}|https?://[^/\s"]+:[^/\s"]+@|(?i)"(client_?secret|password|secretstring|plaintext)":\s*"`)
	secretName = regexp.MustCompile(`(?i)secret|password|token|private|credential|api_?key`)
)
