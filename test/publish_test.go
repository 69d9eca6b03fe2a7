package test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// publish makes a version of the module in root as a module proxy would serve
// it, and returns the version and the environment in which go finds it. The
// version follows from the content, so the module cache never holds another of
// the same name.
func publish(t *testing.T, root string) (version string, environment []string) {
	t.Helper()
	const path = "github.com/noidle/noidle"
	proxy := t.TempDir()
	content := tracked(t, root)
	var archive bytes.Buffer
	if err := zip.Create(&archive, module.Version{Path: path, Version: "v0.0.1"}, content); err != nil {
		t.Fatal(err)
	}
	version = fmt.Sprintf("v0.0.0-20010203040506-%.12x", sha256.Sum256(archive.Bytes()))

	archive.Reset()
	if err := zip.Create(&archive, module.Version{Path: path, Version: version}, content); err != nil {
		t.Fatal(err)
	}
	goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	versions := filepath.Join(proxy, filepath.FromSlash(path), "@v")
	write(t, filepath.Join(versions, version+".zip"), archive.Bytes())
	write(t, filepath.Join(versions, version+".mod"), goMod)
	write(t, filepath.Join(versions, version+".info"), fmt.Appendf(nil, `{"Version":%q,"Time":"2001-02-03T04:05:06Z"}`, version))

	cache := strings.TrimSpace(command(t, root, nil, "go", "env", "GOMODCACHE"))
	t.Cleanup(func() {
		forget(t, filepath.Join(cache, path+"@"+version))
		downloads, _ := filepath.Glob(filepath.Join(cache, "cache", "download", path, "@v", version+".*"))
		for _, file := range downloads {
			_ = os.Remove(file)
		}
	})
	others := strings.TrimSpace(command(t, root, nil, "go", "env", "GOPROXY"))
	return version, []string{
		"GOPROXY=file://" + filepath.ToSlash(proxy) + "," + others,
		"GONOSUMDB=" + path,
	}
}

// forget takes a read-only directory out of the module cache.
func forget(t *testing.T, dir string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return nil
	})
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}

// file is a file of the module that is published.
type file struct{ root, path string }

func (f file) Path() string                 { return f.path }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.path)) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.path)) }

// tracked returns the files that belong to the module: what git tracks, and
// what is new and not ignored.
func tracked(t *testing.T, root string) []zip.File {
	t.Helper()
	var files []zip.File
	for path := range strings.SplitSeq(command(t, root, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00") {
		if info, err := os.Lstat(filepath.Join(root, path)); path != "" && err == nil && info.Mode().IsRegular() {
			files = append(files, file{root, path})
		}
	}
	return files
}
