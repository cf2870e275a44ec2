package bindings

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
	"glownotes/kernel/engine/interp"
)

// root is the module's folder, seen from this one.
const root = "../../../.."

// TestTablesAreComplete compares the names that the project's own packages
// export with their tables. It reads the sources in this process: the go
// command would be answered from the test cache after a change.
func TestTablesAreComplete(t *testing.T) {
	for path, table := range tables {
		rel, ours := strings.CutPrefix(path, "glownotes/")
		if !ours {
			continue
		}
		t.Run(rel, func(t *testing.T) {
			pkg := table.Load()
			have := map[string]bool{}
			for n := range pkg.Binds {
				have[n] = true
			}
			for n := range pkg.Types {
				have[n] = true
			}
			want := exportedNames(t, filepath.Join(root, rel))
			if len(want) == 0 {
				t.Fatal("the package exports nothing")
			}
			for _, n := range slices.Sorted(maps.Keys(want)) {
				if !have[n] {
					t.Errorf("%s.%s is not in the table: run go generate ./kernel/engine/interp/bindings", table.Name, n)
				}
			}
		})
	}
}

// exportedNames lists the exported names of a package that are not generic, as
// the sources declare them for this platform.
func exportedNames(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || !forPlatform(file) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if constrained(f) {
			continue
		}
		for _, d := range f.Decls {
			for _, n := range declaredNames(d) {
				if ast.IsExported(n) {
					names[n] = true
				}
			}
		}
	}
	return names
}

// constrained reports a file with a build constraint; what such files export
// differs by platform.
func constrained(f *ast.File) bool {
	for _, g := range f.Comments {
		for _, c := range g.List {
			if strings.HasPrefix(c.Text, "//go:build") && c.Pos() < f.Package {
				return true
			}
		}
	}
	return false
}

func forPlatform(file string) bool {
	name := strings.TrimSuffix(filepath.Base(file), ".go")
	for _, part := range strings.Split(name, "_")[1:] {
		switch part {
		case "linux", "darwin", "windows", "amd64", "arm64", "other", "unix":
			return part == runtime.GOOS || part == runtime.GOARCH
		}
	}
	return true
}

func declaredNames(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Type.TypeParams == nil {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var out []string
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.TypeParams == nil {
					out = append(out, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					out = append(out, n.Name)
				}
			}
		}
		return out
	}
	return nil
}

// TestVersions checks that the tables of other modules were made from the
// versions that go.mod names.
func TestVersions(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for module, version := range versions {
		if !strings.Contains(string(data), module+" "+version+"\n") {
			t.Errorf("the tables were made from %s %s, which go.mod does not name: run go generate ./kernel/engine/interp/bindings", module, version)
		}
	}
}

// TestTablesAreValid checks the proxies of interfaces as gomacro does.
func TestTablesAreValid(t *testing.T) {
	for path, table := range tables {
		t.Run(path, func(t *testing.T) {
			defer func() {
				if r := recover(); r != nil {
					t.Error(r)
				}
			}()
			pkg := table.Load()
			if pkg.Name != table.Name {
				t.Errorf("name %q and %q", pkg.Name, table.Name)
			}
			pkg.Validate(path)
			for name, proxy := range pkg.Proxies {
				if i := pkg.Types[name]; i == nil || !reflect.PointerTo(proxy).Implements(i) {
					t.Errorf("the proxy of %s does not implement it", name)
				}
			}
		})
	}
}

// output keeps what a cell shows.
type output struct {
	mu    sync.Mutex
	text  strings.Builder
	shown []display.Bundle
	comms []core.CommMessage
}

func (o *output) Stream(name, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(text)
}
func (o *output) Display(b display.Bundle, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shown = append(o.shown, b)
}
func (o *output) Update(b display.Bundle, id string) { o.Display(b, id) }
func (o *output) Clear(bool)                         {}
func (o *output) Comm(m core.CommMessage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.comms = append(o.comms, m)
}
func (o *output) Input(context.Context, string, bool) (string, error) {
	return "", core.ErrNoInput
}

