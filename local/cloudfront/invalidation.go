package cloudfront

import (
	"net/url"
	"strings"
)

// Invalidate forgets what is cached of paths: those that origins were asked for,
// after a function has changed them. A path that ends with an asterisk stands for
// all that start so
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html).
func (h *Handler) Invalidate(paths ...string) {
	exact, prefixes := map[string]bool{}, []string(nil)
	for _, path := range paths {
		if prefix, ok := strings.CutSuffix(path, "*"); ok {
			prefixes = append(prefixes, decoded(prefix))
			continue
		}
		exact[decoded(path)] = true
	}
	h.cache.forget(func(path string) bool {
		path = decoded(path)
		for _, prefix := range prefixes {
			if strings.HasPrefix(path, prefix) {
				return true
			}
		}
		return exact[path]
	})
}

// decoded makes spellings of one path equal.
func decoded(path string) string {
	if decoded, err := url.PathUnescape(path); err == nil {
		return decoded
	}
	return path
}

// forget drops all whose path matches. What origins are being asked for is still
// answered with, but not kept.
func (c *cache) forget(matches func(path string) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, element := range c.entries {
		if matches(k.path) {
			c.remove(element)
		}
	}
	for k := range c.asking {
		if matches(k.path) {
			delete(c.asking, k)
		}
	}
}
