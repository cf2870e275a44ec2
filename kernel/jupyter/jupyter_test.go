package jupyter

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDirs(t *testing.T) {
	tests := []struct {
		name               string
		goos, env          string
		data, share, cache string
	}{
		{"linux", "linux", "", "/h/.local/share/jupyter", "/h/.local/share/glownotes", "/h/.cache/glownotes"},
		{"linux xdg", "linux", "XDG_DATA_HOME=/d XDG_CACHE_HOME=/c", "/d/jupyter", "/d/glownotes", "/c/glownotes"},
		{"linux relative xdg", "linux", "XDG_DATA_HOME=d XDG_CACHE_HOME=c", "/h/.local/share/jupyter", "/h/.local/share/glownotes", "/h/.cache/glownotes"},
		{"own variables", "linux", "JUPYTER_DATA_DIR=/j GLOWNOTES_CACHE=/k XDG_DATA_HOME=/d", "/j", "/d/glownotes", "/k"},
		{"macOS", "darwin", "XDG_DATA_HOME=/d", "/h/Library/Jupyter", "/h/Library/Application Support/glownotes", "/h/Library/Caches/glownotes"},
		{"windows", "windows", "APPDATA=/a LOCALAPPDATA=/l", "/a/jupyter", "/l/glownotes", "/l/glownotes/cache"},
		{"windows bare", "windows", "", "/h/.jupyter/data", "/h/AppData/Local/glownotes", "/h/AppData/Local/glownotes/cache"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{}
			for _, kv := range strings.Fields(tt.env) {
				k, v, _ := strings.Cut(kv, "=")
				env[k] = v
			}
			s := System{GOOS: tt.goos, Home: "/h", Getenv: func(k string) string { return env[k] }}
			for _, c := range []struct{ what, got, want string }{
				{"data", s.DataDir(), tt.data}, {"share", s.ShareDir(), tt.share}, {"cache", s.CacheDir(), tt.cache},
			} {
				if filepath.ToSlash(c.got) != c.want {
					t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
				}
			}
		})
	}
}

func TestInstall(t *testing.T) {
	dir := KernelsDir(t.TempDir())
	spec := Spec{
		Argv: []string{"/a b/k", "serve", "{connection_file}"}, DisplayName: "Go <x>", Language: "go",
		InterruptMode: "message", Metadata: map[string]any{"debugger": false},
	}
	for range 2 { // the second time replaces the first
		got, err := spec.Install(dir, "k")
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(dir, "k"); got != want {
			t.Errorf("got folder %s, want %s", got, want)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d entries in %s, want the spec alone", len(entries), dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "k", "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if m["interrupt_mode"] != "message" || m["display_name"] != "Go <x>" || m["language"] != "go" {
		t.Errorf("kernel.json: %s", b)
	}
	if _, has := m["env"]; has {
		t.Error("an empty env was written")
	}
	back, err := ReadSpec(dir, "k")
	if err != nil || len(back.Argv) != 3 || back.Argv[0] != "/a b/k" {
		t.Errorf("ReadSpec: %+v, %v", back, err)
	}
	for size, file := range map[int]string{32: "logo-32x32.png", 64: "logo-64x64.png"} {
		b, err := os.ReadFile(filepath.Join(dir, "k", file))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if img.Bounds().Dx() != size || img.Bounds().Dy() != size {
			t.Errorf("%s: %v, want %d pixels square", file, img.Bounds(), size)
		}
		if _, _, _, a := img.At(0, 0).RGBA(); a > 0x8000 {
			t.Errorf("%s: the corner is not transparent", file)
		}
		if _, _, _, a := img.At(size/2, size/2).RGBA(); a != 0xffff {
			t.Errorf("%s: the middle is not opaque", file)
		}
	}
}

func TestInstallErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := (Spec{}).Install(file, "k"); err == nil || !strings.HasPrefix(err.Error(), "jupyter: ") {
		t.Errorf("got %v, want an error with the package's name", err)
	}
	if _, err := ReadSpec(t.TempDir(), "none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want one that says that the file is not there", err)
	}
}

func TestLogoSVGIsXML(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(LogoSVG()))
	elements := 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := tok.(xml.StartElement); ok {
			elements++
		}
	}
	if elements < 8 {
		t.Errorf("got %d elements", elements)
	}
}
