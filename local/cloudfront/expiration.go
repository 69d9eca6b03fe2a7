package cloudfront

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultErrorTTL is the error caching minimum TTL by default
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html).
const defaultErrorTTL = 10 * time.Second

// Which errors are cached, always or if their Cache-Control says for how long
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html#HTTPStatusCodes-cached-errors).
var (
	cachedErrors    = []int{404, 414, 500, 501, 502, 503, 504}
	cacheableErrors = []int{400, 403, 405, 412, 415}
)

// ttl is for how long an answer is cached
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html#ExpirationDownloadDist).
func (p cachePolicy) ttl(header http.Header, now time.Time) time.Duration {
	control := parseControl(header)
	if control.never {
		return p.min
	}
	if control.age != nil {
		return min(max(*control.age, p.min), p.max)
	}
	if expires, err := http.ParseTime(header.Get("Expires")); err == nil {
		return min(max(expires.Sub(now), p.min), p.max)
	}
	return max(p.normal, p.min)
}

// errorTTL is for how long an error is cached: as long as it says itself, and at
// least for least.
func (p cachePolicy) errorTTL(status int, header http.Header, least time.Duration) time.Duration {
	age := parseControl(header).age
	if !slices.Contains(cachedErrors, status) && (age == nil || !slices.Contains(cacheableErrors, status)) {
		return 0
	}
	if age != nil {
		return max(min(*age, p.max), least)
	}
	return least
}

// control is what a Cache-Control header says.
type control struct {
	never bool           // no-cache, no-store or private
	age   *time.Duration // s-maxage, or else max-age
}

func parseControl(header http.Header) control {
	var c control
	shared := false
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name = strings.ToLower(name); name {
		case "no-cache", "no-store", "private":
			c.never = true
		case "s-maxage", "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 63)
			if err != nil || shared && name == "max-age" {
				continue
			}
			c.age = new(time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second)
			shared = shared || name == "s-maxage"
		}
	}
	return c
}
