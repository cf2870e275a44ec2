package live

import (
	"bytes"
	"context"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"glownotes/kernel/core"
)

// packages knows the compiled packages that cells can import. They are
// compiled by the go command when a cell first needs them, as parts of a
// plugin, and found in its build cache afterwards.
type packages struct {
	tc    *toolchain
	dir   string // cache folder
	image *image // what cells are linked against; nil in plain mode

	mu      sync.Mutex
	archive map[string]string // import path -> file with export data and code
	names   map[string]string // import path -> package name
	cells   map[string]string // packages of cells -> archive
	order   []string          // those packages, in the order in which they came
	loaded  map[string]bool   // packages that cells of this session import
	local   string            // stamp of the module's own sources that archive was made from

	build   sync.Mutex // one go list at a time
	preempt func()     // stops work ahead of time

	imp   sharedImporter
	index atomic.Pointer[index]
}

// known is the index of packages, empty before the engine has started.
func (p *packages) known() *index { return p.index.Load() }

// fuses tells whether cells are compiled for a processor on which Go may round
// x*y + z once.
func (p *packages) fuses() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tc == nil || p.tc.env["GOARCH"] != "amd64" {
		return true
	}
	switch p.tc.env["GOAMD64"] {
	case "", "v1", "v2":
		return false
	}
	return true
}

func newPackages(tc *toolchain, dir string) *packages {
	p := &packages{tc: tc, dir: dir, archive: map[string]string{}, names: map[string]string{}, cells: map[string]string{}, loaded: map[string]bool{}}
	p.index.Store(parseIndex(""))
	p.imp.imp = importer.ForCompiler(token.NewFileSet(), "gc", p.open)
	return p
}

// open finds the export data of a package for the type checker.
func (p *packages) open(path string) (io.ReadCloser, error) {
	p.mu.Lock()
	f := p.archive[path]
	if f == "" {
		f = p.cells[path]
	}
	p.mu.Unlock()
	if f == "" {
		return nil, fmt.Errorf("package %s was not compiled", path)
	}
	return os.Open(f)
}

// Import implements types.Importer.
func (p *packages) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	return p.imp.Import(path)
}

// builtins are the objects for names that every cell has.
func (p *packages) builtins() []types.Object {
	ctx, err := p.Import("context")
	if err != nil {
		ctx = nil
	}
	return builtinNames(ctx)
}

// addCell makes the package of a cell importable by later cells.
func (p *packages) addCell(serial int, archive string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	path := cellPath(serial)
	p.cells[path] = archive
	p.order = append(p.order, path)
}

// missing lists the paths that are not compiled yet.
func (p *packages) missing(paths []string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, path := range paths {
		if p.archive[path] == "" && path != "unsafe" {
			out = append(out, path)
		}
	}
	return out
}

// A conflictError means that packages changed on disk while the session runs.
type conflictError struct{ paths []string }

func (e *conflictError) Error() string {
	return fmt.Sprintf("%s changed since this session loaded it: restart the kernel to use the new code", strings.Join(e.paths, ", "))
}

// listFormat prints path, name and archive of each package.
const listFormat = "{{if .Export}}{{.ImportPath}}\t{{.Name}}\t{{.Export}}{{end}}"

// ensure compiles packages with all that they import, unless that was done.
func (p *packages) ensure(ctx context.Context, progress func(core.Progress), paths ...string) error {
	if len(p.missing(paths)) == 0 {
		return nil
	}
	p.interruptIdle()
	return p.compileAll(ctx, p.tc, progress, paths...)
}

// listArgs are the arguments of the go command that compile packages.
func (p *packages) listArgs(paths []string) []string {
	args := []string{"list", "-export", "-deps", "-buildmode=plugin", "-trimpath", "-f", listFormat}
	if p.image != nil {
		args = append(args, imageFlags...)
	}
	return append(args, paths...)
}

func (p *packages) compileAll(ctx context.Context, tc *toolchain, progress func(core.Progress), paths ...string) error {
	p.build.Lock()
	defer p.build.Unlock()
	want := p.missing(paths)
	if len(want) == 0 {
		return nil
	}
	if progress == nil {
		progress = func(core.Progress) {}
	}
	total, done := 0, 0
	line := func(l string) {
		if strings.ContainsAny(l, " :") || l == "" {
			return
		}
		if done == 0 {
			total = p.count(ctx, want)
		}
		done++
		progress(core.Progress{Stage: "compiling " + l, Done: float64(done) / float64(max(total, done+1))})
	}
	out, err := tc.run(ctx, line, p.listArgs(append([]string{"-v"}, want...))...)
	if err != nil {
		return listError(err)
	}
	if done > 0 {
		progress(core.Progress{Stage: fmt.Sprintf("compiled %d packages", done), Done: 1, Final: true})
	}
	return p.add(out)
}

