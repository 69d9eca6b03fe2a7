package web_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/web"
)

func ExampleNewStaticSite() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Docs"), nil)

	site := web.NewStaticSite(stack, "Docs", &web.StaticSiteProps{
		Site:           "./public",
		Immutable:      []string{"assets/*"},
		ContentSources: map[string][]string{"img-src": {"data:"}},
	})
	awscdk.NewCfnOutput(stack, new("SiteUrl"), &awscdk.CfnOutputProps{Value: site.URL()})
	app.Synth(nil)
}

// A page with an API, accounts and a table.
func ExampleNewServerlessWebApp() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, new("Notes"), nil)

	notes := web.NewServerlessWebApp(stack, "Notes", &web.ServerlessWebAppProps{
		Site:   "./site",
		API:    &web.HTTPServiceProps{Package: "./functions/notes", Table: &storage.TableProps{PartitionKey: "owner", SortKey: "id"}},
		SignIn: &web.SignInProps{},
	})
	awscdk.NewCfnOutput(stack, new("SiteUrl"), &awscdk.CfnOutputProps{Value: notes.URL()})
	app.Synth(nil)
}