func newEngine(t *testing.T) *interp.Engine {
	t.Helper()
	e, err := interp.New(interp.Options{Packages: Packages()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func run(t *testing.T, e *interp.Engine, n int, code string) (*display.Bundle, *output) {
	t.Helper()
	out := &output{}
	res, err := e.Execute(t.Context(), core.Cell{Code: code, Number: n}, out)
	if err != nil {
		t.Fatalf("%s\n%v", code, err)
	}
	return res.Value, out
}

// TestImportAll imports every package into one session.
func TestImportAll(t *testing.T) {
	e := newEngine(t)
	for i, path := range slices.Sorted(maps.Keys(tables)) {
		run(t, e, i, fmt.Sprintf("import _ %q", path))
	}
}

// TestCells runs cells that use the packages as a notebook would, without an
// import.
func TestCells(t *testing.T) {
	e := newEngine(t)
	for i, c := range []struct{ name, code, want, mime string }{
		{"model", "m, err := cglow.New(cglow.Quick32(), 1)\nif err != nil { panic(err) }\nds, err := data.Silhouettes(data.SilhouetteConfig{Size: 32, Seed: 1})\nif err != nil { panic(err) }\ncfg := train.Quick(2)\ncfg.Batch = 2", "", ""},
		{"training with progress", "n := 0\nres, err := train.Run(ctx, m, ds, cfg, func(p train.Progress) { n++ })\nif err != nil { panic(err) }\nn > 0 && res != nil", "true", ""},
		{"prediction", "x, _, err := ds.Load([]int{1000})\nif err != nil { panic(err) }\npred, err := m.Predict(ctx, x, cglow.Averaging(2))\nif err != nil { panic(err) }\npred.Mean", "", display.MIMEPNG},
		{"display", "display.Show(1, \"two\")\ndisplay.HTML(\"<b>x</b>\")", "", display.MIMEHTML},
		{"procedural data", "ds, err := data.Silhouettes(data.SilhouetteConfig{Size: 32, Seed: 1})\nif err != nil { panic(err) }\nx, y, err := ds.Load([]int{0, 1, 2})\nfmt.Sprint(x.N, x.C, x.H, y.C)", "3 3 32 1", ""},
		{"images show", "x", "", display.MIMEPNG},
		{"viz", "viz.NewGrid(\"data\").Images(\"x\", x.All()).Images(\"y\", y.All())", "", display.MIMEPNG},
		{"gorgonia", "g := gorgonia.NewGraph()\na := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName(\"a\"))\nb := gorgonia.Must(gorgonia.Square(a))\ngrads, err := gorgonia.Grad(b, a)\nvm := gorgonia.NewTapeMachine(g)\ngorgonia.Let(a, 3.0)\nif err := vm.RunAll(); err != nil { panic(err) }\nfmt.Sprint(b.Value(), grads[0].Value())", "9 6", ""},
		{"tensor", "m := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{1, 2, 3, 4}))\nfmt.Sprint(m.Shape())", "(2, 2)", ""},
		{"plot", "p := plot.New()\npts := plotter.XYs{{0, 0}, {1, 2}}\nline, err := plotter.NewLine(pts)\nif err != nil { panic(err) }\np.Add(line)\np.Save(4*vg.Centimeter, 3*vg.Centimeter, filepath.Join(os.TempDir(), \"glownotes-bindings-test.png\"))", "", ""},
		{"a cell's type as plotter.XYer", "type parabola int\nfunc (n parabola) Len() int { return int(n) }\nfunc (n parabola) XY(i int) (float64, float64) { return float64(i), float64(i * i) }\nl, err := plotter.NewLine(plotter.XYer(parabola(4)))\nif err != nil { panic(err) }\nl.XYs[3].Y", "9", ""},
		{"newer names of the standard library", "errors.Join(errors.New(\"a\"), errors.New(\"b\")).Error() + strings.ToUpper(strings.TrimPrefix(\"xy\", \"x\"))", "a\nbY", ""},
		{"slog", "slog.LevelInfo.String()", "INFO", ""},
		{"math/rand/v2", "import rand2 \"math/rand/v2\"\nrand2.New(rand2.NewPCG(1, 2)).IntN(1)", "0", ""},
		{"WaitGroup.Go", "var wg sync.WaitGroup\nq := 0\nwg.Go(func() { q = 5 })\nwg.Wait()\nq", "5", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, _ := run(t, e, i+1, c.code)
			switch {
			case c.want != "" && (v == nil || v.Data[display.MIMEText] != c.want):
				t.Errorf("got %v, want %q", v, c.want)
			case c.mime != "" && (v == nil || v.Data[c.mime] == nil):
				t.Errorf("no %s in %v", c.mime, v)
			}
		})
	}
	os.Remove(filepath.Join(os.TempDir(), "glownotes-bindings-test.png"))
}

// TestComms checks that cells can talk to widgets of the front end.
func TestComms(t *testing.T) {
	e := newEngine(t)
	_, out := run(t, e, 1, "got := make(chan any, 1)\ndisplay.OnComm(func(m display.CommMessage) { if m.Data[\"panic\"] != nil { panic(\"in a handler\") }; got <- m.Data[\"v\"] })\nif err := display.SendComm(display.CommMessage{Kind: \"open\", ID: \"c1\", Target: \"jupyter.widget\"}); err != nil { panic(err) }")
	t.Cleanup(func() { display.OnComm(nil) })
	if len(out.comms) != 1 || out.comms[0].ID != "c1" || out.comms[0].Kind != "open" {
		t.Errorf("sent %v", out.comms)
	}
	if c := e.Comms(); c["c1"] != "jupyter.widget" {
		t.Errorf("open comms are %v", c)
	}
	e.HandleComm(core.CommMessage{Kind: "msg", ID: "c1", Data: map[string]any{"v": 7}}, out)
	if v, _ := run(t, e, 2, "<-got"); v == nil || v.Data[display.MIMEText] != "7" {
		t.Errorf("received %v", v)
	}
	e.HandleComm(core.CommMessage{Kind: "msg", ID: "c1", Data: map[string]any{"panic": true}}, out)
	if !strings.Contains(out.text.String(), "panic in a comm handler") {
		t.Errorf("stderr is %q", out.text.String())
	}
	e.HandleComm(core.CommMessage{Kind: "close", ID: "c1"}, out)
	if c := e.Comms(); len(c) != 0 {
		t.Errorf("open comms are %v", c)
	}
}