// count is the number of packages that a list of packages needs.
func (p *packages) count(ctx context.Context, paths []string) int {
	out, err := p.tc.run(ctx, nil, append([]string{"list", "-deps", "-f", "{{.ImportPath}}"}, paths...)...)
	if err != nil {
		return 0
	}
	n := 0
	for l := range bytes.Lines(out) {
		if len(p.missing([]string{string(bytes.TrimSpace(l))})) > 0 {
			n++
		}
	}
	return n
}

// add records what go list printed. Packages that the session may have loaded
// must not change.
func (p *packages) add(out []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var changed []string
	fresh := map[string][2]string{}
	for l := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		if len(f) != 3 {
			continue
		}
		if in, ok := p.inImage(f[0]); ok {
			if in.archive != f[2] {
				changed = append(changed, f[0])
			}
			continue
		}
		if old := p.archive[f[0]]; old != "" && old != f[2] {
			changed = append(changed, f[0])
			continue
		}
		fresh[f[0]] = [2]string{f[1], f[2]}
	}
	if len(changed) > 0 {
		return &conflictError{changed}
	}
	for path, v := range fresh {
		p.names[path], p.archive[path] = v[0], v[1]
	}
	return p.save()
}

// inImage finds a package of the image.
func (p *packages) inImage(path string) (imagePackage, bool) {
	if p.image == nil {
		return imagePackage{}, false
	}
	in, ok := p.image.packages[path]
	return in, ok
}

// listError shortens what the go command says about a package.
func listError(err error) error {
	if e, ok := err.(*goError); ok {
		var keep []string
		for l := range strings.Lines(e.text) {
			l = strings.TrimSpace(l)
			if strings.ContainsAny(l, " :") && !strings.HasPrefix(l, "# ") { // not the heading of a package
				keep = append(keep, l)
			}
		}
		e.text = strings.Join(keep, "\n")
	}
	return err
}

// name is the name of a package, which is compiled for that if need be.
func (p *packages) name(ctx context.Context, progress func(core.Progress), path string) (string, error) {
	if path == "unsafe" {
		return "unsafe", nil
	}
	if n, ok := p.known().name(path); ok {
		return n, nil
	}
	if err := p.ensure(ctx, progress, path); err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.names[path], nil
}

func (p *packages) file() string { return filepath.Join(p.dir, "packages.txt") }

// save writes the table; the caller holds mu.
func (p *packages) save() error {
	if p.tc.modFile != "" || p.image != nil {
		return nil // versions of this session only, or a table that is finished
	}
	var b strings.Builder
	b.WriteString(p.local + "\n")
	for path, f := range p.archive {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", path, p.names[path], f)
	}
	if err := writeFile(p.file(), []byte(b.String())); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

// load reads the table of an earlier session. Entries whose file Go's build
// cache has dropped are forgotten, and those of the module's own packages if a
// source has changed; if any entry goes, everything goes that may import it.
func (p *packages) load(local string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.local
	p.local = local
	data, err := os.ReadFile(p.file())
	if err != nil {
		return
	}
	head, rest, _ := strings.Cut(string(data), "\n")
	same := head == local || was == local && was != ""
	lost := false
	for l := range strings.Lines(rest) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		if len(f) != 3 {
			continue
		}
		if !same && strings.HasPrefix(f[0], "glownotes") {
			continue
		}
		if _, err := os.Stat(f[2]); err != nil {
			lost = true
			break
		}
		p.names[f[0]], p.archive[f[0]] = f[1], f[2]
	}
	if lost {
		clear(p.names)
		clear(p.archive)
	}
}

// importConfig is the configuration that tells compile and link where the
// packages are.
func (p *packages) importConfig() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var lines []string
	for _, m := range []map[string]string{p.archive, p.cells} {
		for path, f := range m {
			lines = append(lines, "packagefile "+path+"="+f+"\n")
		}
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, ""))
}

// ensureIdle is ensure for packages that nobody waits for: a cell that needs
// the go command interrupts it, and it starts again afterwards.
func (p *packages) ensureIdle(ctx context.Context, paths ...string) error {
	for {
		turn, cancel := context.WithCancel(ctx)
		p.mu.Lock()
		p.preempt = cancel
		polite := *p.tc
		p.mu.Unlock()
		polite.polite = true
		err := p.compileAll(turn, &polite, nil, paths...)
		preempted := turn.Err() != nil
		cancel()
		if err == nil || !preempted || ctx.Err() != nil {
			return err
		}
	}
}

// interruptIdle gives the go command to a cell.
func (p *packages) interruptIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.preempt != nil {
		p.preempt()
		p.preempt = nil
	}
}
