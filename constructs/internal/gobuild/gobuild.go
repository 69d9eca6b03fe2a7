// Package gobuild compiles Go main packages into directories that AWS Lambda
// runs as they are: one file named bootstrap for the provided.al2023 runtime.
//
// Builds are reproducible, need no Docker, and cost next to nothing when
// nothing changed: every package that the same program asked for in its last
// run is resolved and built together, at the first request, into a directory
// that outlives the process.
package gobuild

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// Target is the machine that a function is built for.
type Target struct {
	// OS and Arch are Go's names, such as linux and arm64.
	OS, Arch string
}

// Host is the target that runs on this machine.
func Host() Target { return Target{OS: runtime.GOOS, Arch: runtime.GOARCH} }

func (t Target) String() string { return t.OS + "/" + t.Arch }

// Artifact is a built function.
type Artifact struct {
	// Dir holds the executable, named bootstrap, and nothing else.
	Dir string
	// Hash is the SHA-256 of the executable in hexadecimal.
	Hash string
}

// Builder builds packages and remembers what it built. It is not safe for
// concurrent use; several processes may share one cache directory.
type Builder struct {
	cache string
	dir   string
	log   io.Writer

	resolved  map[string]pkg
	artifacts map[request]Artifact
	requested map[Target][]string
}

type request struct {
	importPath string
	target     Target
}

// New returns a builder for the program that runs in dir. It keeps binaries
// below cache and tells log what it builds when that takes longer than a
// second.
func New(cache, dir string, log io.Writer) *Builder {
	return &Builder{
		cache:     cache,
		dir:       dir,
		log:       log,
		resolved:  map[string]pkg{},
		artifacts: map[request]Artifact{},
		requested: map[Target][]string{},
	}
}

// Build compiles the main package that name stands for, an import path or a
// directory relative to the builder's (or absolute), and returns the result.
// A package of a dependency is built in its own module, with the versions that
// module was tested with, so it need not be in the program's go.sum. The error
// holds the compiler's message.
func (b *Builder) Build(name string, target Target) (Artifact, error) {
	names := []string{name}
	if _, begun := b.requested[target]; !begun {
		names = append(names, b.recall(target)...)
	}
	if err := b.resolve(names); err != nil {
		return Artifact{}, err
	}
	p := b.resolved[name]
	if p.err != nil {
		return Artifact{}, p.err
	}
	b.remember(name, target)
	if a, ok := b.artifacts[request{p.ImportPath, target}]; ok {
		return a, nil
	}
	if len(names) > 1 && b.buildAll(names, target) == nil {
		return b.artifacts[request{p.ImportPath, target}], nil
	}
	// A package remembered from an earlier run may be broken by now and not
	// asked for any more: only the failure of what was asked for counts.
	if err := b.buildAll(names[:1], target); err != nil {
		return Artifact{}, err
	}
	return b.artifacts[request{p.ImportPath, target}], nil
}

// buildAll builds the resolved packages that names stand for, one go build for
// each module.
func (b *Builder) buildAll(names []string, target Target) error {
	modules := map[string][]pkg{}
	for _, name := range names {
		p := b.resolved[name]
		if p.err == nil {
			modules[p.Module.Dir] = append(modules[p.Module.Dir], p)
		}
	}
	for _, pkgs := range modules {
		for _, group := range distinctNames(pkgs) {
			if err := b.compile(group, target); err != nil {
				return err
			}
		}
	}
	return nil
}

// distinctNames splits packages so that no two of one group make executables
// of the same name, which one go build cannot write to one directory.
func distinctNames(pkgs []pkg) [][]pkg {
	var groups [][]pkg
	names := []map[string]string{}
next:
	for _, p := range pkgs {
		for i := range groups {
			switch names[i][p.executable()] {
			case p.ImportPath:
				continue next
			case "":
				groups[i] = append(groups[i], p)
				names[i][p.executable()] = p.ImportPath
				continue next
			}
		}
		groups = append(groups, []pkg{p})
		names = append(names, map[string]string{p.executable(): p.ImportPath})
	}
	return groups
}

// compile builds packages of one module and stages each.
func (b *Builder) compile(pkgs []pkg, target Target) error {
	module := pkgs[0].Module
	home := filepath.Join(b.cache, "build", key(module.Dir))
	out := filepath.Join(home, target.OS+"-"+target.Arch)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := use(home); err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w -B none", "-o", out + string(filepath.Separator)}
	if !module.Main {
		args = append(args, "-mod=readonly")
	}
	var names []string
	for _, p := range pkgs {
		args = append(args, p.ImportPath)
		names = append(names, p.executable())
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = module.Dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+target.OS, "GOARCH="+target.Arch)
	if !module.Main {
		cmd.Env = append(cmd.Env, "GOWORK=off")
	}
	slow := time.AfterFunc(time.Second, func() {
		_, _ = fmt.Fprintf(b.log, "noidle: building %s of %s for %s\n", strings.Join(names, ", "), module.Path, target)
	})
	defer slow.Stop()
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build for %s in %s: %w\n%s", target, module.Dir, err, bytes.TrimSpace(output))
	}
	for _, p := range pkgs {
		a, err := b.stage(filepath.Join(out, p.executable()))
		if err != nil {
			return err
		}
		b.artifacts[request{p.ImportPath, target}] = a
	}
	return nil
}

