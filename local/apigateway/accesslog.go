package apigateway

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

var contextVariable = regexp.MustCompile(`\$context(?:\.\w+)+`)

// log writes the request's line in the access log.
func (h *Handler) log(x *exchange, a *answer) {
	settings := h.api.Stage.AccessLog
	if settings.Format == "" {
		return
	}
	variables := h.variables(x, a)
	h.options.Log(settings.Group, contextVariable.ReplaceAllStringFunc(strings.TrimSpace(settings.Format), func(name string) string {
		name = strings.TrimPrefix(name, "$context.")
		if variables[name] == "" {
			return "-"
		}
		// A string always has a JSON form.
		quoted, _ := json.Marshal(variables[name])
		if name == "error.messageString" {
			return string(quoted)
		}
		return string(quoted[1 : len(quoted)-1])
	}))
}

// variables are those of an HTTP API
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html).
func (h *Handler) variables(x *exchange, a *answer) map[string]string {
	domain, prefix := x.domain()
	variables := map[string]string{
		"accountId":                     api.Account,
		"apiId":                         h.api.ID,
		"authorizer.error":              x.refusal,
		"dataProcessed":                 strconv.Itoa(len(x.payload) + len(a.body)),
		"domainName":                    domain,
		"domainPrefix":                  prefix,
		"error.message":                 a.message,
		"error.messageString":           a.message,
		"extendedRequestId":             x.id,
		"httpMethod":                    x.Method,
		"identity.sourceIp":             x.sourceIP(),
		"identity.userAgent":            x.UserAgent(),
		"integration.error":             x.integrationError,
		"integration.integrationStatus": x.lambdaStatus,
		"integration.latency":           x.integrationLatency,
		"integration.status":            x.functionStatus,
		"integrationErrorMessage":       x.integrationError,
		"integrationLatency":            x.integrationLatency,
		"integrationStatus":             x.lambdaStatus,
		"path":                          x.URL.Path,
		"protocol":                      x.Proto,
		"requestId":                     x.id,
		"requestTime":                   x.started.UTC().Format(timeFormat),
		"requestTimeEpoch":              strconv.FormatInt(x.started.UnixMilli(), 10),
		"responseLatency":               milliseconds(h.options.Clock.Since(x.started)),
		"responseLength":                strconv.Itoa(len(a.body)),
		"routeKey":                      x.routeKey,
		"stage":                         h.api.Stage.Name,
		"status":                        strconv.Itoa(a.status),
	}
	if x.token != nil {
		for name, value := range x.token.Claims {
			variables["authorizer.claims."+name] = value
		}
	}
	return variables
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
