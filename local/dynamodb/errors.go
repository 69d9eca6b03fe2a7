package dynamodb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// The names of errors that decide what becomes of a request, and beginnings of
// messages
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html).
const (
	validationException      = "ValidationException"
	conditionalCheckFailed   = "ConditionalCheckFailedException"
	resourceNotFound         = "ResourceNotFoundException"
	invalidParameterValues   = "One or more parameter values were invalid: "
	invalidKeyValues         = "One or more parameter values are not valid. "
	keyDoesNotMatchTheSchema = "The provided key element does not match the schema"
)

func invalid(format string, args ...any) error {
	return &api.Error{Code: validationException, Message: fmt.Sprintf(format, args...)}
}

// checkFailed is the error of a write whose condition does not hold, with the
// item as it is, if that was asked for.
func checkFailed(old item) error {
	failure := &api.Error{Code: conditionalCheckFailed, Message: "The conditional request failed"}
	if old != nil {
		failure.Members = map[string]any{"Item": old}
	}
	return failure
}

// oneOf returns an error unless a member of a request has one of the values or
// none.
func oneOf(member, got string, allowed ...string) error {
	if got == "" || slices.Contains(allowed, got) {
		return nil
	}
	return constraint(got, member, "Member must satisfy enum value set: ["+join(allowed)+"]")
}

func constraint(got any, member, rule string) error {
	return invalid("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", got, member, rule)
}

// missing is the error of a request without a member.
func missing(member string) error {
	return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

func join(words []string) string { return strings.Join(words, ", ") }
