package states

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// integration is what a task's Resource stands for: an operation of a service
// (https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html).
type integration struct {
	// service and operation are as the service's API names them.
	service, operation string
	// prefix starts the names of errors, and client is the SDK's client, which
	// names the errors that the service does not define.
	prefix, client string
	// text is a member that may be any JSON and is sent as a string.
	text string
	// token is whether the task waits for its token.
	token bool
	// function is the ARN of a Lambda function that is the Resource itself.
	function string
	// resourceType and resource are the names in the history.
	resourceType, resource string
}

// optimized are the optimized integrations and whether they may wait for a token
// (https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html).
var optimized = map[string]struct {
	integration
	operations string
	callback   bool
}{
	"lambda":   {integration{prefix: "Lambda", client: "AWSLambda"}, "invoke", true},
	"dynamodb": {integration{prefix: "DynamoDB", client: "AmazonDynamoDB"}, "getItem putItem updateItem deleteItem", false},
	"sqs":      {integration{prefix: "SQS", client: "AmazonSQS", text: "MessageBody"}, "sendMessage", true},
	"sns":      {integration{prefix: "SNS", client: "AmazonSNS", text: "Message"}, "publish", true},
	"events":   {integration{prefix: "EventBridge", client: "AmazonEventBridge"}, "putEvents", true},
	"states":   {integration{prefix: "StepFunctions", client: "AWSStepFunctions", text: "Input"}, "startExecution", false},
}

// sdk are the services of AWS SDK integrations: their endpoints and the names
// that errors start with
// (https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html).
var sdk = map[string]struct{ service, prefix string }{
	"dynamodb":    {"dynamodb", "DynamoDb"},
	"sqs":         {"sqs", "Sqs"},
	"sns":         {"sns", "Sns"},
	"eventbridge": {"events", "EventBridge"},
	"sfn":         {"states", "Sfn"},
	"lambda":      {"lambda", "Lambda"},
}

var (
	functionARN = regexp.MustCompile(`^arn:[^:]+:lambda:[^:]*:[^:]*:function:.+$`)
	resourceARN = regexp.MustCompile(`^arn:[^:]+:states:[^:]*:[^:]*:((?:aws-sdk:)?([a-z]+)):([a-zA-Z]+)(\.waitForTaskToken)?$`)
)

// UnmarshalJSON implements json.Unmarshaler.
func (i *integration) UnmarshalJSON(data []byte) error {
	var arn string
	if err := json.Unmarshal(data, &arn); err != nil {
		return err
	}
	if functionARN.MatchString(arn) {
		*i = integration{service: "lambda", operation: "Invoke", prefix: "Lambda", client: "AWSLambda", function: arn}
		return nil
	}
	parts := resourceARN.FindStringSubmatch(arn)
	if parts == nil {
		return fmt.Errorf("%q is not supported", arn)
	}
	service, operation, token := parts[2], parts[3], parts[4] != ""
	if known, ok := optimized[parts[1]]; ok && contains(known.operations, operation) && (known.callback || !token) {
		*i = known.integration
		i.service = service
	} else if known, ok := sdk[service]; ok && parts[1] != service && (service != "lambda" || operation != "invoke") {
		*i = integration{service: known.service, prefix: known.prefix, client: known.prefix}
	} else {
		return fmt.Errorf("%q is not supported", arn)
	}
	i.operation, i.token = renamed(operation, unicode.ToUpper), token
	i.resourceType, i.resource = parts[1], operation+parts[4]
	return nil
}

func contains(words, word string) bool {
	return strings.Contains(" "+words+" ", " "+word+" ")
}

func renamed(name string, first func(rune) rune) string {
	if name == "" {
		return ""
	}
	return string(first(rune(name[0]))) + name[1:]
}

// request makes the input of the operation from the task's effective input.
func (i integration) request(input payload, execution, machine string) (string, error) {
	if i.function != "" {
		return marshal(map[string]any{"FunctionName": i.function, "Payload": input.value})
	}
	parameters, ok := input.value.(map[string]any)
	if !ok {
		return "", fail(errorRuntime, "The Parameters '%s' could not be used to start the Task: an object is required", input.text)
	}
	if i.text == "" && i.service != "states" && i.resourceType != "events" {
		return input.text, nil
	}
	changed := map[string]any{}
	for name, value := range parameters {
		if i.service == "states" {
			name = renamed(name, unicode.ToLower)
		}
		changed[name] = value
	}
	for _, name := range []string{i.text, renamed(i.text, unicode.ToLower)} {
		if err := asText(changed, name); err != nil {
			return "", err
		}
	}
	if i.resourceType == "events" {
		entries, _ := changed["Entries"].([]any)
		sent := make([]any, len(entries))
		for n, entry := range entries {
			sent[n] = event(entry, execution, machine)
		}
		changed["Entries"] = sent
	}
	return marshal(changed)
}

// asText makes a member a string that is not one.
func asText(object map[string]any, name string) error {
	value, ok := object[name]
	if !ok {
		return nil
	}
	text, err := display(value)
	object[name] = text
	return err
}

// event makes an entry of PutEvents: its Detail is sent as a string, and its
// Resources name the execution and the state machine
// (https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html).
func event(entry any, execution, machine string) any {
	object, ok := entry.(map[string]any)
	if !ok {
		return entry
	}
	changed, _ := put(object, []any{"Resources"}, nil)
	sent := changed.(map[string]any)
	resources, _ := object["Resources"].([]any)
	sent["Resources"] = append(append([]any{}, resources...), execution, machine)
	if err := asText(sent, "Detail"); err != nil {
		return entry
	}
	return sent
}

// result makes the task's result of the operation's output, or the failure that
// the output tells of.
func (i integration) result(output string) (payload, error) {
	answer, err := decode(output)
	if err != nil {
		return payload{}, &failure{name: i.prefix + ".SdkClientException", cause: fmt.Sprintf("%s answered %q: %v", i.service, output, err)}
	}
	if answer, err = answer.limited(); err != nil {
		return payload{}, err
	}
	members, _ := answer.value.(map[string]any)
	switch {
	case i.service == "lambda" && i.operation == "Invoke":
		if members["FunctionError"] != nil {
			return payload{}, functionFailure(members["Payload"])
		}
		if i.function != "" {
			return encode(members["Payload"])
		}
	case i.resourceType == "events":
		if failed, _ := members["FailedEntryCount"].(json.Number); failed != "" && failed != "0" {
			return payload{}, &failure{name: "EventBridge.FailedEntry", cause: answer.text}
		}
	case i.service == "states":
		changed := make(map[string]any, len(members))
		for name, value := range members {
			changed[renamed(name, unicode.ToUpper)] = value
		}
		return encode(changed)
	}
	return answer, nil
}

// functionFailure is the failure of a function that answered with an error
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation).
func functionFailure(answer any) *failure {
	text, err := marshal(answer)
	if err != nil {
		text = err.Error()
	}
	object, _ := answer.(map[string]any)
	if name, _ := object["errorType"].(string); name != "" {
		return &failure{name: name, cause: text}
	}
	return &failure{name: "Lambda.Unknown", cause: "The cause could not be determined because Lambda did not return an error type. Returned payload: " + text}
}
