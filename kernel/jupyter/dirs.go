package jupyter

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// A System is what the places of files depend on. Tests make up one for
// another operating system.
type System struct {
	GOOS   string
	Home   string
	Getenv func(string) string
}

// Host is the system that this program runs on.
func Host() (System, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return System{}, fmt.Errorf("jupyter: no home folder: %w", err)
	}
	return System{GOOS: runtime.GOOS, Home: home, Getenv: os.Getenv}, nil
}

// DataDir is where Jupyter looks for the user's kernels, in its folder
// "kernels" (jupyter_core/paths.py, jupyter_data_dir).
func (s System) DataDir() string {
	if dir := s.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return dir
	}
	switch s.GOOS {
	case "darwin":
		return filepath.Join(s.Home, "Library", "Jupyter")
	case "windows":
		if dir := s.Getenv("APPDATA"); dir != "" {
			return filepath.Join(dir, "jupyter")
		}
		return filepath.Join(s.Home, ".jupyter", "data")
	}
	return filepath.Join(s.xdg("XDG_DATA_HOME", ".local/share"), "jupyter")
}

// ShareDir is where this program keeps what must stay: its own binary.
func (s System) ShareDir() string {
	switch s.GOOS {
	case "darwin":
		return filepath.Join(s.Home, "Library", "Application Support", "glownotes")
	case "windows":
		if dir := s.Getenv("LOCALAPPDATA"); dir != "" {
			return filepath.Join(dir, "glownotes")
		}
		return filepath.Join(s.Home, "AppData", "Local", "glownotes")
	}
	return filepath.Join(s.xdg("XDG_DATA_HOME", ".local/share"), "glownotes")
}

// CacheDir is where this program keeps what can be made again: compiled
// packages, the virtual environment. $GLOWNOTES_CACHE overrides it.
func (s System) CacheDir() string {
	if dir := s.Getenv("GLOWNOTES_CACHE"); dir != "" {
		return dir
	}
	switch s.GOOS {
	case "darwin":
		return filepath.Join(s.Home, "Library", "Caches", "glownotes")
	case "windows":
		return filepath.Join(s.ShareDir(), "cache")
	}
	return filepath.Join(s.xdg("XDG_CACHE_HOME", ".cache"), "glownotes")
}

// xdg follows the XDG base directory specification: a relative path in the
// variable is to be ignored.
func (s System) xdg(variable, fallback string) string {
	if dir := s.Getenv(variable); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(s.Home, filepath.FromSlash(fallback))
}

// KernelsDir is the folder of kernelspecs below a prefix such as /usr/local or
// the sys.prefix of a Python environment.
func KernelsDir(prefix string) string {
	return filepath.Join(prefix, "share", "jupyter", "kernels")
}
