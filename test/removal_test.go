package test

import (
	"path/filepath"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/noidle/noidle/constructs/analytics"
	"github.com/noidle/noidle/stacks"
)

// stateful are the types of resources that hold what cannot be made again.
var stateful = []string{"AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::Kinesis::Stream", "AWS::Cognito::UserPool"}

// replaceable are resources that go with their stack in any case, as what is in them
// can be lost: keys of a day, and the files of the page, which are assets.
var replaceable = map[string]bool{"OrdersIdempotency": true, "AppSiteBucket": true}

// TestRemovalPolicy: one prop of each stack says what becomes of all its data, which is
// retained and protected if the prop is empty.
func TestRemovalPolicy(t *testing.T) {
	tests := []struct {
		removal   awscdk.RemovalPolicy
		want      string
		protected any
	}{
		{"", "Retain", true},
		{awscdk.RemovalPolicy_DESTROY, "Delete", false},
	}
	for _, tt := range tests {
		t.Run("policy "+string(tt.removal), func(t *testing.T) {
			app := newApp(t)
			orders := stacks.NewOrderStack(app, "Orders", &stacks.OrderStackProps{RemovalPolicy: tt.removal})
			thumbnails := stacks.NewThumbnailStack(app, "Thumbnails", &stacks.ThumbnailStackProps{RemovalPolicy: tt.removal})
			trends := stacks.NewAnalyticsStack(app, "Analytics", &stacks.AnalyticsStackProps{
				Analytics: &analytics.StreamAnalyticsProps{Archive: &analytics.Archive{}}, RemovalPolicy: tt.removal,
			})
			stacks.NewWebAppStack(app, "WebApp", &stacks.WebAppStackProps{Orders: orders, Thumbnails: thumbnails, Analytics: trends, RemovalPolicy: tt.removal})
			dir := *app.Synth(nil).Directory()
			for _, stack := range []string{"Orders", "Thumbnails", "Analytics", "WebApp"} {
				var got template
				readJSON(t, filepath.Join(dir, stack+".template.json"), &got)
				checkRemoval(t, got, tt.want, tt.protected)
			}
		})
	}
}

func checkRemoval(t *testing.T, got template, want string, protected any) {
	t.Helper()
	for _, kind := range stateful {
		for _, id := range got.ofType(kind) {
			r := got.Resources[id]
			want, protected := want, protected
			if replaceable[logicalIDHash.ReplaceAllString(id, "")] {
				want, protected = "Delete", false
			}
			if r.DeletionPolicy != want {
				t.Errorf("%s is left to %q, want %q", id, r.DeletionPolicy, want)
			}
			switch kind {
			case "AWS::DynamoDB::GlobalTable":
				if got := r.Properties["Replicas"].([]any)[0].(map[string]any)["DeletionProtectionEnabled"]; got != protected {
					t.Errorf("deletion protection of %s is %v, want %v", id, got, protected)
				}
			case "AWS::Cognito::UserPool":
				if active := r.Properties["DeletionProtection"] == "ACTIVE"; active != protected {
					t.Errorf("deletion protection of %s is %v, want %v", id, active, protected)
				}
			}
		}
	}
}
