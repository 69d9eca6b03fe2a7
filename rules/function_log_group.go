package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "function-log-group",
		Title:    "A function writes to a log group that the template has.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
		Severity: Warning,
		Fix:      "Set LoggingConfig.LogGroup to an AWS::Logs::LogGroup with RetentionInDays.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkFunctionLogGroup,
	})
}

// checkFunctionLogGroup also takes a log group that has the name of the one that
// Lambda would make.
func checkFunctionLogGroup(r *template.Resource, report reporter) {
	if !r.Get("LoggingConfig", "LogGroup").Missing() {
		return
	}
	for _, group := range r.App().Resources("AWS::Logs::LogGroup", "Custom::LogRetention") {
		if group.Get("LogGroupName").MayReferTo(r) {
			return
		}
	}
	report("LoggingConfig.LogGroup", "Lambda makes a log group of its own, which keeps everything for ever")
}
