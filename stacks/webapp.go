package stacks

import (
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/storage"
	"github.com/noidle/noidle/constructs/suppress"
	"github.com/noidle/noidle/constructs/web"
	"github.com/noidle/noidle/site"
)

// WebAppStackProps configures a [WebAppStack]. The three stacks are required.
type WebAppStackProps struct {
	// StackProps are the CDK's settings of the stack.
	StackProps awscdk.StackProps
	// Orders takes the orders that visitors place.
	Orders *OrderStack
	// Thumbnails makes those of the photos that users upload. Pages of any origin may
	// upload to its bucket then, by URLs that the app signs for its users.
	Thumbnails *ThumbnailStack
	// Analytics counts the posts that users send.
	Analytics *AnalyticsStack
	// RemovalPolicy says what becomes of the users, of their albums and of the page's
	// access logs when the stack goes. Empty means that they are retained.
	RemovalPolicy awscdk.RemovalPolicy
}

// WebAppStack is the reference of web apps: a ServerlessWebApp on whose one page
// visitors place orders, upload photos and watch trends move, by way of the other
// reference stacks.
//
// Its outputs are SiteUrl, ApiUrl (of the app's own API), UserPoolId and
// UserPoolClientId.
type WebAppStack struct {
	awscdk.Stack

	// App is the web app.
	App *web.ServerlessWebApp
	// Album holds which photos are whose.
	Album awsdynamodb.TableV2
}

// NewWebAppStack adds a WebAppStack to scope. It panics if one of the three stacks is
// missing.
func NewWebAppStack(scope constructs.Construct, id string, props *WebAppStackProps) *WebAppStack {
	if err := props.validate(); err != nil {
		panic(fmt.Errorf("stacks: WebAppStack %q: %w", id, err))
	}
	s := &WebAppStack{}
	awscdk.NewStack_Override(s, scope, &id, &props.StackProps)
	s.Album = storage.NewTable(s, "Album", &storage.TableProps{PartitionKey: "owner", SortKey: "id", RemovalPolicy: props.RemovalPolicy})
	suppress.Findings(s.Album, map[string]string{"table-ttl": "an entry is kept until its owner deletes it"})
	s.App = s.newApp(props)
	s.grant(props)
	allowUploads(props.Thumbnails)
	output(s, "SiteUrl", s.SiteURL())
	output(s, "ApiUrl", s.App.API.URL())
	output(s, "UserPoolId", s.App.SignIn.UserPool.UserPoolId())
	output(s, "UserPoolClientId", s.App.SignIn.Client.UserPoolClientId())
	return s
}

// SiteURL returns the address of the page, which is the output SiteUrl.
func (s *WebAppStack) SiteURL() *string { return s.App.URL() }

func (s *WebAppStack) newApp(props *WebAppStackProps) *web.ServerlessWebApp {
	directory, remove := directoryOf(site.Files)
	defer remove()
	pipeline := props.Thumbnails.Pipeline
	return web.NewServerlessWebApp(s, "App", &web.ServerlessWebAppProps{
		Site:          directory,
		RemovalPolicy: props.RemovalPolicy,
		SignIn:        &web.SignInProps{},
		API: &web.HTTPServiceProps{
			Package: "github.com/noidle/noidle/functions/webapp/api",
			Routes: []web.Route{
				{Method: "GET", Path: "/photos"},
				{Method: "POST", Path: "/photos"},
				{Method: "GET", Path: "/photos/{id}"},
				{Method: "DELETE", Path: "/photos/{id}"},
				{Method: "POST", Path: "/posts", Throttle: web.Throttle{RatePerSecond: 20, Burst: 40}},
			},
			Environment: map[string]string{
				"ALBUM_TABLE":       *s.Album.TableName(),
				"INDEX_TABLE":       *pipeline.Index.TableName(),
				"UPLOADS_BUCKET":    *pipeline.Uploads.BucketName(),
				"THUMBNAILS_BUCKET": *pipeline.Thumbnails.BucketName(),
				"STREAM_NAME":       *props.Analytics.Analytics.Stream.StreamName(),
			},
		},
		Mounts: []web.Mount{
			{Path: "/orders", API: props.Orders.Orders.API},
			{Path: "/trends", API: props.Analytics.Analytics.API},
		},
		StaticSite: &web.StaticSiteProps{ContentSources: map[string][]string{
			"connect-src": {"https://" + *pipeline.Uploads.BucketRegionalDomainName()},
			"img-src":     {"https://" + *pipeline.Thumbnails.BucketRegionalDomainName()},
		}},
	})
}

// grant allows the app's function what it does, which for URLs that it signs is what
// they are for.
func (s *WebAppStack) grant(props *WebAppStackProps) {
	function, pipeline := s.App.API.Function.Function, props.Thumbnails.Pipeline
	storage.Grant(s.Album, function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem")
	storage.Grant(pipeline.Index, function, "dynamodb:BatchGetItem")
	storage.GrantObjects(pipeline.Uploads, function, []string{"photos/"}, "s3:PutObject", "s3:DeleteObject")
	storage.GrantObjects(pipeline.Thumbnails, function, nil, "s3:GetObject")
	props.Analytics.Analytics.Stream.Grant(function, new("kinesis:PutRecords"))
}

// allowUploads lets pages upload photos. It names no origin: that of the app is in
// a stack that depends on the bucket's.
func allowUploads(thumbnails *ThumbnailStack) {
	bucket, ok := thumbnails.Pipeline.Uploads.(awss3.Bucket)
	if !ok {
		return // it is imported, and has rules of its own
	}
	bucket.AddCorsRule(&awss3.CorsRule{
		AllowedOrigins: &[]*string{new("*")},
		AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_PUT},
		AllowedHeaders: &[]*string{new("content-type")},
		MaxAge:         new(time.Hour.Seconds()),
	})
}

func (p *WebAppStackProps) validate() error {
	switch {
	case p == nil || p.Orders == nil:
		return errors.New("no Orders: set the stack of NewOrderStack")
	case p.Thumbnails == nil:
		return errors.New("no Thumbnails: set the stack of NewThumbnailStack")
	case p.Analytics == nil:
		return errors.New("no Analytics: set the stack of NewAnalyticsStack")
	}
	return nil
}
