package live

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What the engine builds lies in a folder of the user's cache, one for each
// toolchain, go.sum and set of flags:
//
//	host-KEY        the cell host
//	packages.txt    compiled packages: path, name and archive in Go's build cache
//	index.txt       package names, for imports that cells leave out
//	lock            held while one of them is written
//
// Sessions have a folder of their own in the system's temporary folder; a lock
// on it tells sessions that live from left-overs of kernels that were killed.

func digest(p []byte) []byte { h := sha256.Sum256(p); return h[:] }

// cacheRoot is $XDG_CACHE_HOME/glownotes or ~/.cache/glownotes.
func cacheRoot() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("live: no cache folder: %w", err)
	}
	return filepath.Join(dir, "glownotes"), nil
}

// A fileLock is an advisory lock that ends with the process.
type fileLock struct{ f *os.File }

// lockFile waits for the lock on a file, or fails at once without wait.
func lockFile(path string, wait bool) (*fileLock, error) { return lockAs(path, wait, false) }

// lockShared takes a lock that others may have too, at once.
func lockShared(path string) (*fileLock, error) { return lockAs(path, false, true) }

// waitLock waits for a lock until the context ends.
func waitLock(ctx context.Context, path string) (*fileLock, error) {
	for {
		l, err := lockFile(path, false)
		if err == nil {
			return l, nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func lockAs(path string, wait, shared bool) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = lock(f, wait, shared)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &fileLock{f}, nil
}

func (l *fileLock) unlock() {
	if l != nil {
		l.f.Close()
	}
}

const sessionPattern = "glownotes-session-"

// newSessionDir makes a temporary folder and removes those of dead sessions.
func newSessionDir() (string, *fileLock, error) {
	sweepSessions()
	dir, err := os.MkdirTemp("", sessionPattern)
	if err != nil {
		return "", nil, fmt.Errorf("live: %w", err)
	}
	l, err := lockFile(filepath.Join(dir, "lock"), false)
	if err != nil {
		return "", nil, fmt.Errorf("live: %w", err)
	}
	return dir, l, nil
}

func sweepSessions() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), sessionPattern+"*"))
	for _, d := range dirs {
		lock := filepath.Join(d, "lock")
		if _, err := os.Stat(lock); err != nil {
			continue // just being made
		}
		if l, err := lockFile(lock, false); err == nil {
			os.RemoveAll(d)
			l.unlock()
		}
	}
}

// pruneCache removes the folders of toolchains and versions of go.sum that were
// not used for a month.
func pruneCache(root, keep string) {
	dirs, _ := filepath.Glob(filepath.Join(root, "plain-*"))
	for _, d := range dirs {
		st, err := os.Stat(filepath.Join(d, "lock"))
		if d != keep && err == nil && time.Since(st.ModTime()) > 30*24*time.Hour {
			os.RemoveAll(d)
		}
	}
}

// writeFile writes a file of the cache so that readers see all of it or none.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(data); err == nil {
		err = f.Close()
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// sourceStamp is a digest of the Go files below a folder: of their contents,
// or of their names, sizes and times.
func sourceStamp(root string, contents bool) (string, error) {
	var lines []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		ext := filepath.Ext(name)
		if ext != ".go" && ext != ".s" && ext != ".c" && ext != ".h" && ext != ".ptx" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		if contents {
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf("%s %x", p, digest(data)))
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprint(p, info.Size(), info.ModTime().UnixNano()))
		return nil
	})
	slices.Sort(lines)
	return fmt.Sprintf("%.12x", digest([]byte(strings.Join(lines, "\n")))), err
}
