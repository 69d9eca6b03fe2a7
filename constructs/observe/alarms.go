package observe

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/compute"
	"github.com/noidle/noidle/constructs/suppress"
)

// AlarmsProps configures [Alarms]. Scopes are required.
type AlarmsProps struct {
	// Scopes are where the alarms are: an app, stacks or constructs.
	Scopes []constructs.Construct
	// Topic is a topic of your own, in a stack that needs nothing of those with the
	// alarms. Nil means a new one. CloudWatch cannot send to one that is encrypted
	// with the key alias/aws/sns
	// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html).
	Topic awssns.ITopic
	// Emails are the addresses that alarms are sent to, once their owners have
	// followed the link in the message that they get.
	Emails []string
	// ChatWebhook is the name of a parameter of the Systems Manager, a SecureString
	// with AWS's own key, that holds the address of a webhook of Slack, Teams or a
	// chat that takes Slack's format. Empty means none.
	ChatWebhook string
	// Runbook is an address that is added to the description of each alarm. Empty
	// means none.
	Runbook string
}

// Alarms sends every alarm below a scope to a topic, when it fires and when it is
// over, and makes one of them all. What alarms tell already keeps its place.
type Alarms struct {
	constructs.Construct

	// Topic gets the alarms. Over TLS only, if it is new.
	Topic awssns.ITopic
	// Unhealthy is in alarm while any of the alarms is. It tells nobody, as they do;
	// it is for what depends on the health of all, such as a deployment.
	Unhealthy awscloudwatch.CompositeAlarm
	// Chat posts the alarms to the webhook, nil without one.
	Chat *compute.GoFunction
}

// NewAlarms adds Alarms to scope. The alarms may be in other stacks, of the same
// account and region: their stacks do not depend on this one, as they name the topic,
// and it may depend on them. It panics if props are invalid, if there is no alarm, or
// if one takes no further action.
func NewAlarms(scope constructs.Construct, id string, props *AlarmsProps) *Alarms {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("observe: Alarms %q: %w", id, err))
	}
	all := below(props.Scopes, isAlarm)
	a := &Alarms{Topic: props.Topic}
	constructs.NewConstruct_Override(a, scope, &id)
	var name *string
	if a.Topic == nil {
		name = awscdk.Names_UniqueResourceName(a, &awscdk.UniqueResourceNameOptions{MaxLength: new(256.0), Separator: new("-")})
		a.Topic = awssns.NewTopic(a, new("Topic"), &awssns.TopicProps{TopicName: name, EnforceSSL: new(true)})
		suppress.Findings(a.Topic, map[string]string{
			"topic-encryption": "CloudWatch cannot send to a topic with AWS's own key, and one of our own costs by the month; the messages hold no data of users",
		})
	}
	a.Topic.AddToResourcePolicy(cloudWatchMayPublish(a))
	a.subscribe(props)
	var names []string
	for _, alarm := range all {
		if err := a.tell(alarm, name, props.Runbook); err != nil {
			panic(fmt.Errorf("observe: Alarms %q: alarm %s: %w", id, *alarm.Node().Path(), err))
		}
		if isMetricAlarm(*alarm.CfnResourceType()) {
			names = append(names, *alarm.Ref())
		}
	}
	if len(names) == 0 {
		panic(fmt.Errorf("observe: Alarms %q: there is no alarm below the scopes", id))
	}
	a.Unhealthy = a.anyOf(names, props.Runbook)
	return a
}

// TopicARN returns the ARN of the topic, as a CDK token.
func (a *Alarms) TopicARN() *string { return a.Topic.TopicArn() }

func isMetricAlarm(cloudFormationType string) bool {
	return cloudFormationType == "AWS::CloudWatch::Alarm"
}

func isAlarm(cloudFormationType string) bool {
	return isMetricAlarm(cloudFormationType) || cloudFormationType == "AWS::CloudWatch::CompositeAlarm"
}

const (
	// maxActions is how many an alarm takes
	// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html),
	// maxDescription how long its description is
	// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
	maxActions     = 5
	maxDescription = 1024
)

