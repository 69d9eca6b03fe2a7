package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noidle/noidle/bench/internal/pin"
)

// process is a running side.
type process struct {
	*exec.Cmd
	printed bytes.Buffer
	// ended is done when the process is.
	ended context.Context
	wait  context.CancelFunc
}

// startProcess starts a side as Lambda starts a function with one processor.
func startProcess(s side, address string) (*process, error) {
	words := slices.Concat(pin.Command(), s.command)
	p := &process{Cmd: exec.Command(words[0], words[1:]...)}
	p.Stdout, p.Stderr = &p.printed, os.Stderr
	p.Env = []string{
		"PATH=" + os.Getenv("PATH"), "GOMAXPROCS=1", "UV_THREADPOOL_SIZE=1",
		"AWS_LAMBDA_RUNTIME_API=" + address, "AWS_ENDPOINT_URL=http://" + address,
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_LAMBDA_LOG_FORMAT=JSON",
		"RESULTS_TABLE=results", "FAILURES_QUEUE_URL=http://" + address + "/failures",
		"WINDOW=1m0s", "LATENESS=5m0s", "KEEP_RESULTS=720h0m0s",
	}
	if err := p.Start(); err != nil {
		return nil, err
	}
	p.ended, p.wait = context.WithCancel(context.Background())
	go func() {
		_ = p.Wait()
		p.wait()
	}()
	return p, nil
}

// stop ends the process, if it has not ended.
func (p *process) stop() {
	_ = p.Process.Kill()
	<-p.ended.Done()
}

// cpu is the CPU time of the process so far, user and system, which /proc tells in
// hundredths of a second, as in proc_pid_stat(5).
func (p *process) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
	if err != nil {
		panic(err) // there is no /proc, or the process is gone
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var ticks time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			panic(err)
		}
		ticks += time.Duration(n)
	}
	return ticks * 10 * time.Millisecond
}
