package states

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxNesting is how deep calls of intrinsic functions may be nested
// (https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html).
const maxNesting = 10

// intrinsicParser compiles a call such as States.Format('order {}', $.id).
type intrinsicParser struct{ rest string }

// argument is a compiled argument. Raw is a string literal before unescaping.
type argument struct {
	evaluate expression
	raw      string
}

func parseIntrinsic(text string) (expression, error) {
	p := &intrinsicParser{rest: text}
	evaluate, err := p.call(1)
	if err == nil && p.rest != "" {
		err = fmt.Errorf("%q after the end of the call", p.rest)
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return func(s *scope) (any, error) {
		value, err := evaluate(s)
		if err != nil {
			return nil, fail(errorIntrinsic, "The function '%s' had the following error: %v", text, err)
		}
		return value, nil
	}, nil
}

func (p *intrinsicParser) call(depth int) (expression, error) {
	name, rest, ok := strings.Cut(p.rest, "(")
	f, known := functions[strings.TrimSpace(name)]
	if !ok || !known {
		return nil, fmt.Errorf("%q is not an intrinsic function", name)
	}
	if depth > maxNesting {
		return nil, fmt.Errorf("more than %d nested functions", maxNesting)
	}
	p.rest = rest
	arguments, err := p.arguments(depth)
	if err != nil {
		return nil, err
	}
	if len(arguments) < f.least || f.most >= 0 && len(arguments) > f.most {
		return nil, fmt.Errorf("%s does not take %d arguments", name, len(arguments))
	}
	if name == "States.Format" && arguments[0].raw != "" {
		arguments[0].evaluate = constant(arguments[0].raw)
	}
	return func(s *scope) (any, error) {
		values := make([]any, len(arguments))
		for i, a := range arguments {
			var err error
			if values[i], err = a.evaluate(s); err != nil {
				return nil, err
			}
		}
		return f.call(s, values)
	}, nil
}

func (p *intrinsicParser) arguments(depth int) ([]argument, error) {
	var arguments []argument
	if p.skip(")") {
		return nil, nil
	}
	for {
		a, err := p.argument(depth)
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, a)
		if p.skip(")") {
			return arguments, nil
		}
		if !p.skip(",") {
			return nil, fmt.Errorf("expected , or ) before %q", p.rest)
		}
	}
}

// skip skips white space, and the token if it is next.
func (p *intrinsicParser) skip(token string) (skipped bool) {
	p.rest, skipped = strings.CutPrefix(strings.TrimLeft(p.rest, " \t\r\n"), token)
	if skipped {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	}
	return skipped
}

var (
	stringArgument = regexp.MustCompile(`^'((?:[^'\\]|\\['\\{}])*)'`)
	scalarArgument = regexp.MustCompile(`^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)`)
	unescape       = strings.NewReplacer(`\'`, `'`, `\\`, `\`, `\{`, `{`, `\}`, `}`)
)

func (p *intrinsicParser) argument(depth int) (argument, error) {
	switch {
	case strings.HasPrefix(p.rest, "$"):
		end := pathEnd(p.rest)
		found, err := parsePath(strings.TrimSpace(p.rest[:end]))
		if err != nil {
			return argument{}, err
		}
		p.rest = p.rest[end:]
		return argument{evaluate: found.evaluate}, nil
	case strings.HasPrefix(p.rest, "States."):
		evaluate, err := p.call(depth + 1)
		return argument{evaluate: evaluate}, err
	}
	if match := stringArgument.FindStringSubmatch(p.rest); match != nil {
		p.rest = p.rest[len(match[0]):]
		return argument{constant(unescape.Replace(match[1])), match[1]}, nil
	}
	if match := scalarArgument.FindString(p.rest); match != "" {
		p.rest = p.rest[len(match):]
		value, err := unmarshal(match)
		return argument{evaluate: constant(value)}, err
	}
	return argument{}, fmt.Errorf("expected a string, number, path or function at %q", p.rest)
}

// pathEnd returns the length of the path that text starts with: up to a comma or
// parenthesis that is not within brackets or quotes.
func pathEnd(text string) int {
	depth, quote := 0, byte(0)
	for i := range len(text) {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case depth > 0 && (c == '\'' || c == '"'):
			quote = c
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0 && (c == ',' || c == ')'):
			return i
		}
	}
	return len(text)
}

// format fills the {} of a template, in which \ makes ', {, } and \ stand for
// themselves.
func format(template string, values []any) (string, error) {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		switch rest := template[i:]; {
		case len(rest) > 1 && rest[0] == '\\' && strings.IndexByte(`'\{}`, rest[1]) >= 0:
			i++
			b.WriteByte(rest[1])
		case strings.HasPrefix(rest, "{}"):
			if len(values) == 0 {
				return "", errors.New("there are more {} than arguments")
			}
			text, err := display(values[0])
			if err != nil {
				return "", err
			}
			i++
			b.WriteString(text)
			values = values[1:]
		default:
			b.WriteByte(rest[0])
		}
	}
	if len(values) > 0 {
		return "", errors.New("there are more arguments than {}")
	}
	return b.String(), nil
}

func display(value any) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	return marshal(value)
}
