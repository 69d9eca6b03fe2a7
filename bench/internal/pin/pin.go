// Package pin keeps what is measured on one core.
package pin

import (
	"os"
	"os/exec"
	"regexp"
	"sync"
)

// Command returns what comes before a command to keep its process on one core, the
// last of those that this process may use. It is empty where there is no taskset, as
// on macOS.
func Command() []string { return command() }

// Place says where that is.
func Place() string { return place(command()) }

func place(command []string) string {
	if len(command) == 0 {
		return "any core (there is no taskset)"
	}
	return "core " + command[len(command)-1]
}

var command = sync.OnceValue(func() []string {
	path, err := exec.LookPath("taskset")
	if err != nil {
		return nil
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil
	}
	core := lastCore(string(status))
	if core == "" {
		return nil
	}
	return []string{path, "-c", core}
})

// lastCore is the last core of the list in /proc/self/status, as in proc(5).
func lastCore(status string) string {
	list := regexp.MustCompile(`(?m)^Cpus_allowed_list:.*?(\d+)$`).FindStringSubmatch(status)
	if list == nil {
		return ""
	}
	return list[1]
}
