package local

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// listenBeside listens on the next port after the endpoint's, so that an API or a
// distribution keeps its URL from run to run, or on a free one if that is taken.
// Close closes it.
func (c *Cloud) listenBeside() (net.Listener, error) {
	listener, err := c.listenAt(len(c.listeners) + 1)
	if err == nil {
		c.listeners = append(c.listeners, listener)
	}
	return listener, err
}

func (c *Cloud) listenAt(n int) (net.Listener, error) {
	host, port, err := net.SplitHostPort(c.listener.Addr().String())
	if err != nil {
		return nil, err
	}
	if number, err := strconv.Atoi(port); err == nil && !strings.HasSuffix(c.options.Addr, ":0") {
		if listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(number+n))); err == nil {
			return listener, nil
		}
	}
	return net.Listen("tcp", net.JoinHostPort(host, "0"))
}

// apiDomain follows an HTTP API's ID in its domain name.
const apiDomain = ".execute-api." + api.Region + ".amazonaws.com"

// reachable replaces addresses that HTTP APIs, buckets and others would have on
// AWS, and the scheme of those of distributions, which stand for HTTPS but speak
// HTTP. Of two addresses that both fit the longer one does.
func (c *Cloud) reachable(text string) string {
	if !strings.Contains(text, "https://") {
		return text
	}
	var pairs []string
	for _, address := range slices.SortedFunc(maps.Keys(c.addresses), func(a, b string) int { return len(b) - len(a) }) {
		pairs = append(pairs, address, c.addresses[address])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// reachBucket makes the addresses of a bucket local ones: the endpoint's for its
// origin, as it stands in a Content-Security-Policy, and with the bucket in the
// path for what follows a slash.
func (c *Cloud) reachBucket(name string) {
	for _, domain := range []string{name + regionalDomain, name + ".s3.amazonaws.com"} {
		c.addresses["https://"+domain] = c.URL()
		c.addresses["https://"+domain+"/"] = c.URL() + "/" + name + "/"
	}
}

// reachableIn is reachable for all texts in the value of a property.
func (c *Cloud) reachableIn(value any) any {
	switch v := value.(type) {
	case string:
		return c.reachable(v)
	case []any:
		for i := range v {
			v[i] = c.reachableIn(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = c.reachableIn(v[name])
		}
	}
	return value
}
