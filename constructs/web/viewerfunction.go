package web

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/constructs-go/constructs/v10"
)

// newViewerFunction adds a CloudFront function, which runs for each request at the
// edge (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-functions.html).
func newViewerFunction(scope constructs.Construct, id, code string) awscloudfront.Function {
	return awscloudfront.NewFunction(scope, &id, &awscloudfront.FunctionProps{
		Code:    awscloudfront.FunctionCode_FromInline(&code),
		Runtime: awscloudfront.FunctionRuntime_JS_2_0(),
	})
}

// onViewerRequest has a function run before the cache is looked into.
func onViewerRequest(function awscloudfront.Function) *[]*awscloudfront.FunctionAssociation {
	return &[]*awscloudfront.FunctionAssociation{{
		EventType: awscloudfront.FunctionEventType_VIEWER_REQUEST, Function: function,
	}}
}

// pathsCode leads to the files of a site: to the index.html of a path that ends in a
// slash, or in a single page to the only one there is.
func pathsCode(singlePage bool) string {
	if singlePage {
		return `function handler(event) {
  var request = event.request;
  if (!request.uri.slice(request.uri.lastIndexOf('/') + 1).includes('.')) request.uri = '/index.html';
  return request;
}
`
	}
	return `function handler(event) {
  var request = event.request;
  if (request.uri.endsWith('/')) request.uri += 'index.html';
  return request;
}
`
}
