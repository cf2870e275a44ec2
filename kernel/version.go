package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the version of glownotes. The commit stands behind it.
const version = "0.1.0"

type versionCommand struct{}

// Run prints one line.
func (versionCommand) Run() error {
	fmt.Printf("glownotes %s%s, %s %s/%s\n", version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// revision names the commit where the toolchain recorded it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	commit, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if commit == "" {
		return ""
	}
	return " (" + commit + modified + ")"
}
