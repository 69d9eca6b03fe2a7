// Package pattern matches JSON events against the patterns of Amazon
// EventBridge's rules, of Lambda's event filters and of Amazon SNS's filter
// policies, which share one syntax
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html,
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html,
// https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html).
package pattern

import (
	"slices"
)

// Pattern is a parsed pattern. It is safe for concurrent use.
type Pattern struct {
	// alternatives are the leaves of the patterns without $or that the pattern
	// stands for, by path. One of the alternatives has to match.
	alternatives [][]leaf
}

// leaf is what a pattern asks of the values at a path.
type leaf struct {
	path   []string
	tests  []test // of which one has to hold
	absent bool   // it also matches if there is no value
}

// Match returns whether the pattern matches an event: JSON that was decoded with
// UseNumber. An event that is not an object matches no pattern.
//
// A field that is an array matches if one of its elements does
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html).
// Fields of objects in an array have to match in the same element.
func (p *Pattern) Match(event any) bool {
	if _, ok := event.(map[string]any); !ok {
		return false
	}
	return slices.ContainsFunc(p.alternatives, func(leaves []leaf) bool {
		return match(slices.DeleteFunc(slices.Clone(leaves), func(l leaf) bool {
			return l.absent && !exists(event, l.path)
		}), 0, event)
	})
}

// exists returns whether an event has a value at a path, in any element of its
// arrays. Objects are no values
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-exists-matching).
func exists(value any, path []string) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, func(element any) bool { return exists(element, path) })
	case map[string]any:
		if len(path) == 0 {
			return false
		}
		child, ok := value[path[0]]
		return ok && exists(child, path[1:])
	default:
		return len(path) == 0
	}
}

// match returns whether a value, which is depth fields deep in an event, matches
// all leaves. They are those below it, by path.
func match(leaves []leaf, depth int, value any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, func(element any) bool { return match(leaves, depth, element) })
	case map[string]any:
		for len(leaves) > 0 {
			if len(leaves[0].path) == depth {
				return false
			}
			name := leaves[0].path[depth]
			end := slices.IndexFunc(leaves, func(l leaf) bool { return l.path[depth] != name })
			if end < 0 {
				end = len(leaves)
			}
			child, ok := value[name]
			if !ok || !match(leaves[:end], depth+1, child) {
				return false
			}
			leaves = leaves[end:]
		}
		return true
	default:
		return !slices.ContainsFunc(leaves, func(l leaf) bool {
			return len(l.path) > depth || !anyOf(l.tests, value)
		})
	}
}

// anyOf returns whether one of the tests holds.
func anyOf(tests []test, value any) bool {
	return slices.ContainsFunc(tests, func(holds test) bool { return holds(value) })
}
