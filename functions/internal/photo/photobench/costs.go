//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
)

// costs is what this process has used so far.
type costs struct {
	reported int64 // microseconds
}

func (c *costs) report(out io.Writer) error {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return fmt.Errorf("getrusage: %w", err)
	}
	peak, err := peakBytes(usage)
	if err != nil {
		return err
	}
	used := (usage.Utime.Nano() + usage.Stime.Nano()) / 1000
	err = json.NewEncoder(out).Encode(map[string]int64{"cpuMicroseconds": used - c.reported, "peakBytes": peak})
	c.reported = used
	return err
}

// peakBytes is the largest resident set. That of getrusage is not used on Linux:
// there it starts with the size of the process that started this one, getrusage(2).
func peakBytes(usage syscall.Rusage) (int64, error) {
	switch runtime.GOOS {
	case "linux":
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return 0, err
		}
		return highWaterMark(string(status))
	case "darwin", "ios":
		return int64(usage.Maxrss), nil
	default:
		return int64(usage.Maxrss) * 1024, nil
	}
}

// highWaterMark is VmHWM of /proc/self/status, in bytes, as in proc(5).
func highWaterMark(status string) (int64, error) {
	found := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindStringSubmatch(status)
	if found == nil {
		return 0, fmt.Errorf("/proc/self/status has no VmHWM: %q", status)
	}
	kilobytes, err := strconv.ParseInt(found[1], 10, 64)
	return kilobytes * 1024, err
}
