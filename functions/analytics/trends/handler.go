package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/internal/trend"
	"github.com/noidle/noidle/functions/kit/problem"
)

type handler struct{ ranking trend.Ranking }

func (h handler) handle(ctx context.Context, r events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	q := &query{values: r.QueryStringParameters, window: h.ranking.Settings.Window}
	switch r.RouteKey {
	case "GET /trends":
		return h.trends(ctx, q), nil
	case "GET /trends/{hashtag}":
		return h.series(ctx, q, r.PathParameters["hashtag"]), nil
	}
	return problem.Problem{Status: http.StatusNotFound, Detail: "there is nothing at this path"}.Response(nil), nil
}

// What clients may keep, and for how long in seconds: counts that grow no more,
// and others.
const (
	finalCounts = "public, max-age=3600"
	liveCounts  = "public, max-age=5"
)

// trends answers with the hashtags that came most often.
func (h handler) trends(ctx context.Context, q *query) events.APIGatewayV2HTTPResponse {
	q.allow("at", "lang", "limit", "minutes")
	language, limit := q.language(), q.number("limit", 1, 1000, 20)
	period := h.period(q)
	if q.wrong != nil {
		return q.refusal()
	}
	cache := liveCounts
	if h.ranking.Final(period) {
		cache = finalCounts
	}
	trends, err := h.ranking.Trends(ctx, period, language, limit)
	return answer(ctx, trends, err, cache)
}

// period returns what the parameters at and minutes ask for.
func (h handler) period(q *query) trend.Period {
	newest := h.ranking.Newest(max(q.minutes(60, 0), q.window))
	if !q.has("at") {
		return newest
	}
	if q.has("minutes") {
		q.refuse("minutes", "not together with at")
	}
	return h.ranking.Holding(q.instant())
}

// series is how often a hashtag came.
type series struct {
	Hashtag string        `json:"hashtag"`
	Points  []trend.Point `json:"points"`
}

// series answers with how often a hashtag came in each window.
func (h handler) series(ctx context.Context, q *query, tag string) events.APIGatewayV2HTTPResponse {
	q.allow("lang", "minutes")
	key := q.hashtag(tag)
	language, length := q.language(), q.minutes(1440, 60)
	if q.wrong != nil {
		return q.refusal()
	}
	points, err := h.ranking.Series(ctx, h.ranking.Newest(length), key, language)
	return answer(ctx, series{key, points}, err, liveCounts)
}

// answer answers with a result as JSON, unless there is an error. What went wrong
// inside is for the log alone.
func answer(ctx context.Context, result any, err error, cache string) events.APIGatewayV2HTTPResponse {
	var body []byte
	if err == nil {
		body, err = json.Marshal(result)
	}
	if err != nil {
		slog.ErrorContext(ctx, "trends not read", "error", err.Error())
		p := problem.Problem{Status: http.StatusServiceUnavailable, Detail: "the counts cannot be read now"}
		return p.Response(map[string]string{"cache-control": "no-store", "retry-after": "1"})
	}
	return events.APIGatewayV2HTTPResponse{
		StatusCode: http.StatusOK,
		Headers:    map[string]string{"content-type": "application/json", "cache-control": cache},
		Body:       string(body),
	}
}
