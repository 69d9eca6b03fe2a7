package dynamodb

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The limits of expressions
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters).
const (
	maxExpression = 4 << 10
	maxOperators  = 300
	maxIn         = 100
)

// The members of requests that are expressions.
const (
	conditionExpression    = "ConditionExpression"
	filterExpression       = "FilterExpression"
	keyConditionExpression = "KeyConditionExpression"
	projectionExpression   = "ProjectionExpression"
	updateExpression       = "UpdateExpression"
)

// substitutions are the members of a request that replace placeholders in its
// expressions.
type substitutions struct {
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues expressionValues

	// used are the placeholders that expressions have.
	used map[string]bool
	// attributes are the names of the top-level attributes that each expression has.
	attributes map[string]map[string]bool
}

// names returns the names of the top-level attributes in all expressions.
func (s *substitutions) names() map[string]bool {
	all := map[string]bool{}
	for _, names := range s.attributes {
		maps.Copy(all, names)
	}
	return all
}

// parser reads one expression. It keeps the first error and is at the end of the
// expression from then on.
type parser struct {
	*substitutions
	kind      string
	text      string
	tokens    []token
	at        int
	operators int
	err       error
}

// parse reads an expression of a request with a rule. Kind is the name of the
// request's member. A request without it has the zero result.
func parse[T any](s *substitutions, kind string, expression *string, rule func(*parser) T) (result T, err error) {
	if expression == nil {
		return result, nil
	}
	if s.used == nil {
		s.used, s.attributes = map[string]bool{}, map[string]map[string]bool{}
	}
	s.attributes[kind] = map[string]bool{}
	p := &parser{substitutions: s, kind: kind, text: *expression}
	switch size := len(*expression); {
	case strings.TrimSpace(*expression) == "":
		p.fail("The expression can not be empty;")
	case size > maxExpression:
		p.fail("Expression size has exceeded the maximum allowed size; expression size: %d", size)
	}
	if p.err != nil {
		return result, p.err
	}
	p.tokens = tokenize(*expression)
	parsed := rule(p)
	if p.err == nil && p.peek().kind != endToken {
		p.unexpected()
	}
	if p.err == nil && p.operators > maxOperators {
		p.fail("The expression contains too many operators; operator count: %d, maximum: %d", p.operators, maxOperators)
	}
	if p.err != nil {
		return result, p.err
	}
	return parsed, nil
}

func (p *parser) fail(format string, args ...any) {
	p.refuse(invalid("Invalid %s: %s", p.kind, fmt.Sprintf(format, args...)))
}

// refuse ends the reading with an error, the first of which counts.
func (p *parser) refuse(err error) {
	p.err = cmp.Or(p.err, err)
	p.at = max(len(p.tokens)-1, 0)
}

// unexpected fails at the next token.
func (p *parser) unexpected() {
	next := p.peek()
	near := p.tokens[max(p.at-1, 0)].start
	text := next.text
	if next.kind == endToken {
		text = "<EOF>"
	}
	p.fail("Syntax error; token: %q, near: %q", text, strings.TrimSpace(p.text[near:max(next.end, near)]))
}

func (p *parser) peek() token { return p.tokens[p.at] }

// next returns the next token and goes beyond it, except at the end.
func (p *parser) next() token {
	next := p.tokens[p.at]
	p.at = min(p.at+1, len(p.tokens)-1)
	return next
}

// has says whether a symbol or keyword is next. Keywords are in upper case.
func (p *parser) has(text string) bool {
	next := p.peek()
	return (next.kind == symbolToken || next.kind == identifierToken) && strings.EqualFold(next.text, text)
}

// take goes beyond a symbol or keyword, if it is next.
func (p *parser) take(text string) bool {
	if !p.has(text) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(text string) {
	if !p.take(text) {
		p.unexpected()
	}
}

// list reads what a rule describes, separated by commas.
func list[T any](p *parser, rule func() T) []T {
	all := []T{rule()}
	for p.take(",") {
		all = append(all, rule())
	}
	return all
}

// isFunction says whether a function call is next.
func (p *parser) isFunction() bool {
	return p.peek().kind == identifierToken && p.tokens[p.at+1].text == "("
}

// function reads a function's call. Operands are read by rule.
func function[T any](p *parser, rule func() T) (name string, operands []T) {
	name = p.next().text
	p.operators++
	p.expect("(")
	if !p.has(")") {
		operands = list(p, rule)
	}
	p.expect(")")
	return name, operands
}

// value reads a placeholder of a value.
func (p *parser) value() literal {
	next := p.peek()
	if next.kind != valueToken {
		p.unexpected()
		return literal{}
	}
	v, ok := p.ExpressionAttributeValues[next.text]
	if !ok {
		p.fail("An expression attribute value used in expression is not defined; attribute value: %s", next.text)
		return literal{}
	}
	p.used[next.text] = true
	p.next()
	return literal{v}
}

// path reads a document path
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html).
func (p *parser) path() path {
	steps := path{p.name()}
	p.attributes[p.kind][steps[0].name] = true
	for p.err == nil {
		switch {
		case p.take("."):
			steps = append(steps, p.name())
		case p.take("["):
			steps = append(steps, p.index())
			p.expect("]")
		case len(steps) > maxDepth:
			p.fail("The document path has too many nesting elements; nesting levels: %d", len(steps))
		default:
			return steps
		}
	}
	return steps
}

func (p *parser) name() step {
	next := p.peek()
	switch {
	case next.kind == nameToken:
		name, ok := p.ExpressionAttributeNames[next.text]
		if !ok {
			p.fail("An expression attribute name used in the document path is not defined; attribute name: %s", next.text)
		}
		p.used[next.text] = true
		p.next()
		return step{name: name}
	case next.kind != identifierToken:
		p.unexpected()
	case reservedWords[strings.ToUpper(next.text)]:
		p.fail("Attribute name is a reserved keyword; reserved keyword: %s", next.text)
	}
	return step{name: p.next().text}
}

func (p *parser) index() step {
	next := p.peek()
	if next.kind != indexToken {
		p.unexpected()
		return step{}
	}
	index, err := strconv.ParseInt(next.text, 10, 32)
	if err != nil {
		p.fail("List index is not within the allowable range; index: [%s]", next.text)
	}
	p.next()
	return step{index: int(index), element: true}
}

// finish returns an error when the request has placeholders that its expressions
// do not use. Absent says which expressions it lacks, if it has none.
func (s *substitutions) finish(absent string) error {
	switch {
	case s.ExpressionAttributeNames != nil && s.used == nil:
		return invalid("ExpressionAttributeNames can only be specified when using expressions")
	case s.ExpressionAttributeValues != nil && s.used == nil:
		return invalid("ExpressionAttributeValues can only be specified when using expressions: %s", absent)
	}
	return cmp.Or(
		checkPlaceholders("ExpressionAttributeNames", nameToken, s.ExpressionAttributeNames, s.used),
		checkPlaceholders("ExpressionAttributeValues", valueToken, s.ExpressionAttributeValues, s.used))
}

func checkPlaceholders[V any](member string, kind tokenKind, all map[string]V, used map[string]bool) error {
	if all != nil && len(all) == 0 {
		return invalid("%s must not be empty", member)
	}
	var unused []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if words := tokenize(key); words[0].kind != kind || words[0].text != key {
			return invalid("%s contains invalid key: Syntax error; key: %q", member, key)
		}
		if !used[key] {
			unused = append(unused, key)
		}
	}
	if unused != nil {
		return invalid("Value provided in %s unused in expressions: keys: {%s}", member, join(unused))
	}
	return nil
}
