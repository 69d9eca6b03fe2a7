package gobuild_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/internal/gobuild"
)

const mainFile = "package main\n\nfunc main() { println(%q) }\n"

// write lays out files below a new directory and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		add(t, dir, name, content)
	}
	return dir
}

func add(t *testing.T, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func newBuilder(t *testing.T, dir string) *gobuild.Builder {
	t.Helper()
	return gobuild.New(t.TempDir(), dir, &bytes.Buffer{})
}

func build(t *testing.T, b *gobuild.Builder, name string) gobuild.Artifact {
	t.Helper()
	a, err := b.Build(name, gobuild.Host())
	if err != nil {
		t.Fatalf("Build(%q): %v", name, err)
	}
	return a
}

// says runs the artifact and returns what it prints.
func says(t *testing.T, a gobuild.Artifact) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(a.Dir, "bootstrap")).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestBuildResolvesNames(t *testing.T) {
	dependency := write(t, map[string]string{
		"go.mod":          "module example.com/library\n\ngo 1.26\n",
		"fn/main.go":      fmt.Sprintf(mainFile, "library"),
		"other/v2/fn.go":  fmt.Sprintf(mainFile, "major version"),
		"library.go":      "package library\n",
		"broken/main.go":  "package main\n\nfunc main() { undefined() }\n",
		"internal/in.go":  "package internal\n",
		"uses/in/main.go": "package main\n\nimport _ \"example.com/library/internal\"\n\nfunc main() { println(\"uses internal\") }\n",
	})
	app := write(t, map[string]string{
		"go.mod":           "module example.com/app\n\ngo 1.26\n\nrequire example.com/library v0.0.0\n\nreplace example.com/library => " + dependency + "\n",
		"a/fn/main.go":     fmt.Sprintf(mainFile, "a"),
		"b/fn/main.go":     fmt.Sprintf(mainFile, "b"),
		"nested/go.mod":    "module example.com/nested\n\ngo 1.26\n",
		"nested/fn/fn.go":  fmt.Sprintf(mainFile, "nested"),
		"plain/plain.go":   "package plain\n",
		"empty/readme.txt": "no Go here\n",
	})
	tests := []struct {
		name, pkg, says string
	}{
		{"import path in the app's module", "example.com/app/a/fn", "a"},
		{"same executable name", "example.com/app/b/fn", "b"},
		{"relative directory", "./a/fn", "a"},
		{"absolute directory", filepath.Join(app, "b", "fn"), "b"},
		{"relative directory in a nested module", "./nested/fn", "nested"},
		{"package of a dependency", "example.com/library/fn", "library"},
		{"package of a dependency that imports its internals", "example.com/library/uses/in", "uses internal"},
		{"major version suffix", "example.com/library/other/v2", "major version"},
	}
	b := newBuilder(t, app)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := says(t, build(t, b, tt.pkg)); got != tt.says {
				t.Errorf("the binary of %s says %q, want %q", tt.pkg, got, tt.says)
			}
		})
	}

	failures := []struct {
		name, pkg, want string
	}{
		{"unknown import path", "example.com/app/none", "cannot find"},
		{"unknown directory", "./none", "none"},
		{"directory without Go", "./empty", "no Go files"},
		{"not a main package", "./plain", "is package plain: a function is a main package"},
		{"standard library", "fmt", "in no module"},
		{"several packages", "example.com/app/...", "name one main package"},
		{"compile error", "example.com/library/broken", "undefined: undefined"},
	}
	for _, tt := range failures {
		t.Run(tt.name, func(t *testing.T) {
			_, err := b.Build(tt.pkg, gobuild.Host())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Build(%q) = %v, want an error with %q", tt.pkg, err, tt.want)
			}
		})
	}
}

// TestBuildAnyLayout: an app that vendors its dependencies, or works on them in a
// workspace, gets the functions of a dependency as well.
func TestBuildAnyLayout(t *testing.T) {
	tests := []struct {
		name  string
		setUp func(t *testing.T, app, library string)
	}{
		{"vendor directory", func(t *testing.T, app, _ string) {
			add(t, app, "uses.go", "package app\n\nimport _ \"example.com/library\"\n")
			goCommand(t, app, "mod", "vendor")
		}},
		{"workspace", func(t *testing.T, app, library string) {
			goCommand(t, app, "work", "init", ".", library)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			library := write(t, map[string]string{
				"go.mod":     "module example.com/library\n\ngo 1.26\n",
				"library.go": "package library\n",
				"fn/main.go": fmt.Sprintf(mainFile, "library"),
			})
			app := write(t, map[string]string{
				"go.mod":     "module example.com/app\n\ngo 1.26\n\nrequire example.com/library v0.0.0\n\nreplace example.com/library => " + library + "\n",
				"fn/main.go": fmt.Sprintf(mainFile, "app"),
			})
			tt.setUp(t, app, library)
			b := newBuilder(t, app)
			for name, want := range map[string]string{"./fn": "app", "example.com/app/fn": "app", "example.com/library/fn": "library"} {
				if got := says(t, build(t, b, name)); got != want {
					t.Errorf("the binary of %s says %q, want %q", name, got, want)
				}
			}
		})
	}
}

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	if printed, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, printed)
	}
}