// tell makes an alarm tell the topic, by overriding single properties: the CDK's
// alarms make their lists only when they are synthesized. An alarm in another stack
// names the topic by its name, as its stack would depend on this one otherwise.
// CloudWatch does not look for it
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html).
func (a *Alarms) tell(alarm awscdk.CfnResource, topicName *string, runbook string) error {
	own, its := awscdk.Stack_Of(a), alarm.Stack()
	if *own.Environment() != *its.Environment() {
		return fmt.Errorf("it is in %s, the topic in %s: add Alarms to a stack of each region and account", *its.Environment(), *own.Environment())
	}
	arn := a.Topic.TopicArn()
	if topicName != nil && *own.Node().Path() != *its.Node().Path() {
		arn = its.FormatArn(&awscdk.ArnComponents{Service: new("sns"), Resource: topicName})
	}
	p := propertiesOf(alarm)
	for _, name := range []string{"AlarmActions", "OKActions"} {
		actions, _ := p.get(name).([]any)
		others, _ := added(alarm, name).([]any)
		count := len(actions) + len(others)
		if count >= maxActions {
			return fmt.Errorf("it has %d %s, and may have no more than %d: leave one out", count, name, maxActions)
		}
		others = append(others, *arn)
		if len(actions) == 0 {
			alarm.AddPropertyOverride(&name, others)
		} else {
			alarm.AddPropertyOverride(new(fmt.Sprintf("%s.%d", name, count)), arn)
		}
		remember(alarm, name, others)
	}
	if runbook == "" {
		return nil
	}
	return link(alarm, cmp.Or(added(alarm, "AlarmDescription"), p.get("AlarmDescription")), runbook)
}

// added is what other Alarms have made of a property, which the alarm itself does not
// tell.
func added(alarm awscdk.CfnResource, property string) any {
	return alarm.Node().TryGetContext(new(addedContext + property))
}

func remember(alarm awscdk.CfnResource, property string, value any) {
	alarm.Node().SetContext(new(addedContext+property), value)
}

const addedContext = "noidle:observe:"

// link adds the runbook to an alarm's description, which may not be known yet.
func link(alarm awscdk.CfnResource, description any, runbook string) error {
	text, ok := description.(string)
	switch {
	case ok || description == nil:
		text = withRunbook(text, runbook)
		description = text
		if length := utf8.RuneCountInString(text); length > maxDescription {
			return fmt.Errorf("its description has %d characters with the runbook, and may have no more than %d: shorten it", length, maxDescription)
		}
	default:
		description = map[string]any{"Fn::Join": []any{"", []any{description, " Runbook: " + runbook}}}
	}
	alarm.AddPropertyOverride(new("AlarmDescription"), description)
	remember(alarm, "AlarmDescription", description)
	return nil
}

// withRunbook adds the runbook to a description, once.
func withRunbook(description, runbook string) string {
	link := "Runbook: " + runbook
	if runbook == "" || strings.HasSuffix(description, link) {
		return description
	}
	return strings.TrimSpace(description + " " + link)
}

// maxChildren keeps a rule under 10,240 characters with names of 255, and under 100
// alarms
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html).
const maxChildren = 36

// anyOf makes an alarm of alarms; of many, an alarm of alarms of alarms.
func (a *Alarms) anyOf(names []string, runbook string) awscloudwatch.CompositeAlarm {
	for part := 1; len(names) > maxChildren; {
		var parts []string
		for some := range slices.Chunk(names, maxChildren) {
			parts = append(parts, *a.composite(fmt.Sprintf("UnhealthyPart%d", part), some, runbook).AlarmName())
			part++
		}
		names = parts
	}
	return a.composite("Unhealthy", names, runbook)
}

func (a *Alarms) composite(id string, names []string, runbook string) awscloudwatch.CompositeAlarm {
	rule := `ALARM("` + strings.Join(names, `") OR ALARM("`) + `")`
	return awscloudwatch.NewCompositeAlarm(a, &id, &awscloudwatch.CompositeAlarmProps{
		AlarmRule:        awscloudwatch.AlarmRule_FromString(&rule),
		AlarmDescription: new(withRunbook("The service is unhealthy: one of its alarms fires. Look at those.", runbook)),
	})
}

func (p *AlarmsProps) validate() error {
	if p == nil {
		p = &AlarmsProps{}
	}
	if err := validateScopes(p.Scopes); err != nil {
		return err
	}
	if err := validateEmails(p.Emails); err != nil {
		return err
	}
	if p.ChatWebhook != "" && !parameterName.MatchString(p.ChatWebhook) {
		return fmt.Errorf("ChatWebhook is %q: must be the name of a parameter, such as \"/shop/chat-webhook\", not the address itself, which is secret", p.ChatWebhook)
	}
	return validateRunbook(p.Runbook)
}

func validateRunbook(runbook string) error {
	u, err := url.Parse(runbook)
	if runbook != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("Runbook is %q: must be an address that starts with https://", runbook)
	}
	return nil
}

func validateEmails(emails []string) error {
	for _, email := range emails {
		if name, domain, ok := strings.Cut(email, "@"); !ok || name == "" || domain == "" {
			return fmt.Errorf("Emails hold %q: must be addresses such as ops@example.com", email)
		}
	}
	return nil
}
