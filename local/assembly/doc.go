// Package assembly reads the cloud assembly that cdk synth writes: its manifest,
// templates and assets. It works out what a deployment would create, in which
// order, and with which properties, as AWS CloudFormation documents it
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html).
package assembly
