package pattern

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// test says whether a value of an event matches: a string, json.Number, bool or
// nil.
type test func(value any) bool

// parser makes a test of an operator's argument.
type parser func(argument any) (test, error)

var (
	prefix           = comparing(strings.HasPrefix)
	suffix           = comparing(strings.HasSuffix)
	equalsIgnoreCase = comparing(ignoringCase(func(s, argument string) bool { return s == argument }))
	wildcard         = ofString(parseWildcard)
)

// operators are the operators of match expressions
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
// {"exists": false} is not among them, as it tests no value.
var operators = map[string]parser{
	"prefix":             orIgnoringCase(prefix, strings.HasPrefix),
	"suffix":             orIgnoringCase(suffix, strings.HasSuffix),
	"equals-ignore-case": equalsIgnoreCase,
	"wildcard":           wildcard,
	"cidr":               ofString(parseCIDR),
	"numeric":            numeric,
	"anything-but":       anythingBut,
	"exists": func(argument any) (test, error) {
		if argument != true {
			return nil, errors.New("must be true or false")
		}
		return func(any) bool { return true }, nil
	},
}

// negatable are the operators that anything-but takes.
var negatable = map[string]parser{
	"prefix":             oneOrMore(notEmpty(prefix)),
	"suffix":             oneOrMore(notEmpty(suffix)),
	"equals-ignore-case": oneOrMore(equalsIgnoreCase),
	"wildcard":           oneOrMore(wildcard),
}

// parseOperator parses a match expression: an object of one known operator.
func parseOperator(known map[string]parser, expression map[string]any) (test, error) {
	if len(expression) != 1 {
		return nil, fmt.Errorf("a match expression has one operator, not %d", len(expression))
	}
	name := slices.Collect(maps.Keys(expression))[0]
	parse, ok := known[name]
	if !ok {
		return nil, fmt.Errorf("unrecognized match type %q: use one of %q", name, slices.Sorted(maps.Keys(known)))
	}
	holds, err := parse(expression[name])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return holds, nil
}

// ofString makes an operator that takes a string and matches strings only.
func ofString(parse func(argument string) (func(s string) bool, error)) parser {
	return func(argument any) (test, error) {
		text, ok := argument.(string)
		if !ok {
			return nil, errors.New("must be a string")
		}
		holds, err := parse(text)
		return func(value any) bool {
			s, ok := value.(string)
			return ok && holds(s)
		}, err
	}
}

// comparing makes an operator of a comparison of strings.
func comparing(compare func(s, argument string) bool) parser {
	return ofString(func(argument string) (func(string) bool, error) {
		return func(s string) bool { return compare(s, argument) }, nil
	})
}

func ignoringCase(compare func(s, argument string) bool) func(s, argument string) bool {
	fold := func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }
	return func(s, argument string) bool { return compare(strings.Map(fold, s), strings.Map(fold, argument)) }
}

// orIgnoringCase makes an operator that also takes {"equals-ignore-case": string}.
func orIgnoringCase(parse parser, compare func(s, argument string) bool) parser {
	insensitive := map[string]parser{"equals-ignore-case": comparing(ignoringCase(compare))}
	return func(argument any) (test, error) {
		if expression, ok := argument.(map[string]any); ok {
			return parseOperator(insensitive, expression)
		}
		return parse(argument)
	}
}

func parseCIDR(argument string) (func(string) bool, error) {
	network, err := netip.ParsePrefix(argument)
	if err != nil {
		return nil, fmt.Errorf("%q is not an IP address and a mask, such as 10.0.0.0/24", argument)
	}
	return func(s string) bool {
		address, err := netip.ParseAddr(s)
		return err == nil && network.Contains(address)
	}, nil
}

var (
	wildcardSyntax = regexp.MustCompile(`^(\*?([^*\\]|\\[*\\])+)*\*?$`)
	wildcardToken  = regexp.MustCompile(`\*|\\.|[^*\\]+`)
)

