//go:build unix

package live

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilledKernelLeavesNoBuild: what a kernel was building with when it was
// killed ends too, with what that had started, and the session's folder goes.
func TestKilledKernelLeavesNoBuild(t *testing.T) {
	if dir := os.Getenv("GLOWNOTES_TEST_KEEPER"); dir != "" {
		k := startKeeper(dir, slog.Default())
		done := exec.CommandContext(t.Context(), "true")
		if err := k.run(done, false); err != nil {
			t.Fatal(err)
		}
		const build = `echo $$ >"$1/pid.tmp"; mv "$1/pid.tmp" "$1/pid"; sh -c 'while :; do echo x >"$0/object"; done' "$1" & wait`
		t.Fatal(k.run(exec.CommandContext(t.Context(), "sh", "-c", build, "build", dir), true))
	}
	dir := filepath.Join(t.TempDir(), "session")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKilledKernelLeavesNoBuild$")
	child.Env = append(os.Environ(), "GLOWNOTES_TEST_KEEPER="+dir)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Process.Kill() })
	var pid int
	within(t, "the build has begun", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "pid"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	child.Process.Kill()
	child.Wait()
	within(t, "the build has ended", func() bool { return errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH) || !running(pid) })
	within(t, "the session's folder is gone", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, fs.ErrNotExist)
	})
}

// running tells whether some process of a group is no zombie: nobody here may
// reap orphans.
func running(group int) bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, _ := os.ReadFile(file)
		_, rest, _ := strings.Cut(string(text), ") ") // state, parent, group
		f := strings.Fields(rest)
		if len(f) > 2 && f[0] != "Z" && f[2] == strconv.Itoa(group) {
			return true
		}
	}
	return false
}

// within waits for what another process does, for longer than any machine needs.
func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after two minutes still not: %s", what)
		}
	}
}
