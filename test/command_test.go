package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"image/jpeg"
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
	outputs map[string]map[string]string // by stack
	lines   []string                     // that are printed before ready
	printed map[string]string            // the same by name
	noidle  string                       // where the command is
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
	p := &process{Cmd: exec.Command(noidle, append(arguments, app.dir)...), printed: map[string]string{}, noidle: noidle}
	p.start(t, outputs)
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// start starts the process, waits until it is ready, and reads its outputs from a
// file.
func (p *process) start(t testing.TB, outputs string) {
	t.Helper()
	p.Stderr = os.Stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
		p.lines = append(p.lines, lines.Text())
		name, value, _ := strings.Cut(lines.Text(), " = ")
		p.printed[name] = value
	}
	readJSON(t, outputs, &p.outputs)
}

// TestCommand runs `noidle local` as a user does: it prints the outputs, then
// ready; a signal ends it and every function.
func TestCommand(t *testing.T) {
	report := filepath.Join(t.TempDir(), "report.json")
	p := startCommand(t, "-report", report)
	if first := p.lines[0]; !strings.HasPrefix(first, webAppStack+".SiteUrl = http://127.0.0.1:") {
		t.Errorf("the first line is %q, want the address of the site", first)
	}
	for stack, outputs := range p.outputs {
		for name, value := range outputs {
			if strings.HasPrefix(name, "PublishOutput") {
				continue // the CDK's own, for other stacks
			}
			if printed := p.printed[stack+"."+name]; printed != value {
				t.Errorf("%s of %s is printed as %q and written as %q", name, stack, printed, value)
			}
		}
	}
	tryMakefile(t, p)
	children := childrenOf(t, p.Process.Pid)
	if len(children) < 9 {
		t.Errorf("%d functions run, want one for each that an order, a photo and a post need", len(children))
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
	if len(reported.Roles) != 18 {
		t.Errorf("the report is about %d roles, want 16 functions, the state machine and Firehose", len(reported.Roles))
	}
}

// tryMakefile runs the lines that `make run` prints: an order is accepted, it is
// read when it is completed, and a bad one is refused with reasons; a photo is put
// in, and its thumbnail fetched; posts are put in, their counts are right, and the
// most frequent hashtags are told.
func tryMakefile(t *testing.T, p *process) {
	t.Helper()
	dir := t.TempDir()
	photo := readFile(t, "../docs/photo.jpg")
	write(t, filepath.Join(dir, "docs", "photo.jpg"), photo)
	write(t, filepath.Join(dir, "bin", "mobile.jpg"), nil)
	if err := os.Symlink(p.noidle, filepath.Join(dir, "bin", "noidle")); err != nil {
		t.Fatal(err)
	}
	lines := makefileLines(t, p.printed)
	if len(lines) != 7 {
		t.Fatalf("make run prints %d lines to try, want 7", len(lines))
	}
	run := func(line string) string { return command(t, dir, nil, "sh", "-c", line) }
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
	run(lines[3])
	thumbnail := func() []byte {
		run(lines[4])
		return readFile(t, filepath.Join(dir, "bin", "mobile.jpg"))
	}
	file := thumbnail()
	for strings.Contains(string(file), "<Code>NoSuchKey</Code>") {
		file = thumbnail()
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil || max(config.Width, config.Height) != 320 {
		t.Errorf("%s\nfetches a picture of %dx%d, %v: %.300s", lines[4], config.Width, config.Height, err, file)
	}
	if got := run(lines[5]); !strings.Contains(got, " hashtags equal") {
		t.Errorf("%s\n%s", lines[5], got)
	}
	if got := run(lines[6]); strings.Count(got, `{"hashtag":`) != 3 {
		t.Errorf("%s\n%s", lines[6], got)
	}
}

// makefileLines are the lines that `make run` prints to try, with the outputs in
// their places.
func makefileLines(t *testing.T, printed map[string]string) []string {
	t.Helper()
	_, after, _ := strings.Cut(string(readFile(t, "../Makefile")), "define TRY\n")
	text, _, _ := strings.Cut(after, "endef")
	for name, value := range printed {
		if endpoint, ok := strings.CutPrefix(name, "AWS_ENDPOINT_URL="); ok {
			name, value = "AWS_ENDPOINT_URL", endpoint
		}
		text = strings.ReplaceAll(text, "$$"+name[strings.LastIndexByte(name, '.')+1:], value)
	}
	return strings.Split(strings.TrimSpace(text), "\n")
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

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, path), into); err != nil {
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
