package test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/noidle/noidle/local/iam"
)

// process is `noidle local` as a user runs it.
type process struct {
	*exec.Cmd
	outputs map[string]string
	printed map[string]string // before ready, by name
}

// startCommand builds and starts the command on the reference app's assembly, and
// waits until it is ready.
func startCommand(t testing.TB, flags ...string) *process {
	t.Helper()
	app := referenceApp(t)
	dir := t.TempDir()
	noidle, outputs := filepath.Join(dir, "noidle"), filepath.Join(dir, "outputs.json")
	command(t, "..", nil, "go", "build", "-o", noidle, "./cmd/noidle")
	arguments := append([]string{"local", "-addr", "127.0.0.1:0", "-outputs", outputs}, flags...)
	p := &process{Cmd: exec.Command(noidle, append(arguments, app.dir)...), printed: map[string]string{}}
	p.Stderr = os.Stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
		name, value, _ := strings.Cut(lines.Text(), " = ")
		p.printed[strings.TrimPrefix(name, "NoidleOrders.")] = value
	}
	var written map[string]map[string]string
	readJSON(t, outputs, &written)
	p.outputs = written["NoidleOrders"]
	return p
}

// TestCommand runs `noidle local` as a user does: it prints the outputs, then
// ready; a signal ends it and every function.
func TestCommand(t *testing.T) {
	report := filepath.Join(t.TempDir(), "report.json")
	p := startCommand(t, "-report", report)
	for name, value := range p.outputs {
		if p.printed[name] != value {
			t.Errorf("%s is printed as %q and written as %q", name, p.printed[name], value)
		}
	}
	tryMakefile(t, p.outputs["OrdersUrl"])
	children := childrenOf(t, p.Process.Pid)
	if len(children) < 6 {
		t.Errorf("%d functions run, want one for each that an order needs", len(children))
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	for _, child := range children {
		if _, err := os.Stat("/proc/" + child); err == nil {
			t.Errorf("the function's process %s is still there", child)
		}
	}
	var reported struct{ Roles []iam.RoleReport }
	readJSON(t, report, &reported)
	if len(reported.Roles) != 9 {
		t.Errorf("the report is about %d roles, want 8 functions and the state machine", len(reported.Roles))
	}
}

// tryMakefile runs the three lines that `make run` prints: an order is accepted,
// it is read when it is completed, and a bad one is refused with reasons.
func tryMakefile(t *testing.T, url string) {
	t.Helper()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(makefile), "define TRY\n")
	text, _, _ := strings.Cut(after, "endef")
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "$$url", url)), "\n")
	if len(lines) != 3 {
		t.Fatalf("make run prints %d lines to try, want 3", len(lines))
	}
	run := func(line string) string { return command(t, ".", nil, "sh", "-c", line) }
	if got := run(lines[0]); !strings.Contains(got, "202 Accepted") {
		t.Errorf("%s\n%s", lines[0], got)
	}
	got := run(lines[1])
	for strings.Contains(got, `"status":`) && !strings.Contains(got, `"status":"COMPLETED","reason"`) {
		got = run(lines[1])
	}
	if !strings.Contains(got, `"amount":30000`) {
		t.Errorf("%s\n%s", lines[1], got)
	}
	if got := run(lines[2]); !strings.Contains(got, "400 Bad Request") || !strings.Contains(got, `"pointer":"/items"`) {
		t.Errorf("%s\n%s", lines[2], got)
	}
}

// childrenOf lists a process's children.
func childrenOf(t testing.TB, pid int) []string {
	t.Helper()
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	if err != nil {
		t.Fatalf("pgrep: %v", err)
	}
	return strings.Fields(string(out))
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// Bad usage is answered with what is wrong and the way out.
func TestCommandUsage(t *testing.T) {
	noidle := filepath.Join(t.TempDir(), "noidle")
	command(t, "..", nil, "go", "build", "-o", noidle, "./cmd/noidle")
	tests := []struct {
		name      string
		arguments []string
		want      string
	}{
		{"no command", nil, "noidle: no command"},
		{"unknown command", []string{"remote"}, `noidle: unknown command "remote"`},
		{"no assembly", []string{"local"}, "local: want one directory with a cloud assembly, such as cdk.out, not []"},
		{"unknown flag", []string{"local", "-colour"}, "flag provided but not defined: -colour"},
		{"not an assembly", []string{"local", t.TempDir()}, "is not a cloud assembly: it has no manifest.json: run cdk synth first"},
		{"address", []string{"local", "-addr", "0.0.0.0:1", referenceApp(t).dir}, `address "0.0.0.0:1": want a loopback address`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := exec.Command(noidle, tt.arguments...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), tt.want) {
				t.Errorf("it ends with %v and prints %s, want %q in it", err, out, tt.want)
			}
		})
	}
}
