package iam

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noidle/noidle/local/api"
)

// condition is one key of one condition operator
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
type condition struct {
	key       string
	values    []string
	compare   func(have, want string) bool
	null      bool   // the operator is Null
	negated   bool   // the operator holds if no value compares
	ifExists  bool   // it holds if the request lacks the key
	qualifier string // ForAllValues, ForAnyValue or none
}

// compares are the operators that hold if one of the wanted values compares.
var compares = map[string]func(have, want string) bool{
	"StringEquals":              func(have, want string) bool { return have == want },
	"StringEqualsIgnoreCase":    strings.EqualFold,
	"StringLike":                func(have, want string) bool { return glob(want, have) },
	"ArnEquals":                 arnLike,
	"ArnLike":                   arnLike,
	"BinaryEquals":              func(have, want string) bool { return have == want },
	"Bool":                      strings.EqualFold,
	"IpAddress":                 inPrefix,
	"NumericEquals":             numeric(func(order int) bool { return order == 0 }),
	"NumericLessThan":           numeric(func(order int) bool { return order < 0 }),
	"NumericLessThanEquals":     numeric(func(order int) bool { return order <= 0 }),
	"NumericGreaterThan":        numeric(func(order int) bool { return order > 0 }),
	"NumericGreaterThanEquals":  numeric(func(order int) bool { return order >= 0 }),
	"DateEquals":                date(func(order int) bool { return order == 0 }),
	"DateLessThan":              date(func(order int) bool { return order < 0 }),
	"DateLessThanEquals":        date(func(order int) bool { return order <= 0 }),
	"DateGreaterThan":           date(func(order int) bool { return order > 0 }),
	"DateGreaterThanEquals":     date(func(order int) bool { return order >= 0 }),
	"Null":                      nil,
	"StringNotEquals":           nil,
	"StringNotEqualsIgnoreCase": nil,
	"StringNotLike":             nil,
	"ArnNotEquals":              nil,
	"ArnNotLike":                nil,
	"NumericNotEquals":          nil,
	"DateNotEquals":             nil,
	"NotIpAddress":              nil,
}

func parseConditions(operators map[string]map[string]oneOrMore) ([]condition, error) {
	var conditions []condition
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		c, err := parseOperator(operator)
		if err != nil {
			return nil, err
		}
		for _, key := range slices.Sorted(maps.Keys(operators[operator])) {
			c.key, c.values = key, operators[operator][key]
			conditions = append(conditions, c)
		}
	}
	return conditions, nil
}

func parseOperator(operator string) (condition, error) {
	name := operator
	c := condition{}
	if before, after, found := strings.Cut(name, ":"); found {
		c.qualifier, name = before, after
		if before != "ForAllValues" && before != "ForAnyValue" {
			return c, fmt.Errorf("condition operator %q is not supported", operator)
		}
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	compare, known := compares[name]
	if !known || name == "Null" && (c.ifExists || c.qualifier != "") {
		return c, fmt.Errorf("condition operator %q is not supported", operator)
	}
	c.null = name == "Null"
	if compare == nil {
		c.negated = !c.null
		compare = compares[strings.Replace(name, "Not", "", 1)]
	}
	c.compare = compare
	return c, nil
}

func (c condition) holds(keys api.Keys) bool {
	have := lookup(keys, c.key)
	if c.null {
		return slices.ContainsFunc(c.values, func(want string) bool { return strings.EqualFold(want, "true") == (len(have) == 0) })
	}
	matches := func(value string) bool {
		one := slices.ContainsFunc(c.values, func(want string) bool {
			want, ok := substitute(want, func() api.Keys { return keys })
			return ok && c.compare(value, want)
		})
		return one != c.negated
	}
	if len(have) == 0 {
		return c.ifExists || c.qualifier == "ForAllValues" || c.qualifier == "" && c.negated
	}
	if c.qualifier == "ForAllValues" || c.qualifier == "" && c.negated {
		return !slices.ContainsFunc(have, func(value string) bool { return !matches(value) })
	}
	return slices.ContainsFunc(have, matches)
}

// arnLike compares the six parts of an ARN one by one.
func arnLike(have, want string) bool {
	haves, wants := strings.SplitN(have, ":", 6), strings.SplitN(want, ":", 6)
	if len(haves) != 6 || len(wants) != 6 {
		return want == "*"
	}
	for i := range wants {
		if !glob(wants[i], haves[i]) {
			return false
		}
	}
	return true
}

func inPrefix(have, want string) bool {
	address, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if !strings.Contains(want, "/") {
		want += "/" + strconv.Itoa(address.BitLen())
	}
	prefix, err := netip.ParsePrefix(want)
	return err == nil && prefix.Contains(address)
}

func numeric(holds func(order int) bool) func(have, want string) bool {
	return func(have, want string) bool {
		h, err1 := strconv.ParseFloat(have, 64)
		w, err2 := strconv.ParseFloat(want, 64)
		if err1 != nil || err2 != nil {
			return false
		}
		return holds(cmp.Compare(h, w))
	}
}

func date(holds func(order int) bool) func(have, want string) bool {
	return func(have, want string) bool {
		h, err1 := parseDate(have)
		w, err2 := parseDate(want)
		return err1 == nil && err2 == nil && holds(h.Compare(w))
	}
}

// parseDate reads a date in ISO 8601 or in seconds since 1970.
func parseDate(text string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("date %q: want ISO 8601 or seconds since 1970", text)
}
