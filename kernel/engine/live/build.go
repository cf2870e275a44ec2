package live

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"glownotes/kernel/engine/stublib"
)

// A builder turns the generated file of a cell into a plugin. It calls the
// compiler and the linker directly: the go command would take three times as
// long, mostly to find out that nothing has changed.
type builder struct {
	tc    *toolchain
	pkgs  *packages
	dir   string // of the session
	cells cellSymbols

	nothing nothing
	ahead   tools
	configs configs // in image mode
}

// sourceFiles are what the compiler gets of a cell.
type sourceFiles struct {
	text  []byte
	c     *cgoCell // nil without C code
	light bool     // nothing in it runs more than once: see unit.light
}

// A built cell is ready to be loaded.
type built struct {
	archive string // export data and code for later cells
	plugin  string
	library *stublib.Library // the plugin's symbols, in image mode
}

// build compiles and links.
func (b *builder) build(ctx context.Context, serial int, s sourceFiles) (*built, error) {
	n, err := b.take(serial)
	if err != nil {
		return nil, err
	}
	defer n.end()
	out := &built{archive: filepath.Join(n.dir, "cell.a"), plugin: filepath.Join(n.dir, "cell.so")}
	if b.pkgs.image != nil {
		return out, b.buildImage(ctx, n, serial, s, out)
	}
	return out, b.buildPlain(ctx, n, serial, s, out)
}

// buildPlain makes a plugin. It has two packages: the cell's own and a main
// package that calls it, because a main package of one plugin cannot be linked
// into another one.
func (b *builder) buildPlain(ctx context.Context, n *bench, serial int, s sourceFiles, out *built) error {
	path, dir := cellPath(serial), n.dir
	cfg := filepath.Join(dir, "importcfg")
	config := b.pkgs.importConfig()
	main := fmt.Sprintf("package main\nimport cell %q\nfunc %s() { cell.%s() }\nfunc main() {}\n", path, runName, runName)
	for name, data := range map[string][]byte{
		cfg:                           fmt.Appendf(config, "packagefile %s=%s\n", path, out.archive),
		filepath.Join(dir, "cell.go"): s.text, filepath.Join(dir, "main.go"): []byte(main),
	} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return fmt.Errorf("live: %w", err)
		}
	}
	if err := b.compileCell(ctx, n, cfg, path, out.archive, s); err != nil {
		return err
	}
	mainArchive := filepath.Join(dir, "main.a")
	if err := b.compile(ctx, &bench{dir: dir}, cfg, path+"/main", "main.go", mainArchive, "-complete"); err != nil {
		return err
	}
	return b.link(ctx, n, path+"/main", mainArchive, out.plugin)
}

