package rules

import (
	"strings"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "function-failure-destination",
		Title:    "What a function fails to do with an event that nobody waits for goes to a destination.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html",
		Severity: Error,
		Fix:      "Add an AWS::Lambda::EventInvokeConfig with DestinationConfig.OnFailure, or a DeadLetterConfig.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkFunctionFailureDestination,
	})
}

// asynchronous are the services that invoke functions asynchronously.
var asynchronous = []string{
	"s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com", "iot.amazonaws.com", "logs.amazonaws.com", "ses.amazonaws.com",
}

// mayAuthorize reports whether a permission may be for an authorizer of IoT, which
// waits for the function.
func mayAuthorize(permission *template.Resource) bool {
	source := permission.Get("SourceArn")
	rule := source.Resource()
	isRule := rule != nil && rule.Type == "AWS::IoT::TopicRule" || strings.Contains(source.Text(), ":rule/")
	return permission.Get("Principal").Is("iot.amazonaws.com") && !isRule
}

// checkFunctionFailureDestination looks at functions that these services or schedules invoke:
// Lambda takes their events at once and tries each up to three times.
func checkFunctionFailureDestination(r *template.Resource, report reporter) {
	if !r.Get("DeadLetterConfig", "TargetArn").Missing() {
		return
	}
	for _, config := range r.App().Resources("AWS::Lambda::EventInvokeConfig") {
		if mayBeOf(config.Get("FunctionName"), r) && !config.Get("DestinationConfig", "OnFailure", "Destination").Missing() {
			return
		}
	}
	for _, permission := range r.App().Resources("AWS::Lambda::Permission") {
		principal := permission.Get("Principal")
		if functionOf(permission.Get("FunctionName")) == r && principal.Is(asynchronous...) && !mayAuthorize(permission) {
			report("DeadLetterConfig", "an event of %s is lost after three attempts", principal.Text())
			return
		}
	}
	for _, schedule := range r.App().Resources("AWS::Scheduler::Schedule") {
		if functionOf(schedule.Get("Target", "Arn")) == r {
			report("DeadLetterConfig", "what %s starts is lost after three attempts", schedule.Path())
			return
		}
	}
}
