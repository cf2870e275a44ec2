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
	g := &getter{pkgs: e.packages(), dir: e.dir, progress: progress}
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
	before, err := versions(ctx, old, loaded)
	if err != nil {
		return err
	}
	after, err := versions(ctx, &tc, loaded)
	if err != nil {
		return err
	}
	if c := clashes(before, after); len(c) > 0 {
		return fmt.Errorf("live: %s needs other versions of modules that this session has loaded: %s; nothing was changed. "+
			"To use it, change go.mod (go get %s) and restart the kernel", module, strings.Join(c, ", "), module)
	}
	name, _, _ := strings.Cut(module, "@")
	out, err := tc.run(ctx, nil, "list", "-e", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Dir}}", name+"/...")
	if err != nil {
		return fmt.Errorf("live: %w", err)
	}
	p.adopt(&tc, before, p.known().with(parseIndex(string(out))))
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

// versions lists the modules that packages and what they import come from.
// Nothing is compiled for that.
func versions(ctx context.Context, tc *toolchain, paths []string) (map[string]moduleVersion, error) {
	out, err := tc.run(ctx, nil, append([]string{"list", "-deps", "-f", "{{.ImportPath}}\t{{with .Module}}{{.Path}}\t{{.Version}}{{with .Replace}} => {{.Path}} {{.Version}}{{end}}{{else}}\t{{end}}"}, paths...)...)
	if err != nil {
		return nil, fmt.Errorf("live: %w", listError(err))
	}
	m := map[string]moduleVersion{}
	for l := range strings.Lines(string(out)) {
		if f := strings.Split(strings.TrimSuffix(l, "\n"), "\t"); len(f) == 3 {
			m[f[0]] = moduleVersion{f[1], f[2]}
		}
	}
	return m, nil
}

type moduleVersion struct{ path, version string }

// clashes names the modules whose packages would change.
func clashes(before, after map[string]moduleVersion) []string {
	var out []string
	for path, was := range before {
		now := after[path]
		if now == was {
			continue
		}
		text := was.path + " " + was.version + " -> " + now.version
		if now.path != was.path {
			text = path
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return slices.Compact(out)
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
	if p.image != nil {
		for path := range p.image.packages {
			if !strings.HasPrefix(path, "vendor/") && !strings.Contains(path, "internal/") {
				all[path] = true
			}
		}
	}
	delete(all, "unsafe")
	return slices.Sorted(maps.Keys(all))
}

// adopt goes on with another go.mod. The packages that may be loaded stay; the
// others are listed again when a cell needs them.
func (p *packages) adopt(tc *toolchain, stay map[string]moduleVersion, ix *index) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tc = tc
	p.index.Store(ix)
	for path := range p.archive {
		_, in := p.inImage(path)
		if _, stays := stay[path]; !in && !stays {
			delete(p.archive, path)
			delete(p.names, path)
		}
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
