// Command publish is the function of a custom resource that puts the files of a
// web site into its bucket and has its distribution forget what changed.
//
// It needs s3:GetObject on the zip file; s3:ListBucket, s3:PutObject and
// s3:DeleteObject on the bucket; cloudfront:CreateInvalidation on the distribution.
package main

import (
	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/noidle/noidle/functions/kit/function"
)

func main() { function.Start(connect) }

func connect(cfg aws.Config, _ map[string]string) (any, error) {
	h := handler{objects: s3.NewFromConfig(cfg), distributions: cloudfront.NewFromConfig(cfg)}
	return cfn.LambdaWrap(h.handle), nil
}
