package kinesis

import (
	"fmt"

	"github.com/noidle/noidle/local/api"
)

func fail(code, format string, args ...any) error {
	return &api.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return fail("InvalidArgumentException", format, args...)
}

// constraint says that a member of a request breaks a rule of the API's model.
func constraint(value any, member, rule string) error {
	return fail("ValidationException", "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// within returns the value of a parameter, or initial when it is not given. More
// than the maximum, of the API's model, is refused.
func within(parameter string, value *int, initial, maximum int) (int, error) {
	switch {
	case value == nil:
		return initial, nil
	case *value < 1:
		return 0, constraint(*value, parameter, "Member must have value greater than or equal to 1")
	case *value > maximum:
		return 0, constraint(*value, parameter, fmt.Sprintf("Member must have value less than or equal to %d", maximum))
	}
	return *value, nil
}
