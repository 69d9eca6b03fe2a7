// Package site publishes the files of a web site: it reads them from a zip file,
// works out their headers, brings a bucket up to date, and tells which paths caches
// have to forget.
package site

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// The values of Cache-Control that files have.
const (
	// Forever is for files whose content never changes under their name.
	Forever = "public, max-age=31536000, immutable"
	// Ask is for files that a browser asks for each time.
	Ask = "no-cache"
	// Shared is for files that only the distribution keeps, a day long, as it is
	// told when they change.
	Shared = "public, max-age=0, s-maxage=86400, must-revalidate"
)

// contentTypes are the types by extension, so that they do not depend on the
// machine's.
var contentTypes = map[string]string{
	".avif":        "image/avif",
	".css":         "text/css; charset=utf-8",
	".gif":         "image/gif",
	".htm":         "text/html; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".jpeg":        "image/jpeg",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json; charset=utf-8",
	".map":         "application/json; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".pdf":         "application/pdf",
	".png":         "image/png",
	".svg":         "image/svg+xml; charset=utf-8",
	".ttf":         "font/ttf",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json; charset=utf-8",
	".webp":        "image/webp",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".xml":         "application/xml; charset=utf-8",
}

// ContentType returns the Content-Type of a file by its extension,
// application/octet-stream if that is unknown.
func ContentType(key string) string {
	if t, ok := contentTypes[strings.ToLower(path.Ext(key))]; ok {
		return t
	}
	return "application/octet-stream"
}

// isPage says whether a file is HTML, which refers to the others.
func isPage(key string) bool { return strings.HasPrefix(ContentType(key), "text/html") }

// CacheControl returns the Cache-Control of a file of a site: [Ask] for HTML,
// whatever the patterns say; [Forever] for what matches one of the patterns, or
// has a hash of its content in its name, such as app.3f2a9c1b.js; else [Shared].
//
// The patterns are those of [path.Match], but for a * at the end of a pattern: it
// matches slashes, too, so that assets/* takes in all that is below assets.
func CacheControl(key string, immutable []string) string {
	if isPage(key) {
		return Ask
	}
	for _, pattern := range immutable {
		if matches(pattern, key) {
			return Forever
		}
	}
	if hashed(key) {
		return Forever
	}
	return Shared
}

func matches(pattern, key string) bool {
	start, rest := strings.CutSuffix(pattern, "*")
	if !rest || strings.HasSuffix(start, `\`) {
		matched, _ := path.Match(pattern, key)
		return matched
	}
	for i := range len(key) + 1 {
		if matched, _ := path.Match(start, key[:i]); matched {
			return true
		}
	}
	return false
}

func checkPatterns(patterns []string) error {
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	return nil
}

var hash = regexp.MustCompile(`[.-]([0-9A-Fa-f]{8,})\.[^.]+$`)

// hashed says whether a file's name has a hash. Numbers and words alone are none:
// they may be a date or a name.
func hashed(key string) bool {
	found := hash.FindStringSubmatch(path.Base(key))
	return found != nil && strings.ContainsAny(found[1], "0123456789") && strings.ContainsAny(found[1], "abcdefABCDEF")
}
