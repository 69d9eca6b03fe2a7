package thumbnails

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"

	"github.com/noidle/noidle/constructs/internal/overlay"
)

// addDistribution puts CloudFront in front of the thumbnails. The bucket stays
// closed to all but this distribution, which signs what it asks
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html).
// How long a thumbnail is cached is in its own Cache-Control.
func (p *ThumbnailPipeline) addDistribution(props *Delivery) {
	settings := &awscloudfront.DistributionProps{
		HttpVersion: awscloudfront.HttpVersion_HTTP2_AND_3,
	}
	overlay.Set(settings, props.Distribution)
	settings.DefaultBehavior = &awscloudfront.BehaviorOptions{
		Origin:                awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(p.Thumbnails, nil),
		ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS,
		CachePolicy:           awscloudfront.CachePolicy_CACHING_OPTIMIZED(),
		ResponseHeadersPolicy: awscloudfront.ResponseHeadersPolicy_SECURITY_HEADERS(),
		Compress:              new(false), // Pictures are compressed already.
	}
	p.Distribution = awscloudfront.NewDistribution(p, new("Distribution"), settings)
}
