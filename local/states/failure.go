package states

import (
	"fmt"
	"slices"
)

// The error names of the Amazon States Language that states raise themselves
// (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation).
const (
	errorAll           = "States.ALL"
	errorBranchFailed  = "States.BranchFailed"
	errorDataLimit     = "States.DataLimitExceeded"
	errorHeartbeat     = "States.HeartbeatTimeout"
	errorIntrinsic     = "States.IntrinsicFailure"
	errorNoChoice      = "States.NoChoiceMatched"
	errorParameterPath = "States.ParameterPathFailure"
	errorPermissions   = "States.Permissions"
	errorResultPath    = "States.ResultPathMatchFailure"
	errorRuntime       = "States.Runtime"
	errorTaskFailed    = "States.TaskFailed"
	errorTimeout       = "States.Timeout"
)

// failure is how a state or an execution fails.
type failure struct {
	name, cause string
	// unplaced is whether the cause is to tell in which state it happened.
	unplaced bool
	// branch is whether a branch of the state failed, not the state itself.
	branch bool
	// denied is whether the machine's role lacks a permission.
	denied bool
	// status is how the execution ends. Empty means FAILED.
	status string
}

func (f *failure) Error() string { return f.name + ": " + f.cause }

// fail returns a failure of the interpreter's own, in the state that runs.
func fail(name, format string, args ...any) *failure {
	return &failure{name: name, cause: fmt.Sprintf(format, args...), unplaced: true}
}

// matches reports whether one of the error names of a retrier or catcher is the
// failure's. States.ALL and States.TaskFailed do not stand for the errors that
// end an execution, and nothing matches States.Runtime.
func (f *failure) matches(names []string) bool {
	if f.name == errorRuntime {
		return false
	}
	timeout := f.name == errorTimeout || f.name == errorHeartbeat
	return slices.ContainsFunc(names, func(name string) bool {
		switch name {
		case f.name:
			return true
		case errorAll:
			return f.name != errorDataLimit
		case errorTaskFailed:
			return f.name != errorDataLimit && !timeout
		case errorTimeout:
			return timeout
		case errorBranchFailed:
			return f.branch
		case errorPermissions:
			return f.denied
		}
		return false
	})
}
