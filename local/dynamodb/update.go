package dynamodb

import (
	"slices"
	"strings"
)

// update is an update expression
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html).
type update struct {
	actions []action
	// paths are those of the actions.
	paths []path
}

// action is one action of a section: SET, REMOVE, ADD or DELETE.
type action struct {
	section string
	path    path
	// operand is what SET sets, ADD adds and DELETE deletes.
	operand computed
}

// computed is an operand of SET.
type computed interface {
	compute(i item) (value, error)
}

type (
	// sum is + or -.
	sum struct {
		left, right computed
		subtract    bool
	}
	ifNotExists struct {
		path      path
		otherwise computed
	}
	listAppend struct{ first, second computed }
)

var (
	errOperandType  = invalid("An operand in the update expression has an incorrect data type")
	errNoAttribute  = invalid("The provided expression refers to an attribute that does not exist in the item")
	errDocumentPath = invalid("The document path provided in the update expression is invalid for update")
)

func (l literal) compute(item) (value, error) { return l.value, nil }

func (p path) compute(i item) (value, error) {
	if v, ok := p.evaluate(i); ok {
		return v, nil
	}
	return value{}, errNoAttribute
}

func (s sum) compute(i item) (value, error) {
	left, right, err := computeBoth(i, s.left, s.right, typeNumber)
	if err != nil {
		return value{}, err
	}
	total, err := addNumbers(left.scalar, right.scalar, s.subtract)
	return numberValue(total), err
}

func (f ifNotExists) compute(i item) (value, error) {
	if v, ok := f.path.evaluate(i); ok {
		return v, nil
	}
	return f.otherwise.compute(i)
}

func (l listAppend) compute(i item) (value, error) {
	first, second, err := computeBoth(i, l.first, l.second, typeList)
	return listValue(slices.Concat(first.list(), second.list())), err
}

func computeBoth(i item, left, right computed, kind string) (l, r value, err error) {
	if l, err = left.compute(i); err != nil {
		return l, r, err
	}
	if r, err = right.compute(i); err == nil && (l.kind != kind || r.kind != kind) {
		err = errOperandType
	}
	return l, r, err
}

// update reads an update expression, which has each section once at most.
func (p *parser) update() *update {
	u := &update{}
	sections := map[string]bool{}
	for more := true; more; more = p.err == nil && p.peek().kind != endToken {
		section := strings.ToUpper(p.peek().text)
		rule, ok := map[string]func() action{"SET": p.set, "REMOVE": p.remove, "ADD": p.add, "DELETE": p.delete}[section]
		switch {
		case !ok:
			p.unexpected()
			return u
		case sections[section]:
			p.fail("The %q section can only be used once in an update expression;", section)
			return u
		}
		sections[section] = true
		p.next()
		u.actions = append(u.actions, list(p, rule)...)
	}
	for _, a := range u.actions {
		u.paths = append(u.paths, a.path)
	}
	if p.err == nil {
		p.checkDistinct(u.paths)
	}
	return u
}

func (p *parser) remove() action { return action{section: "REMOVE", path: p.path()} }

func (p *parser) add() action {
	return p.addition("ADD", []string{typeNumber, typeStringSet, typeNumberSet, typeBinarySet})
}

func (p *parser) delete() action {
	return p.addition("DELETE", []string{typeStringSet, typeNumberSet, typeBinarySet})
}

// typeNames are the names of types in the errors of ADD and DELETE.
var typeNames = map[string]string{
	typeString: "STRING", typeNumber: "NUMBER", typeBinary: "BINARY", typeBool: "BOOLEAN", typeNull: "NULL", typeMap: "MAP",
	typeList: "LIST", typeStringSet: "STRING_SET", typeNumberSet: "NUMBER_SET", typeBinarySet: "BINARY_SET",
}

func (p *parser) addition(section string, types []string) action {
	a := action{section: section, path: p.path()}
	v := p.value()
	if p.err == nil && !slices.Contains(types, v.kind) {
		p.fail("Incorrect operand type for operator or function; operator: %s, operand type: %s, typeset: ALLOWED_FOR_%s_OPERAND", section, typeNames[v.kind], section)
	}
	a.operand = v
	return a
}

func (p *parser) set() action {
	a := action{section: "SET", path: p.path()}
	p.expect("=")
	p.operators++
	a.operand = p.computed()
	for _, operator := range []string{"+", "-"} {
		if p.take(operator) {
			p.operators++
			right := p.computed()
			p.checkComputed(operator, typeNumber, a.operand, right)
			a.operand = sum{a.operand, right, operator == "-"}
			break
		}
	}
	return a
}

// setFunctions are the functions of SET, with the number of their operands.
var setFunctions = map[string]int{"if_not_exists": 2, "list_append": 2}

func (p *parser) computed() computed {
	switch {
	case p.peek().kind == valueToken:
		return p.value()
	case !p.isFunction():
		return p.path()
	case tests[p.peek().text] > 0 || p.peek().text == "size":
		p.fail("The function is not allowed in an update expression; function: %s", p.peek().text)
	default:
		p.checkFunction(p.peek().text, setFunctions)
	}
	if p.err != nil {
		return literal{}
	}
	name, operands := function(p, p.computed)
	if p.err == nil && len(operands) != setFunctions[name] {
		p.fail("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(operands))
	}
	if p.err != nil {
		return literal{}
	}
	if name == "list_append" {
		p.checkComputed(name, typeList, operands...)
		return listAppend{operands[0], operands[1]}
	}
	of, ok := operands[0].(path)
	if !ok {
		p.fail("Operator or function requires a document path; operator or function: %s", name)
	}
	return ifNotExists{of, operands[1]}
}

func (p *parser) checkComputed(name, kind string, operands ...computed) {
	for _, o := range operands {
		if l, ok := o.(literal); ok && l.kind != kind {
			p.fail("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", name, l.kind)
		}
	}
}
