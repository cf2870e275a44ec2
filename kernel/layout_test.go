package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layout is the architecture: every package and what it may import beyond the
// standard library. Order matters to readers only; a package never imports a
// package that (directly or not) imports it, which the compiler checks.
// "module/..." allows a module with all its packages.
var layout = map[string][]string{
	// kernel: the Jupyter side.
	"kernel":                 {"glownotes/kernel/...", "glownotes/cglow/cuda", "github.com/alecthomas/kong", "golang.org/x/term", "golang.org/x/sys/..."},
	"kernel/wire":            {},
	"kernel/display":         {},
	"kernel/core":            {"glownotes/kernel/wire", "glownotes/kernel/display"},
	"kernel/history":         {"glownotes/kernel/core", "modernc.org/sqlite/..."},
	"kernel/zmq":             {"glownotes/kernel/core", "glownotes/kernel/wire", "github.com/go-zeromq/zmq4/..."},
	"kernel/engine/hostwire": {},
	"kernel/engine/solink":   {},
	"kernel/engine/stublib":  {},
	"kernel/engine/live":     {"glownotes/kernel/core", "glownotes/kernel/display", "glownotes/kernel/engine/hostwire", "glownotes/kernel/engine/solink", "glownotes/kernel/engine/stublib", "golang.org/x/tools/..."},
	"kernel/engine/interp":   {"glownotes/kernel/core", "glownotes/kernel/display", "github.com/cosmos72/gomacro/...", "golang.org/x/tools/..."},
	"kernel/engine/interp/bindings": {"glownotes/kernel/engine/interp", "glownotes/kernel/display", "glownotes/kernel/widgets", "glownotes/cglow/...", "glownotes/viz",
		"github.com/cosmos72/gomacro/imports", "gonum.org/v1/...", gorgonia, tensor, hm},
	"kernel/engine/interp/internal/genbind": {"github.com/cosmos72/gomacro/base/untyped", "golang.org/x/tools/go/packages"},
	"kernel/cellrt":                         {},
	"kernel/cellhost":                       {"glownotes/kernel/cellrt", "glownotes/kernel/display", "glownotes/kernel/widgets", "glownotes/kernel/engine/hostwire"},
	"kernel/nb/mathml":                      {},
	"kernel/nb":                             {"glownotes/kernel/core", "glownotes/kernel/display", "glownotes/kernel/nb/mathml", "github.com/yuin/goldmark/..."},
	"kernel/sweep":                          {"glownotes/kernel/nb", "github.com/gofrs/flock", "go.yaml.in/yaml/v4", "modernc.org/sqlite"},
	"kernel/jupyter":                        {},
	"kernel/magic":                          {"glownotes/kernel/core", "glownotes/kernel/display"},
	"kernel/widgets":                        {"glownotes/kernel/display"},
	"kernel/kerneltest":                     {"glownotes/kernel/core", "glownotes/kernel/wire", "glownotes/kernel/display", "glownotes/kernel/history", "github.com/santhosh-tekuri/jsonschema/v6"},

	// cglow: the conditional flow.
	"cglow/op":            {"glownotes/cglow/ref", gorgonia, tensor, hm},
	"cglow/ad":            {"glownotes/cglow/op", gorgonia, tensor},
	"cglow/exec":          {"glownotes/cglow/op", "glownotes/cglow/ad", "glownotes/cglow/ref", "glownotes/cglow/cpu", gorgonia, tensor},
	"cglow/ref":           {},
	"cglow/cuda":          {"github.com/ebitengine/purego"},
	"cglow/cuda/device":   {"glownotes/cglow/cuda", "glownotes/cglow/exec", "glownotes/cglow/op", "glownotes/cglow/ref"},
	"cglow/cuda/cudatest": {"glownotes/cglow/cuda", "github.com/ebitengine/purego"},
	"cglow/cpu":           {"golang.org/x/sys/cpu"},
	"cglow/blas":          {"glownotes/cglow/cpu", "gonum.org/v1/gonum/..."},
	"cglow/optim":         {"glownotes/cglow/cpu", gorgonia, tensor},
	"cglow/flow":          {"glownotes/cglow/op", gorgonia, tensor},
	"cglow/condnet":       {"glownotes/cglow/op", gorgonia, tensor},
	"cglow/data":          {"golang.org/x/image/..."},
	"cglow/metric":        {},
	"cglow": {"glownotes/cglow/flow", "glownotes/cglow/condnet", "glownotes/cglow/op", "glownotes/cglow/ad",
		"glownotes/cglow/exec", "glownotes/cglow/optim", "glownotes/cglow/data", "glownotes/cglow/cpu", "glownotes/cglow/cuda", "glownotes/cglow/cuda/device", gorgonia, tensor},
	"cglow/train": {"glownotes/cglow", "glownotes/cglow/optim", "glownotes/cglow/data", "glownotes/cglow/metric"},

	"cglow/baseline": {"glownotes/cglow", "glownotes/cglow/train", "glownotes/cglow/op", "glownotes/cglow/ad", "glownotes/cglow/exec",
		"glownotes/cglow/optim", "glownotes/cglow/data", gorgonia, tensor},
	"cglow/exp": {"glownotes/cglow", "glownotes/cglow/train", "glownotes/cglow/baseline", "glownotes/cglow/data", "glownotes/cglow/metric",
		"glownotes/cglow/optim", "gonum.org/v1/gonum/floats", "gonum.org/v1/gonum/mat"},

	// viz: pictures.
	"viz": {"gonum.org/v1/plot/...", "golang.org/x/image/..."},

	"notebooks": {},
}

