package test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/noidle/noidle/local/iam"
)

// TestCommand runs `noidle local` as a user does: it prints the outputs, then
// ready; a signal ends it and every function.
func TestCommand(t *testing.T) {
	app := referenceApp(t)
	dir := t.TempDir()
	noidle := filepath.Join(dir, "noidle")
	command(t, "..", nil, "go", "build", "-o", noidle, "./cmd/noidle")
	outputs, report := filepath.Join(dir, "outputs.json"), filepath.Join(dir, "report.json")
	cmd := exec.Command(noidle, "local", "-addr", "127.0.0.1:0", "-outputs", outputs, "-report", report, app.dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	printed := map[string]string{}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
		name, value, _ := strings.Cut(lines.Text(), " = ")
		printed[strings.TrimPrefix(name, "NoidleOrders.")] = value
	}
	var written map[string]map[string]string
	readJSON(t, outputs, &written)
	want := written["NoidleOrders"]
	for name, value := range want {
		if printed[name] != value {
			t.Errorf("%s is printed as %q and written as %q", name, printed[name], value)
		}
	}
	response, err := http.Get(want["OrdersUrl"] + "/a7ivx5xgj4xjx6ycpdsabcdefg")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("an order that does not exist: %s", response.Status)
	}
	children := childrenOf(t, cmd.Process.Pid)
	if len(children) != 1 {
		t.Errorf("%d functions run, want the one that reads", len(children))
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
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

// childrenOf lists a process's children.
func childrenOf(t *testing.T, pid int) []string {
	t.Helper()
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	if err != nil {
		t.Fatalf("pgrep: %v", err)
	}
	return strings.Fields(string(out))
}

func readJSON(t *testing.T, path string, into any) {
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
