// Package lambda runs Lambda functions on this machine: the real binaries, as
// Lambda starts them, against the Runtime API
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). A [Sandbox]
// is one process of a function. A [Service] keeps as many of them warm as
// concurrent events need, throttles beyond a function's concurrency, retries
// asynchronous events, and answers the part of Lambda's API that invokes.
package lambda
