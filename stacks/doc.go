// Package stacks holds the reference stacks, one for each use case. They show
// how the constructs are used, and are what the reference app deploys.
package stacks