// stage puts the executable into a directory of its own, named after its
// content, so that two processes never see each other's half-written file. An
// executable that it staged before it knows by its build ID, and does not read
// again.
func (b *Builder) stage(executable string) (Artifact, error) {
	file, err := os.Open(executable)
	if err != nil {
		return Artifact{}, err
	}
	defer func() { _ = file.Close() }()
	id := buildID(file)
	note := executable + ".staged"
	if noted, err := os.ReadFile(note); err == nil && id != "" {
		if hash, ok := strings.CutPrefix(string(noted), id+" "); ok {
			if a := b.artifact(hash); use(a.Dir) == nil {
				return a, nil
			}
		}
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return Artifact{}, err
	}
	if id != "" {
		content = bytes.ReplaceAll(content, []byte(id), make([]byte, len(id)))
	}
	sum := sha256.Sum256(content)
	a := b.artifact(hex.EncodeToString(sum[:]))
	if err := writeStaged(a.Dir, content); err != nil {
		return Artifact{}, err
	}
	return a, os.WriteFile(note, []byte(id+" "+a.Hash), 0o644)
}

// artifact returns the artifact that has or gets the hash.
func (b *Builder) artifact(hash string) Artifact {
	return Artifact{Dir: filepath.Join(b.cache, "staged", hash), Hash: hash}
}

// writeStaged makes a directory with an executable in one step.
func writeStaged(dir string, executable []byte) error {
	staged := filepath.Dir(dir)
	if err := os.MkdirAll(staged, 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(staged, "new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(temp, "bootstrap"), executable, 0o755); err != nil {
		return err
	}
	if err := os.Rename(temp, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return use(dir)
}

// buildID returns the identifier by which go build knows an executable's sources
// and content again. It changes with every comment, and would pass for a change
// of the function, so it is blanked in what is staged. It is empty for
// executables of another format than ELF, which stay as they are.
func buildID(executable io.ReaderAt) string {
	file, err := elf.NewFile(executable)
	if err != nil {
		return ""
	}
	note := file.Section(".note.go.buildid")
	if note == nil {
		return ""
	}
	// Name size, description size, type and the name "Go", each 4 bytes long,
	// stand before the identifier.
	data, err := note.Data()
	if err != nil || len(data) < 16 {
		return ""
	}
	return string(bytes.TrimRight(data[16:], "\x00"))
}

// keep is how long a directory of the cache outlives its last use.
const keep = 7 * 24 * time.Hour

// use notes that a directory of the cache is used now, and removes those beside
// it that nobody used for long. What cannot be removed stays until the next time.
func use(dir string) error {
	now := time.Now()
	if err := os.Chtimes(dir, now, now); err != nil {
		return err
	}
	cache := filepath.Dir(dir)
	entries, err := os.ReadDir(cache)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > keep {
			_ = os.RemoveAll(filepath.Join(cache, e.Name()))
		}
	}
	return nil
}

// requests is the file that lists what the program in the builder's directory
// asked for in its last run.
func (b *Builder) requests(target Target) string {
	return filepath.Join(b.cache, "requests", key(b.dir)+"-"+target.OS+"-"+target.Arch+".json")
}

// recall returns what the last run asked for; nothing if that is not known.
func (b *Builder) recall(target Target) []string {
	var names []string
	if content, err := os.ReadFile(b.requests(target)); err == nil {
		_ = json.Unmarshal(content, &names)
	}
	return names
}

// remember adds name to what this run asked for. The list only saves time, so
// failing to write it is no error.
func (b *Builder) remember(name string, target Target) {
	b.requested[target] = append(b.requested[target], name)
	content, err := json.Marshal(b.requested[target])
	if err != nil {
		return
	}
	file := b.requests(target)
	if os.MkdirAll(filepath.Dir(file), 0o755) == nil {
		_ = os.WriteFile(file, content, 0o644)
	}
}

// key names a directory's place in the cache.
func key(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(sum[:8])
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// executable is the file name that go build gives the package's executable:
// the last element of its import path that is not a major version
// (https://go.dev/ref/mod#major-version-suffixes).
func (p pkg) executable() string {
	name := path.Base(p.ImportPath)
	if parent := path.Dir(p.ImportPath); majorVersion.MatchString(name) && parent != "." {
		name = path.Base(parent)
	}
	return name
}

// isDir tells whether name stands for a directory rather than an import path.
func isDir(name string) bool {
	return filepath.IsAbs(name) || name == "." || name == ".." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}
