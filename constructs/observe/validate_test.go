package observe

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// someScope stands for a construct that nobody looks into.
type someScope struct{ constructs.Construct }

var scopes = []constructs.Construct{someScope{}}

func TestProps(t *testing.T) {
	audit := func(p *AuditTrailProps) error {
		_, err := p.complete()
		return err
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"dashboard", (&DashboardProps{Scopes: scopes, Name: "Shop-1_a"}).validate(), ""},
		{"dashboard without props", (*DashboardProps)(nil).validate(), "no Scopes: set the app, stacks or constructs to look at"},
		{"dashboard with a bad name", (&DashboardProps{Scopes: scopes, Name: "My shop"}).validate(), `Name is "My shop": must be letters`},
		{"dashboard with a bad runbook", (&DashboardProps{Scopes: scopes, Runbook: "wiki"}).validate(), `Runbook is "wiki": must be an address that starts with https://`},
		{"alarms", (&AlarmsProps{Scopes: scopes, Emails: []string{"a@example.com"}, ChatWebhook: "/shop/chat-webhook", Runbook: "https://wiki.example.com/shop"}).validate(), ""},
		{"alarms without scopes", (&AlarmsProps{}).validate(), "no Scopes"},
		{"alarms with a bad address", (&AlarmsProps{Scopes: scopes, Emails: []string{"a@example.com", "ops"}}).validate(), `Emails hold "ops": must be addresses`},
		{"alarms with the webhook itself", (&AlarmsProps{Scopes: scopes, ChatWebhook: "https://hooks.slack.com/services/T0"}).validate(), "must be the name of a parameter"},
		{"alarms with http", (&AlarmsProps{Scopes: scopes, Runbook: "http://wiki"}).validate(), `Runbook is "http://wiki"`},
		{"alarms with a scope that is nil", (&AlarmsProps{Scopes: []constructs.Construct{someScope{}, nil}}).validate(), "Scopes[1] is nil: make it first"},
		{"queries", (&QueriesProps{Scopes: scopes}).validate(), ""},
		{"queries without scopes", (&QueriesProps{}).validate(), "no Scopes"},
		{"queries with a negative time", (&QueriesProps{Scopes: scopes, Slow: -time.Second}).validate(), "Slow is -1s: must not be negative"},
		{"queries without props", (*QueriesProps)(nil).validate(), "no Scopes"},
		{"alarms without props", (*AlarmsProps)(nil).validate(), "no Scopes"},
		{"budget", (&BudgetProps{Monthly: 0.5, Emails: []string{"a@b"}, TagKey: "team", TagValue: "shop"}).validate(), ""},
		{"budget without props", (*BudgetProps)(nil).validate(), "no Monthly"},
		{"budget of nothing", (&BudgetProps{Emails: []string{"a@b"}}).validate(), "Monthly is 0: must be more than 0 US dollars"},
		{"budget for nobody", (&BudgetProps{Monthly: 1}).validate(), "Emails are 0: must be 1 to 10"},
		{"budget for many", (&BudgetProps{Monthly: 1, Emails: slices.Repeat([]string{"a@b"}, 11)}).validate(), "Emails are 11"},
		{"budget of a key alone", (&BudgetProps{Monthly: 1, Emails: []string{"a@b"}, TagKey: "team"}).validate(), `TagKey is "team" and TagValue "": set both or none`},
		{"budget for a bad address", (&BudgetProps{Monthly: 1, Emails: []string{"@b"}}).validate(), `Emails hold "@b"`},
		{"audit trail", audit(nil), ""},
		{"audit trail of a day", audit(&AuditTrailProps{KeepFor: day}), ""},
		{"audit trail of hours", audit(&AuditTrailProps{KeepFor: 36 * time.Hour}), "KeepFor is 36h0m0s: must be whole days, from 24h to 100 years"},
		{"audit trail of the past", audit(&AuditTrailProps{KeepFor: -day}), "KeepFor is -24h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect.Error(t, tt.err, tt.want) })
	}
}
