package firehose

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
)

const errorOutputType = "!{firehose:error-output-type}"

// checkPrefixes refuses prefixes by AWS's rules
// (https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html#prefix-rules).
func checkPrefixes(prefix, errorPrefix string) error {
	_, err := evaluate(prefix, time.Unix(0, 0))
	_, errorErr := evaluate(strings.ReplaceAll(errorPrefix, errorOutputType, ""), time.Unix(0, 0))
	switch {
	case err != nil:
		return fmt.Errorf("property Prefix: %q: %w", prefix, err)
	case errorErr != nil:
		return fmt.Errorf("property ErrorOutputPrefix: %q: %w", errorPrefix, errorErr)
	case strings.Contains(prefix, "!{") && errorPrefix == "":
		return fmt.Errorf("property Prefix: %q has an expression, which needs an ErrorOutputPrefix", prefix)
	case strings.Contains(errorPrefix, "!{") && !strings.Contains(errorPrefix, errorOutputType):
		return fmt.Errorf("property ErrorOutputPrefix: %q: want %s in it", errorPrefix, errorOutputType)
	}
	return nil
}

var (
	expression = regexp.MustCompile(`!\{[^}]*\}?`)
	// token is a part of a pattern of Java's DateTimeFormatter.
	token   = regexp.MustCompile(`y+|M+|d+|H+|m+|s+|'[^']*'|[^a-zA-Z\[\]{}#']+|.`)
	special = regexp.MustCompile(`[a-zA-Z\[\]{}#']`)
	// layouts are what is supported, as Go has it.
	layouts = map[string]string{"yyyy": "2006", "yy": "06", "MM": "01", "M": "1", "dd": "02", "d": "2", "HH": "15", "mm": "04", "m": "4", "ss": "05", "s": "5"}
)

// evaluate returns a prefix with its expressions evaluated for a time.
func evaluate(prefix string, at time.Time) (string, error) {
	if !strings.Contains(prefix, "!{timestamp:") {
		prefix += "!{timestamp:yyyy/MM/dd/HH/}"
	}
	var problem error
	evaluated := expression.ReplaceAllStringFunc(prefix, func(e string) string {
		pattern, timestamp := strings.CutPrefix(e, "!{timestamp:")
		pattern, valid := strings.CutSuffix(pattern, "}")
		text := token.ReplaceAllStringFunc(pattern, func(t string) string {
			switch layout, ok := layouts[t]; {
			case ok:
				return at.UTC().Format(layout)
			case len(t) > 1 && t[0] == '\'':
				return cmp.Or(t[1:len(t)-1], "'")
			}
			valid = valid && !special.MatchString(t)
			return t
		})
		switch {
		case e == "!{firehose:random-string}":
			return uuid.NewString()[:11]
		case !timestamp || !valid:
			problem = fmt.Errorf("expression %s is not supported locally: want !{firehose:random-string}, or !{timestamp:} of yyyy, MM, dd, HH, mm, ss and 'text'", e)
		}
		return text
	})
	if len(evaluated) > 512 {
		problem = errors.New("it is longer than 512 characters")
	}
	return evaluated, problem
}
