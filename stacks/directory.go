package stacks

import (
	"fmt"
	"io/fs"
	"os"
)

// directoryOf copies files to a directory, for constructs that take one and have
// copied it into the cloud assembly when they return, and returns what removes it.
// It panics if that fails.
func directoryOf(files fs.FS) (name string, remove func()) {
	name, err := os.MkdirTemp("", "noidle-site-")
	if err == nil {
		err = os.CopyFS(name, files)
	}
	if err != nil {
		panic(fmt.Errorf("stacks: copying the site: %w", err))
	}
	return name, func() { _ = os.RemoveAll(name) }
}
