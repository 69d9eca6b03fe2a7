package sqs

import (
	"cmp"
	"fmt"

	"github.com/noidle/noidle/local/api"
)

// queryCodes are the names that errors had in the Query protocol, where they
// differ (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html).
var queryCodes = map[string]string{
	"BatchEntryIdsNotDistinct":          "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
	"BatchRequestTooLong":               "AWS.SimpleQueueService.BatchRequestTooLong",
	"EmptyBatchRequest":                 "AWS.SimpleQueueService.EmptyBatchRequest",
	"InvalidBatchEntryId":               "AWS.SimpleQueueService.InvalidBatchEntryId",
	"InvalidParameterValueException":    "InvalidParameterValue",
	"MessageNotInflight":                "AWS.SimpleQueueService.MessageNotInflight",
	"MissingRequiredParameterException": "MissingParameter",
	"PurgeQueueInProgress":              "AWS.SimpleQueueService.PurgeQueueInProgress",
	"QueueDoesNotExist":                 "AWS.SimpleQueueService.NonExistentQueue",
	"QueueNameExists":                   "QueueAlreadyExists",
	"TooManyEntriesInBatchRequest":      "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
	"UnsupportedOperation":              "AWS.SimpleQueueService.UnsupportedOperation",
}

func fail(code, message string) error {
	return &api.Error{Code: code, Message: message, QueryCode: cmp.Or(queryCodes[code], code)}
}

func missing(parameter string) error {
	return fail("MissingRequiredParameterException", "The request must contain the parameter "+parameter+".")
}

func invalid(format string, args ...any) error {
	return fail("InvalidParameterValueException", fmt.Sprintf(format, args...))
}

func invalidValue(parameter string, value any, reason string) error {
	return invalid("Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

// within returns the value of a parameter, or initial when it is not given.
func within(parameter string, value *int, initial, minimum, maximum int) (int, error) {
	if value == nil {
		return initial, nil
	}
	if *value < minimum || *value > maximum {
		return 0, invalidValue(parameter, *value, fmt.Sprintf("Must be between %d and %d, if provided.", minimum, maximum))
	}
	return *value, nil
}
