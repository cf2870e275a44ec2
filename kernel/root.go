package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const modulePath = "glownotes"

// moduleRoot finds the folder of the module: cells are compiled against its
// packages. Tried in this order: the flag or $GLOWNOTES_ROOT, the current
// folder and those above it, the place that this program was compiled from.
func (c *cli) moduleRoot() (string, error) {
	if c.Root != "" {
		if !isRoot(c.Root) {
			return "", fmt.Errorf("%s is not the folder of the glownotes module: its go.mod is missing or names another module", c.Root)
		}
		return filepath.Abs(c.Root)
	}
	if dir, err := os.Getwd(); err == nil {
		for ; ; dir = filepath.Dir(dir) {
			if isRoot(dir) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	if _, file, _, ok := runtime.Caller(0); ok { // not after a build with -trimpath
		if dir := filepath.Dir(filepath.Dir(file)); isRoot(dir) {
			return dir, nil
		}
	}
	return "", errors.New("the source of glownotes was not found: run this in its folder, or say --root DIR")
}

// isRoot reports whether dir holds the go.mod of this module.
func isRoot(dir string) bool {
	b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "module" {
			return fields[1] == modulePath
		}
	}
	return false
}