// compileCell compiles the file of a cell, with what its C code adds.
func (b *builder) compileCell(ctx context.Context, n *bench, config, path, archive string, s sourceFiles, flags ...string) error {
	if s.light {
		flags = append(flags, "-l") // no inlining: a third less time
	}
	c := s.c
	if c == nil {
		return b.compile(ctx, n, config, path, "cell.go", archive, append(flags, "-complete")...)
	}
	const goTypes = "_cgo_gotypes.go"
	if err := os.WriteFile(filepath.Join(n.dir, goTypes), c.goText, 0o600); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	if err := b.compile(ctx, n, config, path, "cell.go", archive, append(flags, goTypes)...); err != nil {
		return err
	}
	data, err := os.ReadFile(archive)
	if err != nil {
		return fmt.Errorf("live: %w", err)
	}
	for _, o := range c.objects {
		object, err := os.ReadFile(o)
		if err != nil {
			return fmt.Errorf("live: %w", err)
		}
		data = stublib.AppendObject(data, filepath.Base(o), object)
	}
	if err := os.WriteFile(archive, data, 0o600); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

func (b *builder) compile(ctx context.Context, n *bench, config, path, file, archive string, flags ...string) error {
	args := append([]string{"-o", archive, "-trimpath", n.dir + "=>.",
		"-p", path, "-lang=" + b.tc.lang, "-installsuffix", "dynlink", "-goversion", b.tc.version,
		"-c=2", "-dynlink", "-nolocalimports", "-importcfg", config, "-pack"}, flags...)
	_, err := b.waitingTool(ctx, n.compile, n.dir, nil, nil, filepath.Join(b.tc.toolDir, "compile"), append(args, file)...)
	return err
}

// link runs the Go linker up to the object files and calls ld itself: the
// linker would ask gcc up to three times for flags that it knows, and gcc would
// call collect2 and that ld.
func (b *builder) link(ctx context.Context, n *bench, path, archive, plugin string) error {
	objects := filepath.Join(n.dir, objectsDir)
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	defer os.RemoveAll(objects)
	out, err := b.goLink(ctx, n, b.nothing.in(b.dir), path, archive, plugin, "importcfg", objects, nil)
	if err != nil {
		return err
	}
	args, err := ldArgs(out)
	if err != nil {
		return err
	}
	_, err = b.tool(ctx, n.dir, nil, b.tc.ld, args...)
	return err
}

// objectsDir is the folder of the linker's own files in that of a cell.
const objectsDir = "objects"

// goLink runs the Go linker; its output names the command for the last step,
// which it does not run: extld is no linker.
func (b *builder) goLink(ctx context.Context, n *bench, extld, path, archive, plugin, importcfg, objects string, env []string, flags ...string) ([]byte, error) {
	args := append([]string{"-v", "-o", plugin, "-importcfg", importcfg,
		"-installsuffix", "dynlink", "-pluginpath", path, "-buildmode=plugin", "-s", "-w",
		"-tmpdir", objects, "-compressdwarf=false", "-extld=" + extld}, flags...)
	stopped := func(out []byte) bool { return extld == noProgram && stoppedThere.Match(out) }
	return b.waitingTool(ctx, n.link, n.dir, env, stopped, filepath.Join(b.tc.toolDir, "link"), append(args, archive)...)
}

// noProgram is the external linker where nothing but the object file is wanted:
// the Go linker looks for a program of this name three times, and fails, which
// takes less time than to start one.
const noProgram = "glownotes-has-no-such-program"

// stoppedThere is what the Go linker writes then, behind the command for the
// last step.
var stoppedThere = regexp.MustCompile(`(?ms)^host link: [^\n]*\n.*` + noProgram)

var hostLink = regexp.MustCompile(`(?m)^host link: (.*)$`)

// ldArgs makes the arguments of ld from those that the Go linker has for gcc.
func ldArgs(log []byte) ([]string, error) {
	m := hostLink.FindSubmatch(log)
	if m == nil {
		return nil, fmt.Errorf("live: the Go linker named no command for the external linker: %s", bytes.TrimSpace(log))
	}
	args := []string{"--eh-frame-hdr"}
	for i, q := range splitQuoted(string(m[1])) {
		switch {
		case i == 0, q == "-m64", q == "-O2", q == "-g", q == "-pthread", strings.HasPrefix(q, "-Wl,--compress-debug"), strings.HasPrefix(q, "-f"), strings.HasPrefix(q, "-Q"):
		case q == "-rdynamic":
			args = append(args, "-export-dynamic")
		case strings.HasPrefix(q, "-Wl,"):
			args = append(args, strings.Split(q[len("-Wl,"):], ",")...)
		case q == "-lpthread", q == "-ldl", q == "-lc":
			// parts of the C library, which the host has loaded
		default:
			args = append(args, q)
		}
	}
	return args, nil
}

// splitQuoted splits a list of quoted strings.
func splitQuoted(s string) []string {
	var out []string
	s = strings.TrimPrefix(strings.TrimSpace(s), "[")
	for {
		s = strings.TrimSpace(s)
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return out
		}
		w, _ := strconv.Unquote(q)
		out = append(out, w)
		s = s[len(q):]
	}
}

// A toolError is a failure of the compiler or linker on a generated file.
type toolError struct {
	tool string
	err  error
	text string
}

func (e *toolError) Error() string {
	return fmt.Sprintf("live: %s: %v\n%s", e.tool, e.err, plain(e.text))
}

func (e *toolError) Unwrap() error { return e.err }

// toolEnv is the environment of the tools. They end before a collection pays:
// without one the link of a cell that uses Gorgonia takes a fifth less time.
func (b *builder) toolEnv(more []string) []string {
	return append(append(os.Environ(), "GOROOT="+b.tc.goRoot, "GOGC=off", "GOMEMLIMIT=1GiB"), more...)
}

// waitingTool has a tool that waits do the work; if there is none or it fails,
// it starts one. A failure with output that done accepts is none.
func (b *builder) waitingTool(ctx context.Context, w *waitingTool, dir string, env []string, done func(out []byte) bool, name string, args ...string) ([]byte, error) {
	failed := func(out []byte, err error) bool { return err != nil && (done == nil || !done(out)) }
	if w != nil {
		out, err := w.run(ctx, args)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !failed(out, err) {
			return out, nil
		}
	}
	out, err := b.tool(ctx, dir, env, name, args...)
	if ctx.Err() != nil || failed(out, err) {
		return nil, err
	}
	if w != nil && !w.wasKilled() {
		b.endAhead() // it was the waiting that failed
	}
	return out, nil
}

func (b *builder) tool(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, b.toolEnv(env)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return out, &toolError{filepath.Base(name), err, string(bytes.TrimSpace(out))}
	}
	return out, nil
}

var toolLine = regexp.MustCompile(`^(?:.*/)?cell\[(\d+)\]:(\d+)(?::(\d+))?: (.*)$`)

// problems reads the errors that the compiler found and the type checker did
// not, such as a constant that overflows.
func (e *toolError) problems() problems {
	var out problems
	for l := range strings.Lines(e.text) {
		m := toolLine.FindStringSubmatch(strings.TrimRight(l, "\n"))
		if m == nil {
			continue
		}
		p := problem{message: plain(m[4])}
		p.number, _ = strconv.Atoi(m[1])
		p.line, _ = strconv.Atoi(m[2])
		out = append(out, p)
	}
	return out
}
