package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/functions/internal/post"
	"github.com/noidle/noidle/functions/internal/trend"
)

// now is when requests come: the newest complete window of a minute starts at 10:29.
var now = time.Date(2026, 11, 22, 10, 30, 20, 0, time.UTC)

// source has the parts of a shard, or is down.
type source struct {
	parts []trend.Part
	err   error
}

func (s source) Parts(_ context.Context, start time.Time, window time.Duration, bucket int, yield func([]byte) error) error {
	for _, p := range s.parts {
		if p.Start.Equal(start) && p.Window == window && p.Bucket == bucket {
			if err := yield(p.Data); err != nil {
				return err
			}
		}
	}
	return s.err
}

// fixture answers from the counts of a few posts.
func fixture(t testing.TB, window time.Duration) handler {
	t.Helper()
	settings := trend.Settings{Window: window, Lateness: 5 * time.Minute}
	shard, err := trend.NewShard(settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range []struct{ at, lang, text string }{
		{"10:20:30", "en", "#Go"},
		{"10:21:00", "ko", "#서울 #go"}, {"10:21:59", "en", "#Go"},
		{"10:28:10", "ko", "#서울"},
		{"10:29:00", "ko", "#서울 #날씨"}, {"10:29:30", "ko", "#서울"}, {"10:29:59", "en", "#go"},
		{"10:30:05", "en", "#new"},
	} {
		created, err := time.Parse(time.DateTime, "2026-11-22 "+p.at)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(post.Post{ID: fmt.Sprint(i), Text: p.text, Lang: p.lang, CreatedAt: created})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shard.Count(data, created); err != nil {
			t.Fatal(err)
		}
	}
	return handler{trend.Ranking{Settings: settings, Settle: 15 * time.Second, Source: source{parts: shard.Parts()}, Now: clockwork.NewFakeClockAt(now).Now}}
}

func TestTrends(t *testing.T) {
	const (
		newest = `{"window":{"start":"2026-11-22T10:29:00Z","end":"2026-11-22T10:30:00Z"},"complete":true,"trends":[` +
			`{"hashtag":"서울","count":2,"previous":1},{"hashtag":"go","count":1,"previous":0},{"hashtag":"날씨","count":1,"previous":0}]}`
		live, final = "public, max-age=5", "public, max-age=3600"
	)
	for _, tt := range []struct {
		name, query string
		window      time.Duration
		cache, body string
	}{
		{"the newest complete window", "", time.Minute, live, newest},
		{"the window of an instant", "at=2026-11-22T10:29:59.9Z", time.Minute, live, newest},
		{"an instant in another zone", "at=2026-11-22T19:29:00%2B09:00", time.Minute, live, newest},
		{"the last minute", "minutes=1", time.Minute, live, newest},
		{
			"a language", "lang=ko-KR", time.Minute, live,
			`{"window":{"start":"2026-11-22T10:29:00Z","end":"2026-11-22T10:30:00Z"},"complete":true,"trends":[` +
				`{"hashtag":"서울","count":2,"previous":1},{"hashtag":"날씨","count":1,"previous":0}]}`,
		},
		{
			"the first", "limit=1", time.Minute, live,
			`{"window":{"start":"2026-11-22T10:29:00Z","end":"2026-11-22T10:30:00Z"},"complete":true,"trends":[{"hashtag":"서울","count":2,"previous":1}]}`,
		},
		{
			"the last minutes", "minutes=9&limit=2", time.Minute, live,
			`{"window":{"start":"2026-11-22T10:21:00Z","end":"2026-11-22T10:30:00Z"},"complete":true,"trends":[` +
				`{"hashtag":"서울","count":4,"previous":0},{"hashtag":"go","count":3,"previous":1}]}`,
		},
		{
			"the current window", "at=2026-11-22T10:30:00Z", time.Minute, live,
			`{"window":{"start":"2026-11-22T10:30:00Z","end":"2026-11-22T10:31:00Z"},"complete":false,"trends":[{"hashtag":"new","count":1,"previous":0}]}`,
		},
		{
			"a window to come", "at=2027-01-01T00:00:00Z", time.Minute, live,
			`{"window":{"start":"2027-01-01T00:00:00Z","end":"2027-01-01T00:01:00Z"},"complete":false,"trends":[]}`,
		},
		{
			"counts that are final", "at=2026-11-22T10:21:00Z&limit=1000", time.Minute, final,
			`{"window":{"start":"2026-11-22T10:21:00Z","end":"2026-11-22T10:22:00Z"},"complete":true,"trends":[` +
				`{"hashtag":"go","count":2,"previous":1},{"hashtag":"서울","count":1,"previous":0}]}`,
		},
		{
			"windows of 10 seconds", "", 10 * time.Second, live,
			`{"window":{"start":"2026-11-22T10:29:50Z","end":"2026-11-22T10:30:00Z"},"complete":true,"trends":[{"hashtag":"go","count":1,"previous":0}]}`,
		},
		{
			"minutes of windows of 10 seconds", "minutes=1", 10 * time.Second, live, newest,
		},
		{
			"windows of 5 minutes", "minutes=5&limit=1", 5 * time.Minute, live,
			`{"window":{"start":"2026-11-22T10:25:00Z","end":"2026-11-22T10:30:00Z"},"complete":true,"trends":[{"hashtag":"서울","count":3,"previous":1}]}`,
		},
		{
			"the first year", "at=1971-01-01T00:00:00Z", time.Minute, final,
			`{"window":{"start":"1971-01-01T00:00:00Z","end":"1971-01-01T00:01:00Z"},"complete":true,"trends":[]}`,
		},
		{
			"the last year", "at=9998-12-31T23:59:59-23:59", time.Minute, live,
			`{"window":{"start":"9999-01-01T23:58:00Z","end":"9999-01-01T23:59:00Z"},"complete":false,"trends":[]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check(t, fixture(t, tt.window), request(t, "testdata/trends.json", tt.query), events.APIGatewayV2HTTPResponse{
				StatusCode: 200,
				Headers:    map[string]string{"content-type": "application/json", "cache-control": tt.cache},
				Body:       tt.body,
			})
		})
	}
}

func TestUncertainty(t *testing.T) {
	h := fixture(t, time.Minute)
	start := now.Truncate(time.Minute).Add(-time.Minute)
	// A part of version 1, with a floor of 7 and no counts.
	h.ranking.Source = source{parts: []trend.Part{{Start: start, Window: time.Minute, Data: []byte{1, 7}}}}
	check(t, h, request(t, "testdata/trends.json", ""), events.APIGatewayV2HTTPResponse{
		StatusCode: 200,
		Headers:    map[string]string{"content-type": "application/json", "cache-control": "public, max-age=5"},
		Body:       `{"window":{"start":"2026-11-22T10:29:00Z","end":"2026-11-22T10:30:00Z"},"complete":true,"uncertainty":7,"trends":[]}`,
	})
}

func TestSeries(t *testing.T) {
	for _, tt := range []struct {
		name, hashtag, query string
		window               time.Duration
		key                  string
		points               map[string]int // the windows that have any
		first                string
		windows              int
	}{
		{"an hour", "서울", "", time.Minute, "서울", map[string]int{"10:21:00": 1, "10:28:00": 1, "10:29:00": 2}, "22 09:30:00", 60},
		{"a number sign and capitals", "#GO", "minutes=2", time.Minute, "go", map[string]int{"10:29:00": 1}, "22 10:28:00", 2},
		{"percent-encoded still", "%23%EC%84%9C%EC%9A%B8", "minutes=1", time.Minute, "서울", map[string]int{"10:29:00": 2}, "22 10:29:00", 1},
		{"a language", "go", "lang=EN&minutes=10", time.Minute, "go", map[string]int{"10:20:00": 1, "10:21:00": 1, "10:29:00": 1}, "22 10:20:00", 10},
		{"windows of 10 seconds", "go", "minutes=1", 10 * time.Second, "go", map[string]int{"10:29:50": 1}, "22 10:29:00", 6},
		{"windows of 5 minutes", "go", "minutes=10", 5 * time.Minute, "go", map[string]int{"10:20:00": 3, "10:25:00": 1}, "22 10:20:00", 2},
		{"a day", "unknown", "minutes=1440", 15 * time.Minute, "unknown", nil, "21 10:30:00", 96},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start, err := time.Parse(time.DateTime, "2026-11-"+tt.first)
			if err != nil {
				t.Fatal(err)
			}
			var points []string
			for range tt.windows {
				points = append(points, fmt.Sprintf(`{"start":%q,"count":%d}`, start.Format(time.RFC3339), tt.points[start.Format(time.TimeOnly)]))
				start = start.Add(tt.window)
			}
			r := request(t, "testdata/hashtag.json", tt.query)
			r.PathParameters["hashtag"] = tt.hashtag
			check(t, fixture(t, tt.window), r, events.APIGatewayV2HTTPResponse{
				StatusCode: 200,
				Headers:    map[string]string{"content-type": "application/json", "cache-control": "public, max-age=5"},
				Body:       `{"hashtag":"` + tt.key + `","points":[` + strings.Join(points, ",") + `]}`,
			})
		})
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name, hashtag, query string // the hashtag is empty for GET /trends
		window               time.Duration
		errors               string
	}{
		{"limit", "", "limit=0", time.Minute, `{"parameter":"limit","detail":"want a whole number from 1 to 1000, got \"0\""}`},
		{"high limit", "", "limit=1001", time.Minute, `{"parameter":"limit","detail":"want a whole number from 1 to 1000, got \"1001\""}`},
		{"limit twice", "", "limit=1&limit=2", time.Minute, `{"parameter":"limit","detail":"want a whole number from 1 to 1000, got \"1,2\""}`},
		{"limit without a value", "", "limit=", time.Minute, `{"parameter":"limit","detail":"want a whole number from 1 to 1000, got \"\""}`},
		{"minutes", "", "minutes=61", time.Minute, `{"parameter":"minutes","detail":"want a whole number from 1 to 60, got \"61\""}`},
		{"no minutes", "", "minutes=0", 10 * time.Second, `{"parameter":"minutes","detail":"want a whole number from 1 to 10, got \"0\""}`},
		{"part of a window", "", "minutes=7", 5 * time.Minute, `{"parameter":"minutes","detail":"want a multiple of 5 from 5 to 60, got \"7\""}`},
		{"at", "", "at=now", time.Minute, `{"parameter":"at","detail":"want a time of the years 1971 to 9998 such as 2026-11-22T10:00:00Z, got \"now\""}`},
		{"at with a plus sign", "", "at=2026-11-22T10:00:00+09:00", time.Minute, `{"parameter":"at","detail":"want a time of the years 1971 to 9998 such as 2026-11-22T10:00:00Z, got \"2026-11-22T10:00:00 09:00\""}`},
		{"at too early", "", "at=1970-12-31T23:59:59Z", time.Minute, `{"parameter":"at","detail":"want a time of the years 1971 to 9998 such as 2026-11-22T10:00:00Z, got \"1970-12-31T23:59:59Z\""}`},
		{"at too late", "", "at=9999-01-01T00:00:00Z", time.Minute, `{"parameter":"at","detail":"want a time of the years 1971 to 9998 such as 2026-11-22T10:00:00Z, got \"9999-01-01T00:00:00Z\""}`},
		{"at and minutes", "", "at=2026-11-22T10:00:00Z&minutes=1", time.Minute, `{"parameter":"minutes","detail":"not together with at"}`},
		{"language", "", "lang=@", time.Minute, `{"parameter":"lang","detail":"want a language such as ko or pt-BR, got \"@\""}`},
		{"language without a value", "", "lang=", time.Minute, `{"parameter":"lang","detail":"want a language such as ko or pt-BR, got \"\""}`},
		{"long value", "", "lang=" + strings.Repeat("ko", 99), time.Minute, `{"parameter":"lang","detail":"want a language such as ko or pt-BR, got \"` + strings.Repeat("ko", 20) + `\""}`},
		{
			"all at once", "", "zzz=1&limit=x&at=x&lang=1&minutes=x&language=ko", time.Minute,
			`{"parameter":"language","detail":"unknown parameter; allowed are at, lang, limit, minutes"},` +
				`{"parameter":"zzz","detail":"unknown parameter; allowed are at, lang, limit, minutes"},` +
				`{"parameter":"lang","detail":"want a language such as ko or pt-BR, got \"1\""},` +
				`{"parameter":"limit","detail":"want a whole number from 1 to 1000, got \"x\""},` +
				`{"parameter":"minutes","detail":"want a whole number from 1 to 60, got \"x\""},` +
				`{"parameter":"minutes","detail":"not together with at"},` +
				`{"parameter":"at","detail":"want a time of the years 1971 to 9998 such as 2026-11-22T10:00:00Z, got \"x\""}`,
		},
		{"hashtag", "2026", "", time.Minute, `{"parameter":"hashtag","detail":"want a hashtag with or without its number sign, got \"2026\""}`},
		{"two hashtags", "a b", "", time.Minute, `{"parameter":"hashtag","detail":"want a hashtag with or without its number sign, got \"a b\""}`},
		{"a percent sign", "100%a", "", time.Minute, `{"parameter":"hashtag","detail":"want a hashtag with or without its number sign, got \"100%a\""}`},
		{
			"all of a series", "#", "limit=1&at=2026-11-22T10:00:00Z&minutes=1441&lang=k", time.Minute,
			`{"parameter":"at","detail":"unknown parameter; allowed are lang, minutes"},` +
				`{"parameter":"limit","detail":"unknown parameter; allowed are lang, minutes"},` +
				`{"parameter":"hashtag","detail":"want a hashtag with or without its number sign, got \"#\""},` +
				`{"parameter":"lang","detail":"want a language such as ko or pt-BR, got \"k\""},` +
				`{"parameter":"minutes","detail":"want a whole number from 1 to 1440, got \"1441\""}`,
		},
		{"more short windows than minutes", "", "minutes=11", 10 * time.Second, `{"parameter":"minutes","detail":"want a whole number from 1 to 10, got \"11\""}`},
		{"more short windows than minutes of a series", "a", "minutes=25", time.Second, `{"parameter":"minutes","detail":"want a whole number from 1 to 24, got \"25\""}`},
		{"part of a window of a series", "a", "minutes=20", 15 * time.Minute, `{"parameter":"minutes","detail":"want a multiple of 15 from 15 to 1440, got \"20\""}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, "testdata/trends.json", tt.query)
			if tt.hashtag != "" {
				r = request(t, "testdata/hashtag.json", tt.query)
				r.PathParameters["hashtag"] = tt.hashtag
			}
			h := fixture(t, tt.window)
			h.ranking.Source = source{err: errors.New("not to be called")}
			check(t, h, r, events.APIGatewayV2HTTPResponse{
				StatusCode: 400,
				Headers:    map[string]string{"content-type": "application/problem+json"},
				Body:       `{"type":"about:blank","title":"Bad Request","status":400,"detail":"the request is not valid","errors":[` + tt.errors + `]}`,
			})
		})
	}
}

