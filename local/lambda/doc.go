// Package lambda runs Lambda functions on this machine: the real binary, as
// Lambda starts it, against the Runtime API
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
package lambda
