package rules

import "github.com/noidle/noidle/rules/template"

func init() {
	register(Rule{
		ID:       "log-group-retention",
		Title:    "Log groups forget after some time.",
		Page:     "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
		Severity: Warning,
		Fix:      "Set RetentionInDays.",
		Types:    []string{"AWS::Logs::LogGroup"},
		check:    checkLogGroupRetention,
	})
}

// checkLogGroupRetention leaves out the class DELIVERY, which keeps logs for a day:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
func checkLogGroupRetention(r *template.Resource, report reporter) {
	if r.Get("RetentionInDays").Missing() && r.Get("LogGroupClass").Not("DELIVERY") {
		report("RetentionInDays", "logs are kept, and paid for, for ever")
	}
}
