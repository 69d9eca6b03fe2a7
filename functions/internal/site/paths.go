package site

import (
	"fmt"
	"slices"
	"strings"
)

// maxPaths is up to how many paths are told one by one. CloudFront takes no more
// while 3000 of them are in progress
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html).
const maxPaths = 1000

var everything = []string{"/*"}

// paths returns the paths under which a distribution may keep what changed,
// encoded as CloudFront asks for
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html),
// or /* if there are more than 1000 of them. An index.html has that of its
// directory, too.
func paths(c Changes) []string {
	var changed []string
	for _, key := range slices.Concat(c.Uploaded, c.Deleted) {
		path := "/" + escape(key)
		changed = append(changed, path)
		if directory, ok := strings.CutSuffix(path, "/index.html"); ok {
			changed = append(changed, directory+"/")
		}
	}
	if len(changed) > maxPaths {
		return everything
	}
	return changed
}

// escape encodes what is not ASCII or unsafe after RFC 1738, and the question mark
// that would begin a query. CloudFront takes anything else as it is.
func escape(key string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("<>\"#%{}|\\^~[]`?", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
