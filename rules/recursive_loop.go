package rules

import (
	"strings"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "recursive-loop",
		Title:    "No event comes back to the function that caused it.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html",
		Severity: Error,
		Fix:      "Write to another bucket, queue, topic or stream, or filter what invokes the function.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkRecursiveLoop,
	})
}

// pathBack returns the paths of the resources on a way from a step to a function, or nil.
func pathBack(from step, function *template.Resource, seen map[step]bool) []string {
	if seen == nil {
		seen = map[step]bool{}
	}
	seen[from] = true
	for _, to := range next(from) {
		if to.to == function {
			return []string{function.Path()}
		}
		if seen[to] {
			continue
		}
		if path := pathBack(to, function, seen); path != nil {
			return append([]string{to.to.Path()}, path...)
		}
	}
	return nil
}

// checkRecursiveLoop follows an event of the function across all stacks: where its
// role may write, and what that invokes. Event buses always filter, so they end it.
func checkRecursiveLoop(r *template.Resource, report reporter) {
	if path := pathBack(step{to: r}, r, nil); path != nil {
		report("Role", "an event may go round for ever: %s, %s", r.Path(), strings.Join(path, ", "))
	}
}
