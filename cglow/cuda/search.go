package cuda

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// PathVariable names the environment variable with files or folders to look for
// NVIDIA's libraries in first.
const PathVariable = "GLOWNOTES_CUDA_PATH"

// usual are the folders where distributions and containers put the libraries.
var usual = []string{
	"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib",
	"/usr/local/nvidia/lib64", "/usr/local/cuda/lib64", "/opt/cuda/lib64", "/run/opengl-driver/lib",
}

// library is an opened shared library.
type library struct {
	handle uintptr
	path   string // as it was opened
}

// open looks for a library by its names, best first, and returns the first that
// opens. The error lists what was tried.
func open(names []string, wheels []string) (library, error) {
	var tried []string
	attempt := func(path string) (library, bool) {
		h, err := openLibrary(path)
		if err != nil {
			tried = append(tried, strings.TrimSpace(err.Error()))
			return library{}, false
		}
		return library{h, path}, true
	}
	for _, path := range candidates(names, wheels) {
		if filepath.IsAbs(path) {
			if _, err := os.Stat(path); err != nil {
				continue
			}
		}
		if l, ok := attempt(path); ok {
			return l, nil
		}
	}
	return library{}, fmt.Errorf("%s not found: %s", names[0], strings.Join(shorten(tried), "; "))
}

// shorten drops repetitions and keeps the list readable.
func shorten(tried []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range tried {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	if len(out) > 4 {
		out = append(out[:4], fmt.Sprintf("and %d more places", len(out)-4))
	}
	return out
}

// candidates lists the places of a library in the order in which they are tried.
func candidates(names, wheels []string) []string {
	var out []string
	for _, p := range filepath.SplitList(os.Getenv(PathVariable)) {
		if p == "" {
			continue
		}
		if abs, err := filepath.Abs(p); err == nil {
			p = abs
		}
		if info, err := os.Stat(p); err == nil && !info.IsDir() {
			for _, n := range names {
				if filepath.Base(p) == n {
					out = append(out, p)
				}
			}
			continue
		}
		for _, n := range names {
			out = append(out, filepath.Join(p, n))
		}
	}
	out = append(out, names...)
	for _, dir := range append(append([]string(nil), usual...), wheelFolders(wheels)...) {
		for _, n := range names {
			out = append(out, filepath.Join(dir, n))
		}
	}
	return out
}

// wheelFolders lists the folders of NVIDIA's Python wheels: the given ones below
// site-packages of the active environment, of the python3 on the PATH, of the
// user and of the system.
func wheelFolders(wheels []string) []string {
	var roots []string
	if v := os.Getenv("VIRTUAL_ENV"); v != "" {
		roots = append(roots, v)
	}
	if v := os.Getenv("CONDA_PREFIX"); v != "" {
		roots = append(roots, v)
	}
	if python, err := exec.LookPath("python3"); err == nil {
		roots = append(roots, filepath.Dir(filepath.Dir(python)))
	}
	if home, err := os.UserHomeDir(); err == nil {
		roots = append(roots, filepath.Join(home, ".local"))
	}
	roots = append(roots, "/usr/local", "/usr")
	var out []string
	for _, r := range roots {
		for _, packages := range []string{"lib/python3*/site-packages", "lib/python3*/dist-packages", "lib/python3/dist-packages"} {
			for _, w := range wheels {
				found, _ := filepath.Glob(filepath.Join(r, packages, "nvidia", w))
				out = append(out, found...)
			}
		}
	}
	return out
}
