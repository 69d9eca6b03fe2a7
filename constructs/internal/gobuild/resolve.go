package gobuild

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// pkg is what go list tells about a package, and why it cannot be built.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Module     *module
	Error      *struct{ Err string }

	err error
}

type module struct {
	Path string
	Dir  string
	Main bool
}

// resolve finds the package and module that each name stands for. Names that
// it knows cost nothing. A name's own failure is kept with it.
func (b *Builder) resolve(names []string) error {
	var dirs, paths []string
	for _, name := range names {
		if _, known := b.resolved[name]; known {
			continue
		}
		if isDir(name) {
			dirs = append(dirs, name)
		} else {
			paths = append(paths, name)
		}
	}
	if err := b.resolvePaths(paths); err != nil {
		return err
	}
	return b.resolveDirs(dirs)
}

// resolvePaths resolves import paths from the builder's directory.
func (b *Builder) resolvePaths(paths []string) error {
	pkgs, err := list(b.dir, paths)
	if err != nil {
		return err
	}
	for _, p := range pkgs {
		b.resolved[p.ImportPath] = checked(p, p.ImportPath)
	}
	for _, name := range paths {
		if _, ok := b.resolved[name]; !ok {
			b.resolved[name] = pkg{err: fmt.Errorf("package %q is no single Go package: name one main package", name)}
		}
	}
	return nil
}

// resolveDirs resolves directories: all that lie in the program's own module
// at once, and those of another module, which go list refuses from here, one
// by one from within.
func (b *Builder) resolveDirs(dirs []string) error {
	absolute := map[string]string{}
	var patterns []string
	for _, name := range dirs {
		dir := name
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(b.dir, dir)
		}
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		absolute[name] = dir
		patterns = append(patterns, dir)
	}
	pkgs, err := list(b.dir, patterns)
	if err != nil {
		return err
	}
	found := map[string]pkg{}
	for _, p := range pkgs {
		if p.Error == nil {
			found[p.Dir] = p
		}
	}
	for _, name := range dirs {
		p, ok := found[absolute[name]]
		if !ok {
			p = listOne(absolute[name])
		}
		b.resolved[name] = checked(p, name)
	}
	return nil
}

// listOne resolves a directory from within it, which works for any module.
func listOne(dir string) pkg {
	pkgs, err := list(dir, []string{"."})
	if err != nil {
		return pkg{err: err}
	}
	if len(pkgs) != 1 {
		return pkg{err: fmt.Errorf("no Go package in %s", dir)}
	}
	return pkgs[0]
}

// checked notes on the package why it cannot be built, if so.
func checked(p pkg, name string) pkg {
	switch {
	case p.err != nil:
		p.err = fmt.Errorf("package %q: %w", name, p.err)
	case p.Error != nil:
		p.err = fmt.Errorf("package %q: %s", name, strings.TrimSpace(p.Error.Err))
	case p.Module == nil || p.Module.Dir == "":
		p.err = fmt.Errorf("package %q is in no module: name a main package of the app's module or of a dependency", name)
	case p.Name != "main":
		p.err = fmt.Errorf("package %q is package %s: a function is a main package", name, p.Name)
	}
	return p
}

// list runs go list in dir. Packages with errors are listed too.
func list(dir string, patterns []string) ([]pkg, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	args := []string{"list", "-e", "-find", "-buildvcs=false", "-mod=readonly", "-json=ImportPath,Name,Dir,Module,Error", "--"}
	cmd := exec.Command("go", append(args, patterns...)...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("no go command in PATH: install Go from https://go.dev/dl")
		}
		return nil, fmt.Errorf("go list in %s: %w\n%s", dir, err, bytes.TrimSpace(stderr.Bytes()))
	}
	var pkgs []pkg
	for d := json.NewDecoder(&stdout); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list in %s: %w", dir, err)
		}
		pkgs = append(pkgs, p)
	}
}
