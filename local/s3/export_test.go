package s3

import "net/http"

// Requirements returns what the caller of a request has to be allowed: action and
// resource.
func Requirements(r *http.Request) ([]string, error) {
	needs, err := requirements(r)
	var texts []string
	for _, n := range needs {
		texts = append(texts, n.action+" "+n.resource)
	}
	return texts, err
}
