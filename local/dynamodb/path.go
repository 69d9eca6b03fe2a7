package dynamodb

import (
	"slices"
	"strconv"
)

// path is a document path: where a value is in an item.
type path []step

// step is a part of a path: the name of an attribute or of a map's field, or the
// index of a list's element.
type step struct {
	name    string
	index   int
	element bool
}

func (s step) String() string {
	if s.element {
		return "[" + strconv.Itoa(s.index) + "]"
	}
	return s.name
}

// String returns the path as AWS's errors have it: [a, b, [0]].
func (p path) String() string {
	words := make([]string, len(p))
	for n, s := range p {
		words[n] = s.String()
	}
	return "[" + join(words) + "]"
}

// evaluate returns the value at the path.
func (p path) evaluate(i item) (value, bool) {
	v := mapValue(i)
	for _, s := range p {
		var ok bool
		if v, ok = v.at(s); !ok {
			return value{}, false
		}
	}
	return v, true
}

// at returns the part of a map or list that a step leads to.
func (v value) at(s step) (value, bool) {
	if s.element {
		if s.index < len(v.list()) {
			return v.list()[s.index], true
		}
		return value{}, false
	}
	part, ok := v.fields()[s.name]
	return part, ok
}

// checkDistinct fails unless no path is a part of another one or takes for a map
// what another one takes for a list.
func (p *parser) checkDistinct(paths []path) {
	for n, one := range paths {
		for _, two := range paths[:n] {
			if problem := overlap(two, one); problem != "" {
				p.fail("Two document paths %s with each other; must remove or rewrite one of these paths; path one: %v, path two: %v", problem, two, one)
				return
			}
		}
	}
}

func overlap(one, two path) string {
	for n := range min(len(one), len(two)) {
		if one[n].element != two[n].element {
			return "conflict"
		}
		if one[n] != two[n] {
			return ""
		}
	}
	return "overlap"
}

// branch is what goes through the same step.
type branch[T any] struct {
	step step
	all  []T
}

// branches groups what has paths by a step, lists' elements by their index.
func branches[T any](all []T, stepOf func(T) step) []branch[T] {
	var grouped []branch[T]
	at := make(map[step]int, len(all))
	for _, one := range all {
		s := stepOf(one)
		n, ok := at[s]
		if !ok {
			n = len(grouped)
			at[s] = n
			grouped = append(grouped, branch[T]{step: s})
		}
		grouped[n].all = append(grouped[n].all, one)
	}
	slices.SortStableFunc(grouped, func(a, b branch[T]) int { return a.step.index - b.step.index })
	return grouped
}

// project returns what the paths lead to, or false when that is nothing. The
// elements of lists move together.
func project(v value, paths []path, depth int) (value, bool) {
	if len(paths[0]) == depth {
		return v, true
	}
	part := parts{fields: item{}}
	for _, b := range branches(paths, func(p path) step { return p[depth] }) {
		inner, ok := v.at(b.step)
		if ok {
			inner, ok = project(inner, b.all, depth+1)
		}
		switch {
		case !ok:
		case b.step.element:
			part.list = append(part.list, inner)
		default:
			part.fields[b.step.name] = inner
		}
	}
	return value{kind: v.kind, parts: &part}, len(part.list)+len(part.fields) > 0
}

// project returns the parts of an item that the paths lead to. Without paths,
// that is the whole item.
func (i item) project(paths []path) item {
	if len(paths) == 0 || i == nil {
		return i
	}
	part, _ := project(mapValue(i), paths, 0)
	return part.fields()
}

// projection reads a projection expression
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html).
func (p *parser) projection() []path {
	paths := list(p, p.path)
	p.checkDistinct(paths)
	return paths
}