func TestUnknownRoute(t *testing.T) {
	for _, route := range []string{"$default", "POST /trends", "GET /", ""} {
		r := request(t, "testdata/trends.json", "")
		r.RouteKey = route
		check(t, fixture(t, time.Minute), r, events.APIGatewayV2HTTPResponse{
			StatusCode: 404,
			Headers:    map[string]string{"content-type": "application/problem+json"},
			Body:       `{"type":"about:blank","title":"Not Found","status":404,"detail":"there is nothing at this path"}`,
		})
	}
}

// TestUnavailable: what failed is in the log and not in the answer.
func TestUnavailable(t *testing.T) {
	for _, event := range []string{"testdata/trends.json", "testdata/hashtag.json"} {
		t.Run(event, func(t *testing.T) {
			var log bytes.Buffer
			before := slog.Default()
			slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
			t.Cleanup(func() { slog.SetDefault(before) })
			h := fixture(t, time.Minute)
			h.ranking.Source = source{err: errors.New("AccessDenied: internal")}
			check(t, h, request(t, event, ""), events.APIGatewayV2HTTPResponse{
				StatusCode: 503,
				Headers:    map[string]string{"content-type": "application/problem+json", "cache-control": "no-store", "retry-after": "1"},
				Body:       `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the counts cannot be read now"}`,
			})
			if !strings.Contains(log.String(), "AccessDenied: internal") {
				t.Errorf("the log lacks the error: %s", log.String())
			}
		})
	}
}

