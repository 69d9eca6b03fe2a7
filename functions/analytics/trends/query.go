package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/noidle/noidle/functions/internal/hashtag"
	"github.com/noidle/noidle/functions/internal/trend"
	"github.com/noidle/noidle/functions/kit/problem"
)

// query reads the parameters of a request, and collects what is wrong with them.
// What is wrong reads as anything.
type query struct {
	values map[string]string
	window time.Duration
	wrong  []problem.FieldError
}

func (q *query) refuse(parameter, format string, arguments ...any) {
	q.wrong = append(q.wrong, problem.FieldError{Parameter: parameter, Detail: fmt.Sprintf(format, arguments...)})
}

// refusal answers a request with wrong parameters.
func (q *query) refusal() events.APIGatewayV2HTTPResponse {
	return problem.Problem{Status: http.StatusBadRequest, Detail: "the request is not valid", Errors: q.wrong}.Response(nil)
}

func (q *query) has(name string) bool {
	_, ok := q.values[name]
	return ok
}

// allow refuses all parameters with other names.
func (q *query) allow(names ...string) {
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		if !slices.Contains(names, name) {
			q.refuse(name, "unknown parameter; allowed are %s", strings.Join(names, ", "))
		}
	}
}

// number reads a multiple of step that is not over most.
func (q *query) number(name string, step, most, otherwise int) int {
	value, ok := q.values[name]
	if !ok {
		return otherwise
	}
	number, err := strconv.Atoi(value)
	if err != nil || number < step || number > most || number%step != 0 {
		want := "a whole number"
		if step > 1 {
			want = fmt.Sprintf("a multiple of %d", step)
		}
		q.refuse(name, "want %s from %d to %d, got %.40q", want, step, most, value)
	}
	return number
}

// minutes reads a length of time that is made of whole windows, not more of them
// than the most minutes. A window over a minute has whole minutes.
func (q *query) minutes(most, otherwise int) time.Duration {
	step := max(1, int(q.window/time.Minute))
	most = min(most, int(time.Duration(most)*q.window/time.Minute))
	return time.Duration(q.number("minutes", step, most, min(otherwise, most))) * time.Minute
}

// instant reads the parameter at. Times around it have to be of RFC 3339 as well.
func (q *query) instant() time.Time {
	at, err := time.Parse(time.RFC3339, q.values["at"])
	if year := at.Year(); err != nil || year < 1971 || year > 9998 {
		q.refuse("at", "want a time of the years 1971 to 9998 such as 2026-11-22T10:00:00Z, got %.40q", q.values["at"])
	}
	return at
}

func (q *query) language() string {
	language := trend.Language(q.values["lang"])
	if q.has("lang") && language == "" {
		q.refuse("lang", "want a language such as ko or pt-BR, got %.40q", q.values["lang"])
	}
	return language
}

// hashtag returns the key of the hashtag in the path. API Gateway does not say
// whether it decodes that; no hashtag has a percent sign.
func (q *query) hashtag(tag string) string {
	if decoded, err := url.PathUnescape(tag); err == nil {
		tag = decoded
	}
	key, ok := hashtag.Key(tag)
	if !ok {
		q.refuse("hashtag", "want a hashtag with or without its number sign, got %.40q", tag)
	}
	return key
}