// parseWildcard makes a test for strings that have any characters where
// argument has a *. A backslash escapes * and itself.
func parseWildcard(argument string) (func(string) bool, error) {
	if !wildcardSyntax.MatchString(argument) {
		return nil, fmt.Errorf(`%q has consecutive wildcard characters, or a backslash before another character than * and \`, argument)
	}
	parts := []string{""}
	for _, token := range wildcardToken.FindAllString(argument, -1) {
		if token == "*" {
			parts = append(parts, "")
			continue
		}
		parts[len(parts)-1] += strings.TrimPrefix(token, `\`)
	}
	last := len(parts) - 1
	return func(s string) bool {
		s, ok := strings.CutPrefix(s, parts[0])
		if last == 0 {
			return ok && s == ""
		}
		for _, part := range parts[1:last] {
			if ok {
				_, s, ok = strings.Cut(s, part)
			}
		}
		return ok && strings.HasSuffix(s, parts[last])
	}, nil
}

// anythingBut takes a string or a number, a list of either, or an operator with
// a string or a list of them. It matches the values that those don't.
func anythingBut(argument any) (test, error) {
	parse := oneOrMore(func(value any) (test, error) { return equal(value), nil })
	if expression, ok := argument.(map[string]any); ok {
		parse = func(any) (test, error) { return parseOperator(negatable, expression) }
	}
	holds, err := parse(argument)
	return func(value any) bool { return !holds(value) }, err
}

// oneOrMore makes an operator that also takes a list of arguments, of which one
// has to match. They are strings or numbers.
func oneOrMore(parse parser) parser {
	return func(argument any) (test, error) {
		list, ok := argument.([]any)
		if !ok {
			list = []any{argument}
		}
		var tests []test
		var texts int
		for _, value := range list {
			switch value.(type) {
			case string:
				texts++
			case json.Number:
			default:
				return nil, errors.New("must be a string or a number, or a list")
			}
			holds, err := parse(value)
			if err != nil {
				return nil, err
			}
			tests = append(tests, holds)
		}
		if len(list) == 0 || texts != 0 && texts != len(list) {
			return nil, errors.New("a list must have only strings or only numbers")
		}
		return func(value any) bool { return anyOf(tests, value) }, nil
	}
}

func notEmpty(parse parser) parser {
	return func(argument any) (test, error) {
		if argument == "" {
			return nil, errors.New("must not be empty")
		}
		return parse(argument)
	}
}

// byValue returns a number that compares by its value, within the limits that
// numeric matching has
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#filtering-numeric-matching).
func byValue(value any) (float64, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := number.Float64()
	return f, err == nil && math.Abs(f) <= 5e9
}

// equal makes a test for a value itself. Numbers beyond the limits, such as
// account IDs, are equal if they are written in the same way.
func equal(want any) test {
	number, ok := byValue(want)
	return func(value any) bool {
		other, alike := byValue(value)
		return value == want || ok && alike && other == number
	}
}

// comparisons are the operators in a numeric expression, with the results of
// cmp.Compare that they accept.
var comparisons = map[any][]int{"=": {0}, "<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {1, 0}}

// numeric takes a comparison, such as ["=", 5], or the two of a range, such as
// [">", 0, "<=", 5].
func numeric(argument any) (test, error) {
	terms, _ := argument.([]any)
	if len(terms) != 2 && len(terms) != 4 {
		return nil, errors.New("must be an array of an operator and a number, or two of each")
	}
	var tests []func(float64) bool
	var signs string
	var numbers []float64
	for len(terms) > 0 {
		sign, _ := terms[0].(string)
		accepted, known := comparisons[sign]
		number, ok := byValue(terms[1])
		if !known || !ok {
			return nil, fmt.Errorf("%v %v is not =, <, <=, > or >= and a number between -5.0e9 and 5.0e9", terms[0], terms[1])
		}
		tests = append(tests, func(value float64) bool { return slices.Contains(accepted, cmp.Compare(value, number)) })
		signs, numbers, terms = signs+sign[:1], append(numbers, number), terms[2:]
	}
	if len(numbers) == 2 && (signs != "><" || numbers[0] >= numbers[1]) {
		return nil, errors.New("a range must be > or >= its bottom, then < or <= its top, which is greater")
	}
	return func(value any) bool {
		number, ok := byValue(value)
		return ok && !slices.ContainsFunc(tests, func(holds func(float64) bool) bool { return !holds(number) })
	}, nil
}
