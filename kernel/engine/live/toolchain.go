package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A MissingToolError names a program that compiled cells need and the command
// that installs it.
type MissingToolError struct {
	Tool, Why, Mend string
}

func (e *MissingToolError) Error() string {
	return fmt.Sprintf("live: %s is missing (%s); %s", e.Tool, e.Why, e.Mend)
}

// A toolchain is the Go installation that builds cells.
type toolchain struct {
	goCmd   string
	root    string // folder of the module
	toolDir string
	goRoot  string
	version string // "go1.26.8"
	lang    string // "go1.26"
	ld      string
	polite  bool              // runs at low priority: nobody waits
	keeper  *keeper           // ends what runs with this process; may be nil
	tmp     string            // folder for temporary files, "" for the system's
	modFile string            // go.mod of the session, if it is not the module's own
	env     map[string]string // settings that change what the compiler writes
}

// findGo looks for the go command in PATH and where it is usually installed.
func findGo() (string, error) {
	if p, err := exec.LookPath("go"); err == nil {
		return p, nil
	}
	home, _ := os.UserHomeDir()
	for _, p := range []string{filepath.Join(runtime.GOROOT(), "bin", "go"), "/usr/local/go/bin/go", "/usr/lib/go/bin/go", "/snap/bin/go", filepath.Join(home, "go", "bin", "go")} {
		if st, err := os.Stat(p); err == nil && !st.IsDir() {
			return p, nil
		}
	}
	return "", &MissingToolError{"go", "it compiles the cells", "install Go 1.26 or newer from https://go.dev/dl"}
}

// FindGo looks for the go command in PATH and where it is usually installed;
// the error is a *MissingToolError.
func FindGo() (string, error) { return findGo() }

// Toolchain returns nil where cells can be compiled, and else why not: a
// *MissingToolError if a program has to be installed.
func Toolchain(ctx context.Context) error {
	// In no module: the one around the current folder may want another Go.
	_, err := findToolchain(ctx, string(filepath.Separator))
	return err
}

// findToolchain asks the go command for its settings in the module's folder.
func findToolchain(ctx context.Context, root string) (*toolchain, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("live: compiled cells run on Linux only, this is %s", runtime.GOOS)
	}
	goCmd, err := findGo()
	if err != nil {
		return nil, err
	}
	t := &toolchain{goCmd: goCmd, root: root}
	names := []string{"GOROOT", "GOTOOLDIR", "GOVERSION", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFLAGS", "CGO_ENABLED", "CC", "CGO_CFLAGS", "GOCACHE", "GOMODCACHE"}
	out, err := t.run(ctx, nil, append([]string{"env", "-json"}, names...)...)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out, &t.env); err != nil {
		return nil, fmt.Errorf("live: go env: %w", err)
	}
	t.goRoot, t.toolDir, t.version = t.env["GOROOT"], t.env["GOTOOLDIR"], t.env["GOVERSION"]
	parts := strings.SplitN(t.version, ".", 3)
	t.lang = strings.Join(parts[:min(2, len(parts))], ".")
	return t, t.checkC()
}

// checkC looks for the C compiler that cgo needs and for the linker.
func (t *toolchain) checkC() error {
	cc := strings.Fields(t.env["CC"])
	if len(cc) == 0 {
		cc = []string{"gcc"}
	}
	if _, err := exec.LookPath(cc[0]); err != nil {
		return &MissingToolError{cc[0], "Go plugins need a C compiler", "install it: sudo apt-get install gcc libc6-dev"}
	}
	if t.env["CGO_ENABLED"] == "0" {
		return &MissingToolError{"cgo", "CGO_ENABLED is 0 and Go plugins need it", "run with CGO_ENABLED=1"}
	}
	ld, err := exec.LookPath("ld")
	if err != nil {
		return &MissingToolError{"ld", "it links the cells", "install it: sudo apt-get install binutils"}
	}
	t.ld = ld
	return nil
}

// run runs the go command in the module and returns its output.
func (t *toolchain) run(ctx context.Context, line func(string), args ...string) ([]byte, error) {
	if args[0] != "env" {
		var flags []string
		if args[0] != "get" {
			flags = append(flags, "-mod=readonly") // whatever GOFLAGS says: go.mod is the person's
		}
		if t.modFile != "" {
			flags = append(flags, "-modfile="+t.modFile)
		}
		args = slices.Concat(args[:1], flags, args[1:])
	}
	cmd := exec.CommandContext(ctx, t.goCmd, args...)
	cmd.Dir = t.root
	cmd.Env = append(t.environ(), "GOTOOLCHAIN=local", "GO111MODULE=on", "PWD="+t.root, "GOWORK=off")
	var out bytes.Buffer
	errs := &lineWriter{each: line}
	cmd.Stdout, cmd.Stderr = &out, errs
	if err := t.keeper.run(cmd, t.polite); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &goError{args: args[:1], err: err, text: strings.TrimSpace(errs.all.String())}
	}
	return out.Bytes(), nil
}

// environ is the environment of what is run. Temporary files are in a folder
// that goes with the session, even if this process and the program are killed.
func (t *toolchain) environ() []string {
	env := os.Environ()
	if t.tmp != "" {
		env = append(env, "TMPDIR="+t.tmp)
	}
	return env
}

// A goError is a failure of the go command.
type goError struct {
	args []string
	err  error
	text string
}

func (e *goError) Error() string {
	if e.text != "" {
		return e.text
	}
	return fmt.Sprintf("go %s: %v", strings.Join(e.args, " "), e.err)
}

func (e *goError) Unwrap() error { return e.err }

// lineWriter hands lines on as they come and keeps all.
type lineWriter struct {
	each func(string)
	rest []byte
	all  bytes.Buffer
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.all.Write(p)
	if w.each == nil {
		return len(p), nil
	}
	w.rest = append(w.rest, p...)
	for {
		i := bytes.IndexByte(w.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		w.each(string(w.rest[:i]))
		w.rest = w.rest[i+1:]
	}
}

// key names everything that decides whether compiled packages fit together.
func (t *toolchain) key() string {
	var b strings.Builder
	for _, n := range []string{"GOVERSION", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFLAGS", "CC", "CGO_CFLAGS", "GOROOT", "GOCACHE"} {
		fmt.Fprintf(&b, "%s=%s\n", n, t.env[n])
	}
	fmt.Fprintf(&b, "root=%s\n", t.root)
	for _, f := range []string{"go.mod", "go.sum"} {
		data, _ := os.ReadFile(filepath.Join(t.root, f))
		fmt.Fprintf(&b, "%s %x\n", f, digest(data))
	}
	return fmt.Sprintf("%.16x", digest([]byte(b.String())))
}