const (
	gorgonia = "gorgonia.org/gorgonia"
	tensor   = "gorgonia.org/tensor"
	hm       = "github.com/chewxy/hm"
)

// TestLayout reads the sources in this process (a check that runs the go
// command would be answered from the test cache after a violation) and fails
// on an import that the table does not allow and on a folder it does not list.
func TestLayout(t *testing.T) {
	root := ".."
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(p, root+string(filepath.Separator)))
		if d.IsDir() {
			if p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		pkg := path.Dir(rel)
		allowed, ok := layout[pkg]
		if !ok {
			t.Errorf("%s: folder %q is not in the layout table: add it there with what it may import", rel, pkg)
			return nil
		}
		seen[pkg] = true
		checkImports(t, p, rel, pkg, allowed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range layout {
		if !seen[pkg] {
			t.Errorf("the layout table lists %q, where there is no Go file", pkg)
		}
	}
}

// checkImports parses one file. Test files may import any package of their
// own side and any module, but never cross from kernel to cglow or viz.
func checkImports(t *testing.T, file, rel, pkg string, allowed []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	test := strings.HasSuffix(rel, "_test.go")
	for _, spec := range f.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Errorf("%s: import %s: %v", rel, spec.Path.Value, err)
			continue
		}
		switch {
		case isStd(imp), matches(imp, allowed):
		case test && !strings.HasPrefix(imp, "glownotes/"):
		case test && side(imp) == side("glownotes/"+pkg):
		case test && pkg == "kernel":
		default:
			t.Errorf("%s: package %s may not import %q", rel, pkg, imp)
		}
	}
}

func isStd(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".") && first != "glownotes"
}

func matches(imp string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		base, wild := strings.CutSuffix(a, "/...")
		return imp == base || wild && strings.HasPrefix(imp, base+"/")
	})
}

// side is the part of the project that an import path belongs to.
func side(imp string) string {
	_, rest, _ := strings.Cut(imp, "/")
	s, _, _ := strings.Cut(rest, "/")
	return s
}

// TestTopLevel checks the names that the project's top level may have.
func TestTopLevel(t *testing.T) {
	want := []string{"README.md", "cglow", "docker", "go.mod", "go.sum", "kernel", "notebooks", "viz"}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); !strings.HasPrefix(n, ".") && !slices.Contains(want, n) {
			t.Errorf("top level holds %q; only %v and dotfiles belong there", n, want)
		}
	}
}

// TestLayoutCatches plants violations of each kind and checks that the rules
// refuse them.
func TestLayoutCatches(t *testing.T) {
	for _, c := range []struct {
		name, imp string
		allowed   []string
		want      bool
	}{
		{"standard library", "go/ast", nil, true},
		{"listed", "glownotes/kernel/wire", layout["kernel/core"], true},
		{"unlisted own package", "glownotes/kernel/zmq", layout["kernel/core"], false},
		{"across sides", "glownotes/viz", layout["cglow"], false},
		{"unlisted module", "gorgonia.org/gorgonia", layout["viz"], false},
		{"wildcard", "gonum.org/v1/plot/vg", layout["viz"], true},
		{"prefix is not a path", "gonum.org/v1/plotter", layout["viz"], false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := isStd(c.imp) || matches(c.imp, c.allowed); got != c.want {
				t.Errorf("import %q allowed = %v, want %v", c.imp, got, c.want)
			}
		})
	}
}
