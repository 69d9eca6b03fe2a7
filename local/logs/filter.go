package logs

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	term       = regexp.MustCompile(`\s*(?:([?-]?)("(?:[^"\\]|\\.)*"|\w+)(?:\s|$)|(\S+))`)
	comparison = regexp.MustCompile(`^\s*\$\.([\w.-]+)\s*(=|!=|<=|>=|<|>)\s*("(?:[^"\\]|\\.)*"|[^\s"()=!<>&|%]+)\s*(&&|\|\||\}$)`)
)

// parsePattern returns what says whether a message matches a filter pattern: of
// terms, or of comparisons of a JSON object's members, joined by && and ||. What
// else AWS knows is refused
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
func parsePattern(pattern string) (func(message string) bool, error) {
	pattern = strings.TrimSpace(pattern)
	if inner, ok := strings.CutPrefix(pattern, "{"); ok {
		return parseComparisons(inner)
	}
	terms := map[string][]string{}
	for _, match := range term.FindAllStringSubmatch(pattern, -1) {
		if match[3] != "" {
			return nil, invalid("Invalid character(s) in term '" + match[3] + "': quote it. Patterns in brackets and regular expressions are not supported locally.")
		}
		terms[match[1]] = append(terms[match[1]], unquote(match[2]))
	}
	return func(message string) bool {
		contains := func(term string) bool { return strings.Contains(message, term) }
		missing := func(term string) bool { return !contains(term) }
		// Optional terms count only where there are no others.
		isOptional := terms[""] == nil && terms["-"] == nil && terms["?"] != nil
		return !slices.ContainsFunc(terms[""], missing) && !slices.ContainsFunc(terms["-"], contains) &&
			(!isOptional || slices.ContainsFunc(terms["?"], contains))
	}, nil
}

func unquote(s string) string {
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.TrimSuffix(quoted, `"`))
	}
	return s
}

type condition struct {
	path              []string
	operator, operand string
	// number is the operand as a number, or nil.
	number *float64
}

func parseComparisons(pattern string) (func(message string) bool, error) {
	alternatives := [][]condition{nil}
	for more := true; more; {
		match := comparison.FindStringSubmatch(pattern)
		if match == nil {
			return nil, invalid("Invalid filter pattern: not supported locally at '" + pattern + "': use comparisons such as $.level = \"ERROR\" with && and ||")
		}
		c := condition{path: strings.Split(match[1], "."), operator: match[2], operand: unquote(match[3])}
		if number, err := strconv.ParseFloat(match[3], 64); err == nil {
			c.number = &number
		} else if c.operator != "=" && c.operator != "!=" {
			return nil, invalid("Invalid filter pattern: " + c.operator + " needs a number, not " + match[3])
		}
		last := len(alternatives) - 1
		alternatives[last] = append(alternatives[last], c)
		if match[4] == "||" {
			alternatives = append(alternatives, nil)
		}
		pattern, more = pattern[len(match[0]):], match[4] != "}"
	}
	return func(message string) bool {
		var object map[string]any
		if json.Unmarshal([]byte(message), &object) != nil {
			return false
		}
		fails := func(c condition) bool { return !c.holds(object) }
		return slices.ContainsFunc(alternatives, func(all []condition) bool { return !slices.ContainsFunc(all, fails) })
	}, nil
}

// holds compares a text or a number. For other values, and where there is none,
// no comparison holds.
func (c *condition) holds(value any) bool {
	for _, name := range c.path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, isText := value.(string)
	if number, ok := value.(float64); ok {
		if c.number != nil {
			order := cmp.Compare(number, *c.number)
			return slices.Contains([][]string{{"<", "<=", "!="}, {"=", "<=", ">="}, {">", ">=", "!="}}[order+1], c.operator)
		}
		text, isText = strconv.FormatFloat(number, 'f', -1, 64), true
	}
	equal := equalText(c.operand, text)
	return isText && (c.operator == "=" && equal || c.operator == "!=" && !equal)
}

// equalText compares a text, where * at the start or the end is any text.
func equalText(pattern, text string) bool {
	inner, anyStart := strings.CutPrefix(pattern, "*")
	inner, anyEnd := strings.CutSuffix(inner, "*")
	return anyStart && anyEnd && strings.Contains(text, inner) ||
		anyStart && strings.HasSuffix(text, pattern[1:]) ||
		anyEnd && strings.HasPrefix(text, inner) && !anyStart ||
		text == pattern
}
