package stacks

import (
	"embed"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
	"github.com/noidle/noidle/constructs/web"
)

//go:embed guestbook
var guestbook embed.FS

// HelloServerlessStack is the second lab: a guestbook, which is a page, an API and a
// table. The entries go with the stack.
//
// Its output is Url.
type HelloServerlessStack struct {
	awscdk.Stack

	// App is the page, its API and the table behind it.
	App *web.ServerlessWebApp
}

// NewHelloServerlessStack adds a HelloServerlessStack to scope. Nil props mean the
// CDK's defaults.
func NewHelloServerlessStack(scope constructs.Construct, id string, props *awscdk.StackProps) *HelloServerlessStack {
	s := &HelloServerlessStack{}
	awscdk.NewStack_Override(s, scope, &id, props)
	directory, remove := directoryOf(guestbook)
	defer remove()
	s.App = web.NewServerlessWebApp(s, "Guestbook", &web.ServerlessWebAppProps{
		Site: directory + "/guestbook",
		API: &web.HTTPServiceProps{
			Package:      "github.com/noidle/noidle/functions/guestbook",
			Routes:       []web.Route{{Method: "GET", Path: "/entries"}, {Method: "POST", Path: "/entries"}},
			Table:        &storage.TableProps{PartitionKey: "book", SortKey: "id", RemovalPolicy: awscdk.RemovalPolicy_DESTROY},
			TableActions: []string{"dynamodb:PutItem", "dynamodb:Query"},
		},
	})
	suppress.Findings(s.App.API.Table, map[string]string{
		"retain-stateful": "a lab leaves nothing behind",
		"table-ttl":       "a lab is over soon",
	})
	output(s, "Url", s.URL())
	return s
}

// URL returns the address of the page, which is the output Url.
func (s *HelloServerlessStack) URL() *string { return s.App.URL() }
