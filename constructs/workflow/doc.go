// Package workflow holds constructs around AWS Step Functions: the saga, a
// sequence of steps of which either all take effect or none does.
package workflow
