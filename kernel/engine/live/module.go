package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"glownotes/kernel/core"
)

var _ core.ModuleGetter = (*Engine)(nil)

// GetModule implements core.ModuleGetter. The module is added to a go.mod of
// the session; if that would change a package which the session has loaded,
// nothing changes and the error names the packages.
func (e *Engine) GetModule(ctx context.Context, module string, progress func(core.Progress)) error {
	if strings.ContainsAny(module, " \t") || strings.HasPrefix(module, "-") || module == "" {
		return fmt.Errorf("live: %q is not of the form module@version", module)
	}
	if err := e.Start(ctx, progress); err != nil {
		return err
	}
	e.running.Lock()
	defer e.running.Unlock()
	if progress == nil {
		progress = func(core.Progress) {}
	}
	g := &getter{pkgs: e.pkgs, dir: e.dir, progress: progress}
	return g.get(ctx, module)
}

// A getter adds a module to a session.
type getter struct {
	pkgs     *packages
	dir      string // of the session
	progress func(core.Progress)
}

func (g *getter) get(ctx context.Context, module string) error {
	p := g.pkgs
	p.interruptIdle()
	p.build.Lock()
	defer p.build.Unlock()
	next, err := g.newModFile()
	if err != nil {
		return err
	}
	old := p.tc
	tc := *old
	tc.modFile = next
	g.progress(core.Progress{Stage: "getting " + module, Done: -1})
	if _, err := tc.run(ctx, nil, "get", module); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	loaded := p.loadedPaths()
	before, err := p.list(ctx, old, loaded)
	if err != nil {
		return err
	}
	after, err := p.list(ctx, &tc, loaded)
	if err != nil {
		return err
	}
	var changed []string
	for path, e := range before {
		if after[path].archive != e.archive {
			changed = append(changed, path)
		}
	}
	if len(changed) > 0 {
		slices.Sort(changed)
		return fmt.Errorf("live: %s needs other versions of packages that this session has loaded: %w", module, &conflictError{changed})
	}
	name, _, _ := strings.Cut(module, "@")
	out, err := tc.run(ctx, nil, "list", "-e", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Dir}}", name+"/...")
	if err != nil {
		return fmt.Errorf("live: %w", err)
	}
	p.adopt(&tc, after, p.known().with(parseIndex(string(out))))
	return nil
}

// newModFile makes a copy of the session's go.mod and go.sum, of the module's
// own for the first time.
func (g *getter) newModFile() (string, error) {
	from := filepath.Join(g.pkgs.tc.root, "go.mod")
	if g.pkgs.tc.modFile != "" {
		from = g.pkgs.tc.modFile
	}
	dir, err := os.MkdirTemp(g.dir, "mod")
	if err != nil {
		return "", fmt.Errorf("live: %w", err)
	}
	for _, ext := range []string{".mod", ".sum"} {
		data, err := os.ReadFile(strings.TrimSuffix(from, ".mod") + ext)
		if err != nil && !(ext == ".sum" && errors.Is(err, os.ErrNotExist)) {
			return "", fmt.Errorf("live: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, "go"+ext), data, 0o600); err != nil {
			return "", fmt.Errorf("live: %w", err)
		}
	}
	return filepath.Join(dir, "go.mod"), nil
}

// A listed package is one line of go list.
type listed struct{ name, archive string }

// list compiles packages with all that they import and returns them.
func (p *packages) list(ctx context.Context, tc *toolchain, paths []string) (map[string]listed, error) {
	out, err := tc.run(ctx, nil, append([]string{"list", "-export", "-deps", "-buildmode=plugin", "-trimpath", "-f", listFormat}, paths...)...)
	if err != nil {
		return nil, fmt.Errorf("live: %w", listError(err))
	}
	m := map[string]listed{}
	for l := range strings.Lines(string(out)) {
		if f := strings.Split(strings.TrimSuffix(l, "\n"), "\t"); len(f) == 3 {
			m[f[0]] = listed{f[1], f[2]}
		}
	}
	return m, nil
}

// use notes the packages that a cell which was loaded imports.
func (p *packages) use(paths []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, path := range paths {
		p.loaded[path] = true
	}
}

// loadedPaths lists the packages that cells import, without those that they
// reach through others.
func (p *packages) loadedPaths() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := maps.Clone(p.loaded)
	for _, b := range basePackages {
		all[b] = true
	}
	delete(all, "unsafe")
	return slices.Sorted(maps.Keys(all))
}

// adopt goes on with another go.mod. What was not loaded is listed again when
// a cell needs it.
func (p *packages) adopt(tc *toolchain, have map[string]listed, ix *index) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tc = tc
	p.index.Store(ix)
	clear(p.archive)
	clear(p.names)
	for path, e := range have {
		p.names[path], p.archive[path] = e.name, e.archive
	}
}

// with is the index with the packages of another one.
func (ix *index) with(more *index) *index {
	all := &index{byName: maps.Clone(ix.byName), byPath: maps.Clone(ix.byPath), exports: map[string]map[string]bool{}}
	for path, e := range more.byPath {
		if _, ok := all.byPath[path]; !ok {
			all.byPath[path] = e
			all.byName[e.name] = append(slices.Clone(all.byName[e.name]), e)
			slices.SortFunc(all.byName[e.name], func(a, b indexed) int { return compareRank(a.path, b.path) })
		}
	}
	return all
}
