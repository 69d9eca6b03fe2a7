package dynamodb

import (
	"slices"
	"strconv"
	"strings"
)

// condition is a condition or filter expression, or a part of one
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html).
type condition interface {
	holds(i item) bool
}

// operand is what conditions compare.
type operand interface {
	// evaluate returns the operand's value for an item, or false when the item
	// has none.
	evaluate(i item) (value, bool)
}

type (
	// both and either are AND and OR.
	both   struct{ left, right condition }
	either struct{ left, right condition }
	// negation is NOT.
	negation struct{ condition }
	// group is a condition in parentheses.
	group struct{ condition }
	// comparison is =, <>, <, <=, > or >=.
	comparison struct {
		operator    string
		left, right operand
	}
	between    struct{ operand, low, high operand }
	membership struct {
		operand operand
		among   []operand
	}
	// test is a function that is true or false.
	test struct {
		name     string
		operands []operand
	}
	// literal is a value of the request.
	literal struct{ value }
	// sizeOf is the function size.
	sizeOf struct{ of operand }
)

func (c both) holds(i item) bool     { return c.left.holds(i) && c.right.holds(i) }
func (c either) holds(i item) bool   { return c.left.holds(i) || c.right.holds(i) }
func (c negation) holds(i item) bool { return !c.condition.holds(i) }

func (c comparison) holds(i item) bool {
	left, hasLeft := c.left.evaluate(i)
	right, hasRight := c.right.evaluate(i)
	equal := hasLeft && hasRight && left.equal(right)
	switch c.operator {
	case "=":
		return equal
	case "<>":
		return !equal
	}
	order, ok := left.compare(right)
	return ok && satisfies(order, c.operator)
}

