// Package compute holds GoFunction, a Lambda function built from a Go main
// package, with the settings that every function of this library shares.
package compute
