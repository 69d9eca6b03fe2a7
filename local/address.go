package local

import (
	"net"
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

// reachable replaces the addresses that HTTP APIs would have on AWS, and the
// scheme of those of distributions, which stand for HTTPS but speak HTTP.
func (c *Cloud) reachable(text string) string {
	for id, a := range c.apis {
		text = strings.ReplaceAll(text, "https://"+id+".execute-api."+api.Region+".amazonaws.com", a.url())
	}
	for _, domain := range c.domains {
		text = strings.ReplaceAll(text, "https://"+domain, "http://"+domain)
	}
	return text
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
