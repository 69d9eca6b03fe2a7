package apigateway

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// event is the request in the payload format 2.0
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
func (h *Handler) event(x *exchange) map[string]any {
	domain, _ := x.domain()
	return x.event(&h.api, api.Account, domain, x.URL.Path)
}

// event is what HTTP APIs and function URLs have in common.
func (x *exchange) event(a *API, account, domain, path string) map[string]any {
	prefix, _, _ := strings.Cut(domain, ".")
	requestContext := map[string]any{
		"accountId":    account,
		"apiId":        a.ID,
		"domainName":   domain,
		"domainPrefix": prefix,
		"http": map[string]string{
			"method":    x.Method,
			"path":      path,
			"protocol":  x.Proto,
			"sourceIp":  x.sourceIP(),
			"userAgent": x.UserAgent(),
		},
		"requestId": x.id,
		"routeKey":  x.routeKey,
		"stage":     a.Stage.Name,
		"time":      x.started.UTC().Format(timeFormat),
		"timeEpoch": x.started.UnixMilli(),
	}
	if x.token != nil {
		requestContext["authorizer"] = map[string]any{"jwt": x.token}
	}
	event := map[string]any{
		"version":         "2.0",
		"routeKey":        x.routeKey,
		"rawPath":         path,
		"rawQueryString":  x.URL.RawQuery,
		"headers":         x.headers(),
		"requestContext":  requestContext,
		"isBase64Encoded": false,
	}
	if cookies := x.cookies(); cookies != nil {
		event["cookies"] = cookies
	}
	if len(x.payload) > 0 {
		event["body"] = string(x.payload)
		if !x.isText() {
			event["body"], event["isBase64Encoded"] = x.payload, true
		}
	}
	for name, values := range map[string]map[string]string{
		"queryStringParameters": queryParameters(x.URL.RawQuery),
		"pathParameters":        x.parameters,
		"stageVariables":        a.Stage.Variables,
	} {
		if len(values) > 0 {
			event[name] = values
		}
	}
	return event
}

const timeFormat = "02/Jan/2006:15:04:05 -0700"

// domain returns the name under which the API was called, and its first label.
func (x *exchange) domain() (domain, prefix string) {
	domain = (&url.URL{Host: x.Host}).Hostname()
	prefix, _, _ = strings.Cut(domain, ".")
	return domain, prefix
}

func (x *exchange) sourceIP() string {
	host, _, err := net.SplitHostPort(x.RemoteAddr)
	if err != nil {
		return x.RemoteAddr
	}
	return host
}

// hopByHop are the headers that concern one connection only
// (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1).
var hopByHop = map[string]bool{
	"Connection": true, "Expect": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true,
	"Proxy-Connection": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

// headers returns the request's headers and those that the gateway adds, with
// names in lower case and the values of each joined.
func (x *exchange) headers() map[string]string {
	headers := map[string]string{}
	for name, values := range x.Header {
		if !hopByHop[name] && name != "Cookie" {
			headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	if headers["x-amzn-trace-id"] == "" {
		id := uuid.New()
		headers["x-amzn-trace-id"] = fmt.Sprintf("Root=1-%08x-%x", x.started.Unix(), id[:12])
	}
	headers["host"] = x.Host
	headers["content-length"] = strconv.Itoa(len(x.payload))
	headers["x-forwarded-for"] = strings.TrimPrefix(headers["x-forwarded-for"]+", "+x.sourceIP(), ", ")
	headers["x-forwarded-port"] = (&url.URL{Host: x.Host}).Port()
	headers["x-forwarded-proto"] = "http"
	return headers
}

func (x *exchange) cookies() []string {
	var cookies []string
	for cookie := range strings.SplitSeq(strings.Join(x.Header["Cookie"], ";"), ";") {
		if cookie = strings.TrimSpace(cookie); cookie != "" {
			cookies = append(cookies, cookie)
		}
	}
	return cookies
}

// queryParameters decodes a query. What cannot be decoded stays as it is.
func queryParameters(query string) map[string]string {
	parameters := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if earlier, ok := parameters[name]; ok {
			value = earlier + "," + value
		}
		parameters[name] = value
	}
	return parameters
}

func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

// isText says whether the body is handed on as it is.
func (x *exchange) isText() bool {
	mediaType, _, _ := strings.Cut(strings.ToLower(x.Header.Get("Content-Type")), ";")
	switch mediaType = strings.TrimSpace(mediaType); mediaType {
	case "application/json", "application/xml", "application/javascript":
		return utf8.Valid(x.payload)
	}
	return strings.HasPrefix(mediaType, "text/") && utf8.Valid(x.payload)
}
