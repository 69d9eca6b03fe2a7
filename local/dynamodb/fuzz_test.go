package dynamodb

import (
	"strings"
	"testing"
)

// All kinds of expressions are read and evaluated on an item. What an update
// makes of the item can be written and read again.
func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{
		"#a = :n AND begins_with(s, :s) OR NOT size(l) < :n", "n BETWEEN :n AND :n", "s IN (:s, :n)", "contains(ss, :s)", "attribute_type(m.x, :s)",
		"SET n = n + :n, l[5] = list_append(l, :l), m.y = if_not_exists(m.x, :s) REMOVE l[0] ADD ss :ss DELETE ss :ss", "REMOVE m.x, l[2][0]",
		"l[0], m.x, #a.b[1]", "id = :s AND n > :n", strings.Repeat("(", 2000) + "n = :n", strings.Repeat("NOT ", 1000) + "n = :n", "n[1][2][3].a.b",
		"SET a = " + strings.Repeat("if_not_exists(b, ", 200) + ":n" + strings.Repeat(")", 200), "((a = :n))", "a.", ":", "#", "[", "\xff", "",
	} {
		f.Add(seed)
	}
	nested := listValue([]value{numberValue("1"), stringValue("x"), listValue([]value{numberValue("2")})})
	example := item{
		"id": stringValue("a"), "n": numberValue("5"), "s": stringValue("text"), "l": nested,
		"m": mapValue(item{"x": numberValue("1")}), "ss": setValue(typeStringSet, []string{"a", "b"}),
	}
	before := string(encoded(example))
	t := &table{Table: Table{Key: KeySchema{"id", "n"}, Attributes: map[string]string{"id": "S", "n": "N"}}}
	v := newTable(t.Table, start).views[0]
	f.Fuzz(func(tb *testing.T, expression string) {
		s := substitutions{
			ExpressionAttributeNames:  map[string]string{"#a": "m", "#b": "b"},
			ExpressionAttributeValues: expressionValues{":n": numberValue("1"), ":s": stringValue("S"), ":l": nested, ":ss": example["ss"]},
		}
		if c, err := parse(&s, conditionExpression, &expression, (*parser).condition); err == nil {
			c.holds(example)
			c.holds(nil)
		}
		if paths, err := parse(&s, projectionExpression, &expression, (*parser).projection); err == nil {
			part := example.project(paths)
			if twice := part.size(); twice > example.size() {
				tb.Fatalf("%q makes the item larger", expression)
			}
		}
		if conditions, err := parse(&s, keyConditionExpression, &expression, (*parser).keyConditions); err == nil {
			_, _ = t.span(v, conditions)
		}
		u, err := parse(&s, updateExpression, &expression, (*parser).update)
		if err != nil {
			return
		}
		for _, old := range []item{example, nil} {
			next, err := u.apply(old, item{"id": stringValue("a")})
			if err != nil {
				continue
			}
			var again item
			if depth := mapValue(next).depth() - 1; next == nil || depth > maxDepth {
				continue
			}
			if err := again.UnmarshalJSON(encoded(next)); err != nil || !again.equal(next) {
				tb.Fatalf("%q makes %s, which is not read again: %v", expression, encoded(next), err)
			}
		}
		if after := string(encoded(example)); after != before {
			tb.Fatalf("%q changed the item before it", expression)
		}
	})
}

func encoded(i item) []byte {
	data, err := i.MarshalJSON()
	if err != nil {
		panic(err)
	}
	return data
}
