// Package function answers what constructs ask about a Lambda function that
// they are handed.
package function

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
)

// lambdaDefault is the timeout of a function that sets none
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html).
const lambdaDefault = 3 * time.Second

// Timeout returns the timeout of a function made in this app, directly or
// behind an alias or version. It is not known for an imported function.
func Timeout(f awslambda.IFunction) (timeout time.Duration, known bool) {
	switch f := f.(type) {
	case awslambda.Alias:
		return Timeout(f.Lambda())
	case awslambda.Version:
		return Timeout(f.Lambda())
	case awslambda.Function:
		if f.Timeout() == nil {
			return lambdaDefault, true
		}
		return time.Duration(*f.Timeout().ToSeconds(nil) * float64(time.Second)), true
	}
	return 0, false
}
