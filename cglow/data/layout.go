package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A LayoutError reports a file or folder of a dataset that is missing or not as
// the loader expects, and what to do.
type LayoutError struct {
	Dataset string // short name, such as "horses"
	Path    string // file or folder
	Err     error  // what is wrong; fs.ErrNotExist when the file is missing
	Remedy  string // what the user can do
}

func (e *LayoutError) Error() string {
	what := e.Err
	var path *fs.PathError
	if errors.As(what, &path) { // the path is in the message already
		what = path.Err
	}
	return fmt.Sprintf("data: %s: %s: %v (%s)", e.Dataset, e.Path, what, e.Remedy)
}

func (e *LayoutError) Unwrap() error { return e.Err }

// folder is the folder of one dataset with what its errors say.
type folder struct {
	dataset, path, remedy string
}

// locate finds the folder of a dataset: dir/name when it exists, else dir
// itself when it has one of the files proof.
func locate(dataset, dir, name, remedy string, proof ...string) (folder, error) {
	f := folder{dataset: dataset, path: dir, remedy: remedy}
	if dir == "" {
		f.path = "$GLOWNOTES_DATA"
		return f, f.fail("", fmt.Errorf("is not set: %w", fs.ErrNotExist))
	}
	if sub := filepath.Join(dir, name); isDir(sub) {
		f.path = sub
		return f, nil
	}
	for _, p := range proof {
		if f.has(p) {
			return f, nil
		}
	}
	return f, f.fail(name, fs.ErrNotExist)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// fail returns a LayoutError for the file name in the folder.
func (f folder) fail(name string, err error) error {
	return &LayoutError{Dataset: f.dataset, Path: filepath.Join(f.path, name), Err: err, Remedy: f.remedy}
}

// has reports whether the folder has the file.
func (f folder) has(name string) bool {
	_, err := os.Stat(filepath.Join(f.path, name))
	return err == nil
}

// lines reads a list of names, one a line. Empty lines and names that occur
// twice are errors.
func (f folder) lines(name string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(f.path, name))
	if err != nil {
		return nil, f.fail(name, err)
	}
	var out []string
	seen := map[string]bool{}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		line := string(bytes.TrimSpace(s.Bytes()))
		switch {
		case line == "":
			return nil, f.fail(name, fmt.Errorf("line %d is empty", len(out)+1))
		case seen[line]:
			return nil, f.fail(name, fmt.Errorf("line %d: %q occurs twice", len(out)+1, line))
		}
		seen[line] = true
		out = append(out, line)
	}
	if len(out) == 0 {
		return nil, f.fail(name, errors.New("has no names"))
	}
	return out, nil
}

// gunzip reads a gzip file that must hold exactly size bytes.
func (f folder) gunzip(name string, size int) ([]byte, error) {
	file, err := os.Open(filepath.Join(f.path, name))
	if err != nil {
		return nil, f.fail(name, err)
	}
	defer file.Close()
	z, err := gzip.NewReader(bufio.NewReaderSize(file, 1<<16))
	if err != nil {
		return nil, f.fail(name, err)
	}
	out := make([]byte, size)
	if n, err := io.ReadFull(z, out); err != nil {
		return nil, f.fail(name, fmt.Errorf("%d bytes after unpacking, want %d: %w", n, size, err))
	}
	switch n, err := z.Read(make([]byte, 1)); {
	case n > 0:
		return nil, f.fail(name, fmt.Errorf("more than the %d bytes wanted after unpacking", size))
	case err != nil && err != io.EOF: // the checksum is read here
		return nil, f.fail(name, err)
	}
	return out, nil
}