func TestConnect(t *testing.T) {
	for _, tt := range []struct{ name, window, lateness, want string }{
		{"right", "1m0s", "5m", ""},
		{"window", "60", "5m", `environment: WINDOW is "60": must be whole seconds, such as 1m0s`},
		{"part of a second", "1500ms", "5m", `environment: WINDOW is "1500ms": must be whole seconds, such as 1m0s`},
		{"lateness", "1m", "0s", `environment: LATENESS is "0s": must be whole seconds, such as 1m0s`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			handler, err := connect(aws.Config{Region: "eu-west-1"}, map[string]string{"RESULTS_TABLE": "results", "WINDOW": tt.window, "LATENESS": tt.lateness, "SETTLE": "25s"})
			if got := fmt.Sprint(err); tt.want == "" && (err != nil || handler == nil) || tt.want != "" && got != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}

// FuzzHandle: whatever comes, the answer is JSON, and the counts or what is wrong.
func FuzzHandle(f *testing.F) {
	f.Add("at", "2026-11-22T10:29:00Z", "limit", "1", "")
	f.Add("minutes", "5", "lang", "ko", "#서울")
	f.Add("at", "0000-01-01T00:00:00+23:59", "x", "%", "%zz")
	f.Fuzz(func(t *testing.T, name, value, second, secondValue, tag string) {
		r := request(t, "testdata/trends.json", "")
		if tag != "" {
			r = request(t, "testdata/hashtag.json", "")
			r.PathParameters["hashtag"] = tag
		}
		r.QueryStringParameters = map[string]string{name: value, second: secondValue}
		got, err := fixture(t, 5*time.Minute).handle(t.Context(), r)
		if err != nil || got.StatusCode != 200 && got.StatusCode != 400 || !json.Valid([]byte(got.Body)) {
			t.Errorf("answer %+v, %v", got, err)
		}
	})
}

func check(t *testing.T, h handler, r events.APIGatewayV2HTTPRequest, want events.APIGatewayV2HTTPResponse) {
	t.Helper()
	got, err := h.handle(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
}

// request is a request as API Gateway sends it, with a query, whose values of one
// name are joined by commas
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
func request(t testing.TB, file, query string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	r.RawQueryString = query
	for name, all := range values {
		if r.QueryStringParameters == nil {
			r.QueryStringParameters = map[string]string{}
		}
		r.QueryStringParameters[name] = strings.Join(all, ",")
	}
	return r
}
