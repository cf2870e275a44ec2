package live

import (
	"context"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// An index knows the packages that cells can use without an import: those of
// the standard library, of the module, and of the modules that go.mod requires
// directly. It reads sources, so that nothing needs to be compiled to know what
// a name means.
type index struct {
	byName map[string][]indexed
	byPath map[string]indexed

	mu      sync.Mutex
	exports map[string]map[string]bool // path -> exported names
}

type indexed struct{ path, name, dir string }

// preferred decides between packages of one name that have the same exported
// name too. Otherwise the standard library comes first, then the module's own
// packages, then the others; and the shorter path before the longer.
var preferred = []string{
	"math/rand/v2", // before math/rand and crypto/rand; rand.Seed and rand.Read find those
	"text/template",
	"go/token",
	"go/scanner",
	"encoding/json", // before encoding/json/v2
}

// loadIndex reads the index from the cache or makes it. The module's own
// packages are listed again whenever its sources change.
func loadIndex(ctx context.Context, tc *toolchain, dir, local string) (*index, error) {
	file := filepath.Join(dir, "index.txt")
	if data, err := os.ReadFile(file); err == nil {
		if head, rest, _ := strings.Cut(string(data), "\n"); head == local {
			return parseIndex(rest), nil
		}
	}
	patterns := []string{"std", "./..."}
	for _, m := range directModules(tc.root) {
		patterns = append(patterns, m+"/...")
	}
	out, err := tc.run(ctx, nil, append([]string{"list", "-e", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Dir}}"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	if err := writeFile(file, fmt.Appendf(nil, "%s\n%s", local, out)); err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	return parseIndex(string(out)), nil
}

// directModules reads the modules that go.mod requires directly.
func directModules(root string) []string {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil
	}
	var out []string
	in := false
	for l := range strings.Lines(string(data)) {
		l = strings.TrimSpace(l)
		switch {
		case l == "require (":
			in = true
		case l == ")":
			in = false
		case strings.Contains(l, "// indirect"):
		case in, strings.HasPrefix(l, "require "):
			if f := strings.Fields(strings.TrimPrefix(l, "require ")); len(f) >= 2 {
				out = append(out, f[0])
			}
		}
	}
	return out
}

func parseIndex(text string) *index {
	ix := &index{byName: map[string][]indexed{}, byPath: map[string]indexed{}, exports: map[string]map[string]bool{}}
	for l := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		if len(f) != 3 || f[1] == "" || f[1] == "main" || hidden(f[0]) {
			continue
		}
		e := indexed{f[0], f[1], f[2]}
		ix.byPath[e.path] = e
		ix.byName[e.name] = append(ix.byName[e.name], e)
	}
	for _, l := range ix.byName {
		slices.SortFunc(l, func(a, b indexed) int { return compareRank(a.path, b.path) })
	}
	return ix
}

// hidden tells whether a package cannot or should not be imported by a cell.
func hidden(path string) bool {
	return strings.HasPrefix(path, "vendor/") || strings.HasPrefix(path, "cmd/") ||
		slices.Contains(strings.Split(path, "/"), "internal") ||
		strings.HasPrefix(path, "glownotes/kernel/") && path != "glownotes/kernel/display" && path != "glownotes/kernel/widgets"
}

func compareRank(a, b string) int {
	ra, rb := rank(a), rank(b)
	if ra != rb {
		return ra - rb
	}
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func rank(path string) int {
	first, _, _ := strings.Cut(path, "/")
	switch {
	case slices.Contains(preferred, path):
		return 0
	case first == "glownotes":
		return 2
	case !strings.Contains(first, "."):
		return 1
	}
	return 3
}

func (ix *index) name(path string) (string, bool) {
	e, ok := ix.byPath[path]
	return e.name, ok
}

// exported lists the exported package-level names of a package.
func (ix *index) exported(path string) map[string]bool {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if m, ok := ix.exports[path]; ok {
		return m
	}
	m := map[string]bool{}
	if e, ok := ix.byPath[path]; ok {
		if bp, err := build.Default.ImportDir(e.dir, 0); err == nil {
			for _, f := range slices.Concat(bp.GoFiles, bp.CgoFiles) {
				exportsOf(filepath.Join(e.dir, f), m)
			}
		}
	}
	ix.exports[path] = m
	return m
}

func exportsOf(file string, m map[string]bool) {
	f, _ := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if f == nil {
		return
	}
	for _, d := range f.Decls {
		names, recv := declNames(d)
		for _, n := range names {
			if recv == "" && ast.IsExported(n) {
				if fd, ok := d.(*ast.FuncDecl); !ok || fd.Recv == nil {
					m[n] = true
				}
			}
		}
	}
}

// guess finds the package that a name means: the one of that name that exports
// most of what is selected from it, the first of several.
func (p *packages) guess(name string, members []string) (path string, ok bool) {
	if len(members) == 0 {
		return "", false
	}
	most := -1
	for _, e := range p.known().byName[name] {
		has, n := p.known().exported(e.path), 0
		for _, m := range members {
			if has[m] {
				n++
			}
		}
		if n > most {
			path, most = e.path, n
		}
	}
	return path, most >= 0
}

// exports tells whether a package exports a name.
func (p *packages) exports(path, sel string) bool {
	return p.known().exported(path)[sel]
}

// exportedNames lists what a package exports.
func (p *packages) exportedNames(path string) map[string]bool {
	return p.known().exported(path)
}

// pathsOf lists the packages of a name.
func (p *packages) pathsOf(name string) []string {
	var out []string
	for _, e := range p.known().byName[name] {
		out = append(out, e.path)
	}
	return out
}
