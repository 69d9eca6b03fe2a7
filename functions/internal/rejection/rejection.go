// Package rejection is the "no" of a business rule, as opposed to a failure of
// the machinery: asking again gets the same answer.
package rejection

// Error is a refusal.
type Error struct {
	// Code names the rule, in PascalCase, such as OutOfStock.
	Code string
	// Reason explains the refusal to the client. It carries no internals.
	Reason string
}

// Error returns the code and the reason.
func (e *Error) Error() string { return e.Code + ": " + e.Reason }
