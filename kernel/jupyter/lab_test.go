package jupyter

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain lets StartLab of the tests below start this binary as jupyter-lab.
func TestMain(m *testing.M) {
	if mode := os.Getenv("FAKE_LAB"); mode != "" {
		os.Exit(actAsLab(mode))
	}
	os.Exit(m.Run())
}

// actAsLab checks its arguments and serves the status page.
func actAsLab(mode string) (exitCode int) {
	if mode == "fails" {
		fmt.Fprintln(os.Stderr, "no such option")
		return 3
	}
	options := map[string]string{}
	for _, arg := range os.Args[1:] {
		k, v, _ := strings.Cut(arg, "=")
		options[k] = v
	}
	if options["--ServerApp.ip"] != "127.0.0.1" || options["--extra"] != "1" {
		fmt.Fprintln(os.Stderr, "wrong arguments:", os.Args)
		return 4
	}
	if dir := os.Getenv("FAKE_LAB_DIR"); mode == "late" && os.Mkdir(filepath.Join(dir, "begun"), 0o700) == nil {
		// The first one waits until somebody else has its port.
		os.WriteFile(filepath.Join(dir, "port.tmp"), []byte(options["--ServerApp.port"]), 0o600)
		os.Rename(filepath.Join(dir, "port.tmp"), filepath.Join(dir, "port"))
		appears(filepath.Join(dir, "taken"))
	}
	token := os.Getenv("JUPYTER_TOKEN")
	http.HandleFunc("/api/status", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("token") != token || len(token) < 32 {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+options["--ServerApp.port"], nil))
	return 5
}

// fakeLab are options with this binary as the program.
func fakeLab(t *testing.T, mode string) LabOptions {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	dir := t.TempDir()
	return LabOptions{Program: self, Dir: dir, Args: []string{"--extra=1"}, Log: log, Env: []string{"FAKE_LAB=" + mode, "FAKE_LAB_DIR=" + dir}}
}

// appears waits for a file, for longer than any machine needs.
func appears(path string) error {
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		_, err := os.Stat(path)
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// TestStartLabsAtOnce: where another server takes the port before JupyterLab
// does, the next one is taken.
func TestStartLabsAtOnce(t *testing.T) {
	o := fakeLab(t, "late")
	taken := make(chan net.Listener, 1)
	go func() {
		defer close(taken)
		appears(filepath.Join(o.Dir, "port"))
		port, _ := os.ReadFile(filepath.Join(o.Dir, "port"))
		if l, err := net.Listen("tcp", "127.0.0.1:"+string(port)); err == nil {
			taken <- l
		}
		os.WriteFile(filepath.Join(o.Dir, "taken"), nil, 0o600)
	}()
	lab, err := StartLab(t.Context(), o)
	if other := <-taken; other != nil {
		defer other.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Stop()
	if port, _ := os.ReadFile(filepath.Join(o.Dir, "port")); len(port) == 0 || strings.Contains(lab.URL, ":"+string(port)+"/") {
		t.Errorf("JupyterLab is at %s, and the port that was taken was %s", lab.URL, port)
	}
}

func TestStartLab(t *testing.T) {
	o := fakeLab(t, "works")
	o.Open = "a b.ipynb"
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that no JupyterLab of another test takes
	if err != nil {
		t.Fatal(err)
	}
	o.Port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lab, err := StartLab(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(lab.URL)
	if err != nil {
		t.Fatal(err)
	}
	if u.Hostname() != "127.0.0.1" || u.EscapedPath() != "/lab/tree/a%20b.ipynb" || len(u.Query().Get("token")) < 32 {
		t.Errorf("got %s", lab.URL)
	}
	cancel() // what Ctrl-C does
	ended := make(chan error, 1)
	go func() { ended <- lab.Wait() }()
	select {
	case err := <-ended:
		if err == nil || !strings.HasPrefix(err.Error(), "jupyter: JupyterLab: ") {
			t.Errorf("got %v, want the signal that ended it", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("JupyterLab goes on after its context has ended")
	}
	if conn, err := net.Dial("tcp", u.Host); err == nil {
		conn.Close()
		t.Error("something still listens on its port")
	}
}

func TestStartLabErrors(t *testing.T) {
	t.Run("ends at once", func(t *testing.T) {
		_, err := StartLab(t.Context(), fakeLab(t, "fails"))
		if err == nil || !strings.Contains(err.Error(), "ended before it answered: exit status 3") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("port in use", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		o := fakeLab(t, "works")
		o.Port = l.Addr().(*net.TCPAddr).Port
		if _, err := StartLab(t.Context(), o); err == nil || !strings.Contains(err.Error(), strconv.Itoa(o.Port)) {
			t.Errorf("got %v, want an error that names the port", err)
		}
	})
}

func TestPython(t *testing.T) {
	for _, tt := range []struct {
		version string
		old     bool
	}{{"3.9.18", true}, {"3.10.0", false}, {"3.13.1", false}, {"4.0.0", false}, {"2.7", true}} {
		if got := (Python{Version: tt.version}).TooOld(); got != tt.old {
			t.Errorf("%s: too old is %v, want %v", tt.version, got, tt.old)
		}
	}
	py, err := FindPython(t.Context())
	if err != nil {
		t.Skip(err)
	}
	if py.Path == "" || !strings.HasPrefix(py.Version, "3.") || py.Prefix == "" {
		t.Errorf("got %+v", py)
	}
}

// Each line pins one version, and pip's own parser would accept it.
func TestLabRequirements(t *testing.T) {
	seen := map[string]bool{}
	for line := range strings.Lines(LabRequirements()) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, version, ok := strings.Cut(line, "==")
		if !ok || version == "" || strings.ContainsAny(name, "<>=~! ") {
			t.Errorf("%q does not pin a version", line)
		}
		_, marker, _ := strings.Cut(version, " ; ")
		if key := name + marker; seen[key] {
			t.Errorf("%q stands there twice", line)
		} else {
			seen[key] = true
		}
	}
	if !seen["jupyterlab"] || len(seen) < 80 {
		t.Errorf("%d packages, want jupyterlab and all that it needs", len(seen))
	}
}

// An environment without packages needs no network.
func TestVenv(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a virtual environment, which takes seconds")
	}
	py, err := FindPython(t.Context())
	if err != nil || !py.CanVenv {
		t.Skip("no Python with venv")
	}
	cache := t.TempDir()
	v := PlanVenv(cache, py, "# nothing\n")
	if other := PlanVenv(cache, py, "# something\n"); other == v {
		t.Error("other requirements have the same environment")
	}
	if v.Ready() {
		t.Error("ready before it was made")
	}
	var said []string
	if err := v.Ensure(t.Context(), py, "# nothing\n", func(s string) { said = append(said, s) }); err != nil {
		t.Fatal(err)
	}
	if !v.Ready() || len(said) == 0 {
		t.Errorf("ready %v after it was made, progress %q", v.Ready(), said)
	}
	if err := os.Remove(v.complete()); err != nil {
		t.Fatal(err)
	}
	if v.Ready() {
		t.Error("half an environment counts as ready")
	}
	err = run(t.Context(), func(string) {}, py.Path, "-c", "import sys; print('no such package'); sys.exit(1)")
	if err == nil || !strings.Contains(err.Error(), "exit status 1\nno such package") {
		t.Errorf("got %v, want what the program said", err)
	}
}
