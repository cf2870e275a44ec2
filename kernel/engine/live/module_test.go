package live

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The modules of these tests are made on disk and offered to the go command as
// a folder in the layout of a module proxy, so that they need no network.

// useProxy makes a folder the only source of modules and removes afterwards
// what the go command has cached from it.
func useProxy(t *testing.T) (proxy string) {
	t.Helper()
	proxy = t.TempDir()
	t.Setenv("GOPROXY", "file://"+proxy)
	t.Setenv("GOFLAGS", "-modcacherw -mod=mod")
	t.Setenv("GOSUMDB", "off")
	return proxy
}

// ownEngine is an engine of the test alone: modules stay in a session's go.mod.
func ownEngine(t *testing.T, shared *Engine) *Engine {
	t.Helper()
	e, err := New(Options{ModuleRoot: "../../..", Mode: shared.opts.Mode})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	if err := e.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// forget removes a module from the go command's cache.
func forget(e *Engine, path string, versions ...string) {
	cache := e.tc.env["GOMODCACHE"]
	for _, v := range versions {
		os.RemoveAll(filepath.Join(cache, path+"@"+v))
	}
	os.RemoveAll(filepath.Join(cache, "cache", "download", path))
}

// writeProxyModule writes a module; requires are lines of its go.mod.
func writeProxyModule(t *testing.T, proxy, path, version, code string, requires ...string) {
	t.Helper()
	dir := filepath.Join(proxy, path, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	mod := "module " + path + "\n\ngo 1.21\n"
	for _, r := range requires {
		mod += "\nrequire " + r + "\n"
	}
	for name, text := range map[string]string{"go.mod": mod, "code.go": code} {
		w, err := z.Create(path + "@" + version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile(filepath.Join(dir, "list"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"list":            append(list, version+"\n"...),
		version + ".info": []byte(`{"Version":"` + version + `","Time":"2024-01-01T00:00:00Z"}`),
		version + ".mod":  []byte(mod), version + ".zip": zipped.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// site begins the paths of the modules: the go command remembers what a version
// of a module holds, so each run of the tests has modules of its own.
var site = fmt.Sprintf("example.com/t%x/", time.Now().UnixNano())

// modFiles is what must not change: the module's own go.mod and go.sum.
func modFiles(t *testing.T) string {
	t.Helper()
	var all []byte
	for _, f := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("../../..", f))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return string(all)
}

func TestGetModule(t *testing.T) {
	proxy := useProxy(t)
	writeProxyModule(t, proxy, site+"greet", "v1.2.3", "package greet\n\n// Hello greets.\nfunc Hello(n string) string { return \"hello \" + n }\n")
	e := ownEngine(t, engine(t))
	t.Cleanup(func() { forget(e, site+"greet", "v1.2.3") })
	before := modFiles(t)
	if ce, _ := fails(t, t.Context(), e, 1, "import \""+site+"greet\""); !strings.Contains(ce.Message, site+"greet") {
		t.Errorf("before: %v", ce)
	}
	if err := e.GetModule(t.Context(), site+"greet@v1.2.3", nil); err != nil {
		t.Fatal(err)
	}
	if v, _ := execute(t, e, 2, "greet.Hello(\"Ada\")"); v != "hello Ada" {
		t.Errorf("the module says %q", v)
	}
	if v, _ := execute(t, e, 3, "fmt.Sprint(strings.Count(\"cheese\", \"e\"))"); v != "3" {
		t.Errorf("afterwards: %q", v)
	}
	if modFiles(t) != before {
		t.Error("go.mod or go.sum of the module was changed")
	}
	if err := e.GetModule(t.Context(), site+"none@v1.0.0", nil); err == nil {
		t.Error("a module that does not exist was got")
	}
	if err := e.GetModule(t.Context(), "-x", nil); err == nil {
		t.Error("a flag was taken for a module")
	}
}

// A module that needs another version of one that cells have loaded is refused
// before anything is loaded, in words that name both, and the session goes on
// as it was.
func TestGetModuleClash(t *testing.T) {
	proxy := useProxy(t)
	unit := func(kind string) string {
		return "package unit\n\n// Name tells the version.\nfunc Name() string { return \"" + kind + "\" }\n\n// Of is new.\nfunc Of(x float64) float64 { return x }\n"
	}
	for version, code := range map[string]string{"v1.0.0": unit("first"), "v1.1.0": unit("second")} {
		writeProxyModule(t, proxy, site+"unit", version, code)
	}
	writeProxyModule(t, proxy, site+"newer", "v0.3.0", "package newer\n\nimport \""+site+"unit\"\n\nfunc Name() string { return \"newer with \" + unit.Name() }\n", site+"unit v1.1.0")
	writeProxyModule(t, proxy, site+"fits", "v0.1.0", "package fits\n\nimport \""+site+"unit\"\n\nfunc Name() string { return \"fits with \" + unit.Name() }\n", site+"unit v1.0.0")
	before := modFiles(t)
	inBothModes(t, func(t *testing.T, shared *Engine) {
		e := ownEngine(t, shared)
		t.Cleanup(func() {
			forget(e, site+"unit", "v1.0.0", "v1.1.0")
			forget(e, site+"newer", "v0.3.0")
			forget(e, site+"fits", "v0.1.0")
		})
		get := func(module string) error { return e.GetModule(t.Context(), module, nil) }
		if err := get(site + "unit@v1.0.0"); err != nil {
			t.Fatal(err)
		}
		if v, _ := execute(t, e, 1, "kept := unit.Name()\nkept"); v != "first" {
			t.Fatalf("the module says %q", v)
		}
		opened := len(e.history)
		err := get(site + "newer@v0.3.0")
		if err == nil {
			t.Fatal("a module was got that needs another version of a loaded one")
		}
		for _, part := range []string{site + "newer@v0.3.0", site + "unit v1.0.0 -> v1.1.0", "nothing was changed", "restart"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q is not said: %v", part, err)
			}
		}
		if len(e.history) != opened {
			t.Error("a cell was run")
		}
		if ce, _ := fails(t, t.Context(), e, 2, "import \""+site+"newer\""); !strings.Contains(ce.Message, site+"newer") {
			t.Errorf("the refused module: %v", ce)
		}
		if v, _ := execute(t, e, 3, "unit.Name(), kept"); v != "first first" {
			t.Errorf("after the clash: %q", v)
		}
		if err := get(site + "fits@v0.1.0"); err != nil {
			t.Fatal(err)
		}
		if v, _ := execute(t, e, 4, "fits.Name()"); v != "fits with first" {
			t.Errorf("a module that fits says %q", v)
		}
		if modFiles(t) != before {
			t.Error("go.mod or go.sum of the module was changed")
		}
	})
}

func TestClashes(t *testing.T) {
	was := map[string]moduleVersion{"a/x": {"a", "v1.0.0"}, "a/y": {"a", "v1.0.0"}, "b": {"b", "v2.0.0"}, "fmt": {}, "own": {"own", ""}}
	now := map[string]moduleVersion{"a/x": {"a", "v1.1.0"}, "a/y": {"a", "v1.1.0"}, "b": {"b", "v2.0.0"}, "fmt": {}, "own": {"own", ""}, "more": {"m", "v1"}}
	if got, want := clashes(was, now), []string{"a v1.0.0 -> v1.1.0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	delete(now, "b")
	if got, want := clashes(was, now), []string{"a v1.0.0 -> v1.1.0", "b"}; !slices.Equal(got, want) {
		t.Errorf("a package that is gone: got %q, want %q", got, want)
	}
}
