// Package environment reads durations from environment variables.
package environment

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Durations reads values of the environment, by their names, into durations. They
// are whole seconds, at least one, such as 1m0s.
func Durations(env map[string]string, into map[string]*time.Duration) error {
	for _, name := range slices.Sorted(maps.Keys(into)) {
		duration, err := time.ParseDuration(env[name])
		if err != nil || duration < time.Second || duration%time.Second != 0 {
			return fmt.Errorf("environment: %s is %q: must be whole seconds, such as 1m0s", name, env[name])
		}
		*into[name] = duration
	}
	return nil
}
