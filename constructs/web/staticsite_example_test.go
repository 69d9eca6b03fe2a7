package web_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

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
