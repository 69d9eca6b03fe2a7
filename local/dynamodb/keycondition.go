package dynamodb

import "slices"

// keyCondition is a condition on one attribute of a key: an operator with its
// values.
type keyCondition struct {
	operator string
	values   []value
}

// keyConditions reads a key condition expression: conditions on attributes of a
// key, by their names
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html).
func (p *parser) keyConditions() map[string]keyCondition {
	all := map[string]keyCondition{}
	p.collect(p.condition(), all)
	return all
}

func (p *parser) collect(c condition, all map[string]keyCondition) {
	if p.err != nil {
		return
	}
	switch c := c.(type) {
	case group:
		p.collect(c.condition, all)
	case both:
		p.collect(c.left, all)
		p.collect(c.right, all)
	case comparison:
		if c.operator == "<>" {
			p.unsupported("<>")
			return
		}
		if _, ok := c.left.(literal); ok {
			c = comparison{mirrored[c.operator], c.right, c.left}
		}
		p.keyCondition(all, c.operator, c.left, c.right)
	case between:
		p.keyCondition(all, "BETWEEN", c.operand, c.low, c.high)
	case test:
		if c.name != "begins_with" {
			p.unsupported(c.name)
			return
		}
		p.keyCondition(all, c.name, c.operands...)
	case either:
		p.unsupported("OR")
	case negation:
		p.unsupported("NOT")
	case membership:
		p.unsupported("IN")
	}
}

// mirrored are the operators that say the same with their operands exchanged.
var mirrored = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func (p *parser) unsupported(operator string) {
	p.refuse(invalid("Invalid operator used in KeyConditionExpression: %s", operator))
}

func (p *parser) keyCondition(all map[string]keyCondition, operator string, operands ...operand) {
	attribute, ok := operands[0].(path)
	if !ok {
		p.refuse(invalid("Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand", operator))
		return
	}
	if len(attribute) > 1 {
		p.fail("KeyConditionExpressions cannot have conditions on nested attributes")
	}
	c := keyCondition{operator: operator}
	for _, o := range operands[1:] {
		l, ok := o.(literal)
		if !ok {
			p.refuse(invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"))
		}
		c.values = append(c.values, l.value)
	}
	if _, twice := all[attribute[0].name]; twice {
		p.fail("KeyConditionExpressions must only contain one condition per key")
	}
	all[attribute[0].name] = c
}

// span returns where in a view the items with a key are that meets conditions.
func (t *table) span(v *view, conditions map[string]keyCondition) (span, error) {
	partition, ok := conditions[v.Key.Partition]
	sort, sorted := conditions[v.Key.Sort]
	switch {
	case !ok:
		return span{}, invalid("Query condition missed key schema element: %s", v.Key.Partition)
	case len(conditions) == 2 && !sorted && v.Key.Sort != "":
		return span{}, invalid("Query condition missed key schema element: %s", v.Key.Sort)
	case partition.operator != "=" || len(conditions) > 1 && !sorted || len(conditions) > 2:
		return span{}, invalid("Query key condition not supported")
	}
	for name, c := range conditions {
		if slices.ContainsFunc(c.values, func(v value) bool { return v.kind != t.Attributes[name] }) {
			return span{}, invalid(invalidParameterValues + "Condition parameter type does not match schema type")
		}
		for _, v := range c.values {
			if problem := v.emptyKey(); problem != "" {
				return span{}, invalid(invalidKeyValues+"%s Key: %s", problem, name)
			}
		}
	}
	prefix := string(appendPartition(nil, partition.values[0]))
	if !sorted {
		return beginningWith(prefix), nil
	}
	return sort.span(prefix), nil
}

// span returns where the items are whose sort key meets the condition, among
// those whose places begin with prefix.
func (c keyCondition) span(prefix string) span {
	all := beginningWith(prefix)
	first := beginningWith(string(c.values[0].appendOrdered([]byte(prefix))))
	switch c.operator {
	case "<":
		return span{all.from, first.from}
	case "<=":
		return span{all.from, first.to}
	case ">":
		return span{first.to, all.to}
	case ">=":
		return span{first.from, all.to}
	case "BETWEEN":
		return span{first.from, after(string(c.values[1].appendOrdered([]byte(prefix))))}
	case "begins_with":
		return beginningWith(string(appendPrefix([]byte(prefix), c.values[0].scalar)))
	}
	return first
}