func TestBuildIsReproducible(t *testing.T) {
	files := map[string]string{
		"go.mod":     "module example.com/app\n\ngo 1.26\n",
		"fn/main.go": fmt.Sprintf(mainFile, "hello"),
	}
	first := build(t, newBuilder(t, write(t, files)), "./fn")
	second := build(t, newBuilder(t, write(t, files)), "./fn")
	if first.Hash != second.Hash {
		t.Errorf("the same source in two directories gives hashes %s and %s", first.Hash, second.Hash)
	}
}

func TestHashFollowsTheBinary(t *testing.T) {
	cache, app := t.TempDir(), write(t, map[string]string{
		"go.mod":     "module example.com/app\n\ngo 1.26\n",
		"fn/main.go": fmt.Sprintf(mainFile, "hello"),
	})
	rebuild := func() string {
		return build(t, gobuild.New(cache, app, &bytes.Buffer{}), "./fn").Hash
	}
	before := rebuild()
	add(t, app, "fn/main.go", fmt.Sprintf(mainFile, "hello")+"// A comment.\n")
	if after := rebuild(); after != before {
		t.Error("a comment changed the hash")
	}
	add(t, app, "fn/main.go", fmt.Sprintf(mainFile, "goodbye"))
	if after := rebuild(); after == before {
		t.Error("another program has the same hash")
	}
}

// TestCacheForgets: what nobody used for long goes, what is in use stays.
func TestCacheForgets(t *testing.T) {
	cache, app := t.TempDir(), write(t, map[string]string{
		"go.mod":         "module example.com/app\n\ngo 1.26\n",
		"first/main.go":  fmt.Sprintf(mainFile, "first"),
		"second/main.go": fmt.Sprintf(mainFile, "second"),
	})
	first := build(t, gobuild.New(cache, app, &bytes.Buffer{}), "./first")
	second := build(t, gobuild.New(cache, app, &bytes.Buffer{}), "./second")
	old := time.Now().Add(-8 * 24 * time.Hour)
	for _, a := range []gobuild.Artifact{first, second} {
		if err := os.Chtimes(a.Dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	build(t, gobuild.New(cache, app, &bytes.Buffer{}), "./second")
	if _, err := os.Stat(first.Dir); !os.IsNotExist(err) {
		t.Errorf("a function that nobody used for 8 days is still there: %v", err)
	}
	if says(t, second) != "second" {
		t.Error("the function in use is gone")
	}
	if says(t, build(t, gobuild.New(cache, app, &bytes.Buffer{}), "./first")) != "first" {
		t.Error("the function does not come back")
	}
}

func TestCrossCompile(t *testing.T) {
	app := write(t, map[string]string{
		"go.mod":     "module example.com/app\n\ngo 1.26\n",
		"fn/main.go": "package main\n\nfunc main() {}\n",
	})
	a, err := newBuilder(t, app).Build("./fn", gobuild.Target{OS: "linux", Arch: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(a.Dir, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	// ELF header: class 2 is 64 bits, machine 183 (0xB7) is AArch64.
	if !bytes.HasPrefix(content, []byte("\x7fELF\x02")) || content[18] != 0xB7 {
		t.Errorf("the binary starts with % x: no 64-bit ARM executable", content[:20])
	}
}

// TestOneBuildForAll counts go commands: a second run of the same program
// resolves and builds everything it asked for before with one of each.
func TestOneBuildForAll(t *testing.T) {
	files := map[string]string{"go.mod": "module example.com/app\n\ngo 1.26\n"}
	var names []string
	for i := range 10 {
		name := fmt.Sprintf("f%d", i)
		files[name+"/main.go"] = fmt.Sprintf(mainFile, name)
		names = append(names, "./"+name)
	}
	cache, app, calls := t.TempDir(), write(t, files), countGoCommands(t)
	run := func() {
		t.Helper()
		b := gobuild.New(cache, app, &bytes.Buffer{})
		for _, name := range names {
			build(t, b, name)
		}
	}
	run()
	calls()

	run()
	if diff := cmp.Diff([]string{"list", "build"}, calls()); diff != "" {
		t.Errorf("go commands of a second run (-want +got):\n%s", diff)
	}

	names = names[1:]
	add(t, app, "f0/main.go", "package main\n\nfunc main() { broken() }\n")
	run()
	calls()
	run()
	if diff := cmp.Diff([]string{"list", "build"}, calls()); diff != "" {
		t.Errorf("go commands after a package is no longer used (-want +got):\n%s", diff)
	}
}

// countGoCommands puts a go command into PATH that notes its subcommand, and
// returns a function that returns the notes since its last call.
func countGoCommands(t *testing.T) func() []string {
	t.Helper()
	real, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	notes := filepath.Join(bin, "notes")
	script := fmt.Sprintf("#!/bin/sh\necho \"$1\" >>%q\nexec %q \"$@\"\n", notes, real)
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() []string {
		content, err := os.ReadFile(notes)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(notes); err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(content))
	}
}
