package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glownotes/kernel/jupyter"
)

func TestNewEnough(t *testing.T) {
	for _, tt := range []struct {
		have, want string
		ok         bool
	}{
		{"1.26.8", "1.26.0", true}, {"1.26", "1.26.0", true}, {"1.25.9", "1.26.0", false}, {"1.27rc1", "1.26.0", true},
		{"2.0", "1.26", true}, {"1.26.0", "1.26.1", false}, {"1.3", "1.26", false},
	} {
		if got := newEnough(tt.have, tt.want); got != tt.ok {
			t.Errorf("%s for %s: got %v", tt.have, tt.want, got)
		}
	}
}

func TestModuleRoot(t *testing.T) {
	dir := t.TempDir()
	write := func(module string) string {
		t.Helper()
		root := filepath.Join(dir, module)
		if err := os.MkdirAll(filepath.Join(root, "deep", "er"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("// c\nmodule "+module+"\n\ngo 1.26\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return root
	}
	own, other := write("glownotes"), write("other")
	t.Run("flag", func(t *testing.T) {
		if got, err := (&cli{Root: own}).moduleRoot(); err != nil || got != own {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("wrong flag", func(t *testing.T) {
		if _, err := (&cli{Root: other}).moduleRoot(); err == nil {
			t.Error("the folder of another module was taken")
		}
	})
	t.Run("above the current folder", func(t *testing.T) {
		t.Chdir(filepath.Join(own, "deep", "er"))
		got, err := (&cli{}).moduleRoot()
		if want, _ := filepath.EvalSymlinks(own); err != nil || got != own && got != want {
			t.Errorf("got %q, %v, want %q", got, err, own)
		}
	})
	t.Run("the place it was compiled from", func(t *testing.T) {
		want, err := filepath.Abs("..")
		if err != nil {
			t.Fatal(err)
		}
		t.Chdir(other)
		if got, err := (&cli{}).moduleRoot(); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}

// Everything that is missing is named with a command.
func TestDoctorFindsWhatIsMissing(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("PATH", empty)
	t.Setenv("GLOWNOTES_CACHE", filepath.Join(empty, "cache"))
	t.Setenv("XDG_DATA_HOME", filepath.Join(empty, "share"))
	states := map[string]finding{}
	for _, f := range diagnose(t.Context(), "..") {
		states[f.Name] = f
	}
	for _, tt := range []struct {
		name  string
		state state
		fix   string
	}{
		{"Go", missing, "install Go 1.26"}, {"C compiler", missing, "install gcc"}, {"linker", missing, "install binutils"},
		{"Python", missing, "install python3"}, {"kernelspec", later, "go run ./kernel install"}, {"cache", good, ""},
	} {
		f := states[tt.name]
		if f.State != tt.state || !strings.Contains(f.Fix, tt.fix) || f.Detail == "" {
			t.Errorf("%s: got %+v, want state %d and a fix with %q", tt.name, f, tt.state, tt.fix)
		}
	}
	var b strings.Builder
	ui := &console{out: &b, fd: -1}
	if err := ui.findings(diagnose(t.Context(), "..")); err == nil || err.Error() != "4 things that are needed are missing" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(b.String(), "✗ linker") || !strings.Contains(b.String(), "→ install binutils") {
		t.Errorf("printed:\n%s", b.String())
	}
}

func TestDoctorOnThisMachine(t *testing.T) {
	t.Setenv("GLOWNOTES_CACHE", t.TempDir())
	list := engineFindings(t.Context(), "..")
	for _, f := range list[:len(list)-1] {
		if f.State != good {
			t.Errorf("%s: %s, although this test was compiled here", f.Name, f.Detail)
		}
	}
	if f := list[len(list)-1]; f.Name != "fast cells" || f.State != later || !strings.Contains(f.Fix, "install") {
		t.Errorf("with an empty cache: %+v, want the command that builds the image", f)
	}
}

func TestKernelspec(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", dir)
	t.Setenv("JUPYTER_DATA_DIR", filepath.Join(dir, "jupyter"))
	p, err := userPlace()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.install(&console{out: io.Discard, fd: -1}, root); err != nil {
		t.Fatal(err)
	}
	spec, err := jupyter.ReadSpec(p.kernels, kernelName)
	if err != nil {
		t.Fatal(err)
	}
	argv := strings.Join(spec.Argv, " ")
	if spec.Argv[0] != p.binary || !strings.Contains(argv, "serve --root "+root) || !strings.HasSuffix(argv, "{connection_file}") || spec.InterruptMode != "message" {
		t.Errorf("got %+v", spec)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if same, err := sameContent(self, p.binary); !same {
		t.Errorf("the installed binary differs from this one: %v", err)
	}
	if f := specFinding(); f.State != good {
		t.Errorf("doctor: %+v", f)
	}
	if err := os.Remove(p.binary); err != nil {
		t.Fatal(err)
	}
	if f := specFinding(); f.State != later || !strings.Contains(f.Detail, "not there") {
		t.Errorf("doctor, without the binary: %+v", f)
	}
}

func TestPlace(t *testing.T) {
	p, err := installCommand{Prefix: "/opt/x"}.place(t.Context())
	if err != nil || filepath.ToSlash(p.kernels) != "/opt/x/share/jupyter/kernels" || !strings.HasPrefix(filepath.ToSlash(p.binary), "/opt/x/share/glownotes/") {
		t.Errorf("got %+v, %v", p, err)
	}
	py, err := jupyter.FindPython(t.Context())
	if err != nil {
		t.Skip(err)
	}
	if p, err = (installCommand{SysPrefix: true}).place(t.Context()); err != nil || p.kernels != jupyter.KernelsDir(py.Prefix) {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestUsageErrors(t *testing.T) {
	stderr := os.Stderr
	t.Cleanup(func() { os.Stderr = stderr })
	for _, args := range []string{"nonsense", "run", "run none.ipynb", "install --user --prefix /x", "run commands_test.go -o a --inplace"} {
		t.Run(args, func(t *testing.T) {
			f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			os.Stderr = f
			if code := execute(strings.Fields(args)); code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			if b, _ := os.ReadFile(f.Name()); !strings.HasPrefix(string(b), "glownotes: ") {
				t.Errorf("printed %q", b)
			}
		})
	}
}