// satisfies says whether an order, as that of strings.Compare, is what one of
// <, <=, > and >= asks for.
func satisfies(order int, operator string) bool {
	switch operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

func (c between) holds(i item) bool {
	return comparison{">=", c.operand, c.low}.holds(i) && comparison{"<=", c.operand, c.high}.holds(i)
}

func (c membership) holds(i item) bool {
	return slices.ContainsFunc(c.among, func(one operand) bool { return comparison{"=", c.operand, one}.holds(i) })
}

func (c test) holds(i item) bool {
	first, exists := c.operands[0].evaluate(i)
	switch c.name {
	case "attribute_exists":
		return exists
	case "attribute_not_exists":
		return !exists
	}
	second, ok := c.operands[1].evaluate(i)
	if !exists || !ok {
		return false
	}
	switch c.name {
	case "attribute_type":
		return first.kind == second.scalar
	case "begins_with":
		return first.kind == second.kind && (first.kind == typeString || first.kind == typeBinary) && strings.HasPrefix(first.scalar, second.scalar)
	}
	return first.containsValue(second)
}

// containsValue says whether a string or binary has a part, a set a member or a
// list an element.
func (v value) containsValue(part value) bool {
	switch {
	case v.kind == typeList:
		return slices.ContainsFunc(v.list(), part.equal)
	case v.isSet():
		return part.kind == v.kind[:1] && slices.Contains(v.members(), part.scalar)
	case v.kind == typeString || v.kind == typeBinary:
		return v.kind == part.kind && strings.Contains(v.scalar, part.scalar)
	}
	return false
}

func (l literal) evaluate(item) (value, bool) { return l.value, true }

func (s sizeOf) evaluate(i item) (value, bool) {
	v, ok := s.of.evaluate(i)
	switch v.kind {
	case typeString, typeBinary:
		return numberValue(strconv.Itoa(len(v.scalar))), ok
	case typeStringSet, typeNumberSet, typeBinarySet:
		return numberValue(strconv.Itoa(len(v.members()))), ok
	case typeList, typeMap:
		return numberValue(strconv.Itoa(len(v.list()) + len(v.fields()))), ok
	}
	return value{}, false
}

// condition reads a condition. OR binds weakest, then AND, then NOT.
func (p *parser) condition() condition {
	left := p.conjunction()
	for p.take("OR") {
		p.operators++
		left = either{left, p.conjunction()}
	}
	return left
}

func (p *parser) conjunction() condition {
	left := p.negation()
	for p.take("AND") {
		p.operators++
		left = both{left, p.negation()}
	}
	return left
}

func (p *parser) negation() condition {
	if p.take("NOT") {
		p.operators++
		return negation{p.negation()}
	}
	if !p.take("(") {
		return p.predicate()
	}
	inner := p.condition()
	p.expect(")")
	if _, twice := inner.(group); twice {
		p.fail("The expression has redundant parentheses;")
	}
	return group{inner}
}

// predicate reads a comparison, BETWEEN, IN or a function that is true or false.
func (p *parser) predicate() condition {
	if p.isFunction() && p.peek().text != "size" {
		return p.test()
	}
	left := p.operand()
	p.operators++
	switch {
	case p.take("BETWEEN"):
		low := p.operand()
		p.expect("AND")
		return p.between(between{left, low, p.operand()})
	case p.take("IN"):
		p.expect("(")
		among := list(p, p.operand)
		p.expect(")")
		if len(among) > maxIn {
			p.fail("The IN operator is provided with too many operands; number of operands: %d", len(among))
		}
		p.checkOperands("operator", "IN", append([]operand{left}, among...), "")
		return membership{left, among}
	}
	for _, operator := range []string{"=", "<>", "<", "<=", ">", ">="} {
		if p.take(operator) {
			right := p.operand()
			types := "B N S"
			if operator == "=" || operator == "<>" {
				types = ""
			}
			p.checkOperands("operator", operator, []operand{left, right}, types)
			return comparison{operator, left, right}
		}
	}
	if _, ok := left.(sizeOf); ok && p.peek().kind == endToken {
		p.fail("The function is not allowed to be used this way in an expression; function: size")
	}
	p.unexpected()
	return both{}
}

func (p *parser) between(c between) condition {
	p.checkOperands("operator", "BETWEEN", []operand{c.operand, c.low, c.high}, "B N S")
	low, isLow := c.low.(literal)
	high, isHigh := c.high.(literal)
	if !isLow || !isHigh || p.err != nil {
		return c
	}
	bounds := "lower bound operand: AttributeValue: " + low.String() + ", upper bound operand: AttributeValue: " + high.String()
	if order, comparable := low.compare(high.value); !comparable {
		p.fail("The BETWEEN operator requires same data type for lower and upper bounds; %s", bounds)
	} else if order > 0 {
		p.fail("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; %s", bounds)
	}
	return c
}

// String returns a scalar as AWS's errors have it.
func (v value) String() string { return "{" + v.kind + ":" + v.text() + "}" }

func (p *parser) operand() operand {
	switch {
	case p.peek().kind == valueToken:
		return p.value()
	case !p.isFunction():
		return p.path()
	case p.peek().text != "size":
		p.checkFunction(p.peek().text, tests)
		p.fail("The function is not allowed to be used this way in an expression; function: %s", p.peek().text)
		return literal{}
	}
	name, operands := function(p, p.operand)
	p.checkCount(name, operands, 1)
	p.checkOperands("operator or function", name, operands, "B BS L M NS S SS")
	if p.err != nil {
		return literal{}
	}
	return sizeOf{operands[0]}
}

// tests are the functions that are true or false, with the number of their
// operands.
var tests = map[string]int{"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2}

func (p *parser) test() condition {
	p.checkFunction(p.peek().text, tests)
	if p.err != nil {
		return both{}
	}
	name, operands := function(p, p.operand)
	p.checkCount(name, operands, tests[name])
	if p.err != nil {
		return both{}
	}
	switch name {
	case "attribute_exists", "attribute_not_exists":
		if _, ok := operands[0].(path); !ok {
			p.fail("Operator or function requires a document path; operator or function: %s", name)
		}
	case "attribute_type":
		p.checkTypeName(operands[1])
	case "begins_with":
		p.checkOperands("operator or function", name, operands, "B S")
	case "contains":
		p.checkOperands("operator or function", name, operands, "")
	}
	return test{name, operands}
}

func (p *parser) checkFunction(name string, allowed map[string]int) {
	if _, ok := allowed[name]; !ok {
		p.fail("Invalid function name; function: %s", name)
	}
}

func (p *parser) checkCount(name string, operands []operand, count int) {
	if len(operands) != count {
		p.fail("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(operands))
	}
}

func (p *parser) checkTypeName(o operand) {
	const valid = "B BOOL BS L M N NS NULL S SS"
	p.checkOperands("operator or function", "attribute_type", []operand{o}, typeString)
	name, ok := o.(literal)
	if !ok || !slices.Contains(strings.Fields(valid), name.scalar) {
		p.fail("Invalid attribute type name found; type: %s, valid types: {%s}", name.scalar, strings.ReplaceAll(valid, " ", ","))
	}
}

// checkOperands fails when the first operand is among the others, or when a
// value of the request does not have one of the types. No types means all.
func (p *parser) checkOperands(what, name string, operands []operand, types string) {
	first, isPath := operands[0].(path)
	for _, o := range operands[1:] {
		if other, ok := o.(path); ok && isPath && slices.Equal(first, other) {
			p.fail("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %v", name, first)
		}
	}
	for _, o := range operands {
		if l, ok := o.(literal); ok && types != "" && !slices.Contains(strings.Fields(types), l.kind) {
			p.fail("Incorrect operand type for operator or function; %s: %s, operand type: %s", what, name, l.kind)
		}
	}
}
