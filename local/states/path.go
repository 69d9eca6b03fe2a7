package states

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/theory/jsonpath"
)

// scope is what paths and intrinsic functions are evaluated in.
type scope struct {
	input   any
	context func() any
	random  func(n int64) int64
}

// expression is a compiled path, intrinsic function or payload template.
type expression func(*scope) (any, error)

// path is a JSONPath into a state's input ($) or the context object ($$)
// (https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html).
type path struct {
	text    string
	context bool
	// keys are the names (string) and indexes (int) of a reference path.
	keys []any
	// query is any other path.
	query *jsonpath.Path
}

var (
	pathKey = `\.([^\s.\[\]()*?@:,'"\\$]+)|\[(\d{1,9})\]|\['([^'\\]*)'\]|\["([^"\\]*)"\]`
	keys    = regexp.MustCompile(pathKey)
	// reference matches paths that lead to one place without a search.
	reference = regexp.MustCompile(`^\$(?:` + pathKey + `)*$`)
)

func parsePath(text string) (*path, error) {
	p := &path{text: text, context: strings.HasPrefix(text, "$$")}
	if p.context {
		text = text[1:]
	}
	if reference.MatchString(text) {
		for _, key := range keys.FindAllStringSubmatch(text, -1) {
			if index, err := strconv.Atoi(key[2]); err == nil {
				p.keys = append(p.keys, index)
			} else {
				p.keys = append(p.keys, key[1]+key[3]+key[4])
			}
		}
		return p, nil
	}
	query, err := jsonpath.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a JSONPath: %w", p.text, err)
	}
	for _, segment := range query.Query().Segments() {
		if len(segment.Selectors()) > 1 {
			return nil, fmt.Errorf("%q: unions of members are not supported", p.text)
		}
	}
	p.query = query
	return p, nil
}

// find returns what the path selects: the one value of a definite path, if it is
// there, or an array of all that an indefinite one finds, in the order of names
// and indexes.
func (p *path) find(s *scope) (value any, found bool) {
	value = s.input
	if p.context {
		value = s.context()
	}
	if p.query == nil {
		return walk(value, p.keys)
	}
	nodes := p.query.SelectLocated(value)
	if p.query.Query().Singular() != nil {
		if len(nodes) == 0 {
			return nil, false
		}
		return nodes[0].Node, true
	}
	nodes.Sort()
	values := make([]any, len(nodes))
	for i, node := range nodes {
		values[i] = node.Node
	}
	return values, true
}

func walk(value any, keys []any) (any, bool) {
	for _, key := range keys {
		switch key := key.(type) {
		case string:
			object, _ := value.(map[string]any)
			member, ok := object[key]
			if !ok {
				return nil, false
			}
			value = member
		case int:
			array, _ := value.([]any)
			if key >= len(array) {
				return nil, false
			}
			value = array[key]
		}
	}
	return value, true
}

// require is find with the failure of a path that selects nothing.
func (p *path) require(s *scope) (any, error) {
	value, found := p.find(s)
	if !found {
		return nil, fail(errorRuntime, "Invalid path '%s': No results for path: %[1]s", p.text)
	}
	return value, nil
}

// missing is the error of a path that selects nothing for a template or function.
type missing struct {
	path  string
	input any
}

func (m *missing) Error() string {
	text, err := marshal(m.input)
	if err != nil {
		text = err.Error()
	}
	return fmt.Sprintf("The JsonPath argument for the field '%s' could not be found in the input '%s'", m.path, text)
}

func (p *path) evaluate(s *scope) (any, error) {
	value, found := p.find(s)
	if !found {
		return nil, &missing{p.text, s.input}
	}
	return value, nil
}
