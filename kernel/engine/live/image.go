package live

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"glownotes/kernel/engine/stublib"
)

// A cell is linked in one of two modes; everything else is the same.
//
// Plain mode makes an ordinary plugin: the Go linker and ld read every package
// that the cell reaches, which takes from a quarter of a second to two seconds.
// Image mode has one shared library, the image, with the standard library,
// Gorgonia, gonum/plot and the module's own packages. It is built once; cells
// are linked against a stub of it (package stublib) in some 20 ms, and the host
// is linked against it too. What the image does not hold is linked into the
// cell as in plain mode.
//
// An image lies in a folder image-KEY of the cache:
//
//	libglow.so    the library
//	index         its symbols, for stubs
//	host          the cell host
//	packages.txt  its packages: path, name, file in the build cache, file in pkg
//	pkg           their archives: links to files of Go's build cache, which forgets
//	runtime.a     stands for package runtime when a cell is linked
//	ready         made last, or
//	failed        the reason why there is no image
//	lock          shared by the sessions that use the image
//	build.lock    held while it is built
type image struct {
	dir       string
	index     *stublib.Index
	unmap     func()
	lock      *fileLock
	packages  map[string]imagePackage
	undefined []string // what runtime.a refers to
}

const (
	imageName    = "libglow.so"
	imageFormat  = "1" // of the folder; part of its name
	imagePattern = "image-"
)

// imageModules are packages beyond the standard library and the module's own
// that cells often use; what those import is in the image in any case. A path
// with "/..." stands for a module.
var imageModules = []string{
	"gorgonia.org/gorgonia", "gorgonia.org/tensor", "gonum.org/v1/plot", "gonum.org/v1/plot/...",
	"gonum.org/v1/gonum/mat", "gonum.org/v1/gonum/floats", "gonum.org/v1/gonum/stat", "gonum.org/v1/gonum/stat/distuv",
}

// notInImage are packages of the standard library that only tests or builds of
// another kind can use.
func notInImage(path string) bool {
	return strings.HasPrefix(path, "runtime/race") || strings.HasPrefix(path, "runtime/msan") || strings.HasPrefix(path, "runtime/asan") ||
		strings.HasPrefix(path, "testing/") || path == "C"
}

// imagePaths lists the packages that an image is asked to hold.
func imagePaths(ix *index) []string {
	out := slices.Clone(basePackages)
	for path, e := range ix.byPath {
		first, _, _ := strings.Cut(path, "/")
		switch {
		case notInImage(path), path == "unsafe", path == "glownotes/notebooks":
		case first == "glownotes", !strings.Contains(first, "."):
			out = append(out, path)
		default:
			for _, m := range imageModules {
				if module, all := strings.CutSuffix(m, "..."); path == m || all && strings.HasPrefix(e.path, module) {
					out = append(out, path)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// imageKey names everything that decides what an image holds.
func imageKey(tc *toolchain, ix *index) (string, error) {
	lines := []string{imageFormat, tc.key(), strings.Join(imagePaths(ix), " ")}
	dirs := map[string]bool{}
	for _, e := range ix.byPath {
		if strings.HasPrefix(e.path, "glownotes/") {
			dirs[e.dir] = true
		}
	}
	for _, d := range hostSources {
		dirs[filepath.Join(tc.root, d)] = true
	}
	for d := range dirs {
		s, err := folderStamp(d)
		if err != nil {
			return "", fmt.Errorf("live: %w", err)
		}
		lines = append(lines, d+" "+s)
	}
	slices.Sort(lines[3:])
	return fmt.Sprintf("%.16x", digest([]byte(strings.Join(lines, "\n")))), nil
}

// folderStamp is a digest of the files of one package, with those that it
// embeds, without its tests.
func folderStamp(dir string) (string, error) {
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != dir && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || hasGoFiles(p)) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(d.Name(), "_test.go") || strings.HasSuffix(d.Name(), ".md") || !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(p)
		fmt.Fprintf(&b, "%s %x\n", p, digest(data))
		return err
	})
	return fmt.Sprintf("%.12x", digest([]byte(b.String()))), err
}

func hasGoFiles(dir string) bool {
	m, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	return len(m) > 0
}

// errNoImage means that the image was not built yet.
var errNoImage = errors.New("live: the image is not built yet")

// An imageError is the reason why there can be no image.
type imageError struct{ reason string }

func (e *imageError) Error() string { return e.reason }

// openImage opens a finished image. The error is errNoImage if there is none
// yet, an *imageError if building it failed.
func openImage(dir string) (*image, error) {
	l, err := lockShared(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, errNoImage
	}
	im, err := readImage(dir)
	if err != nil {
		l.unlock()
		return nil, err
	}
	im.lock = l
	now := time.Now()
	_ = os.Chtimes(filepath.Join(dir, "ready"), now, now)
	return im, nil
}

func readImage(dir string) (*image, error) {
	if reason, err := os.ReadFile(filepath.Join(dir, "failed")); err == nil {
		return nil, &imageError{string(reason)}
	}
	if _, err := os.Stat(filepath.Join(dir, "ready")); err != nil {
		return nil, errNoImage
	}
	im := &image{dir: dir, packages: map[string]imagePackage{}}
	table, err := os.ReadFile(filepath.Join(dir, "packages.txt"))
	if err != nil {
		return nil, &imageError{err.Error()}
	}
	for l := range strings.Lines(string(table)) {
		if f := strings.Split(strings.TrimSuffix(l, "\n"), "\t"); len(f) == 4 {
			im.packages[f[0]] = imagePackage{f[0], f[1], f[2], filepath.Join(dir, f[3])}
		}
	}
	standIn, err := os.ReadFile(im.file("runtime.a"))
	if err != nil {
		return nil, &imageError{err.Error()}
	}
	if im.undefined, err = stublib.Undefined(standIn); err != nil {
		return nil, &imageError{err.Error()}
	}
	data, unmap, err := mapFile(im.file("index"))
	if err != nil {
		return nil, &imageError{err.Error()}
	}
	if im.index, err = stublib.OpenIndex(data); err != nil {
		unmap()
		return nil, &imageError{err.Error()}
	}
	im.unmap = unmap
	return im, nil
}

func (im *image) file(name string) string { return filepath.Join(im.dir, name) }

// release ends the use of an image.
func (im *image) release() {
	if im == nil {
		return
	}
	im.lock.unlock()
}

// pruneImages removes images that no session uses, except the newest ones of
// the last month.
func pruneImages(root, keep string) {
	dirs, _ := filepath.Glob(filepath.Join(root, imagePattern+"*"))
	age := map[string]time.Time{}
	for _, d := range dirs {
		if st, err := os.Stat(d); err == nil {
			age[d] = st.ModTime()
		}
		if st, err := os.Stat(filepath.Join(d, "ready")); err == nil {
			age[d] = st.ModTime()
		}
	}
	slices.SortFunc(dirs, func(a, b string) int { return age[b].Compare(age[a]) })
	for i, d := range dirs {
		if d == keep || i < keptImages && time.Since(age[d]) < 30*24*time.Hour {
			continue
		}
		build, err := lockFile(filepath.Join(d, "build.lock"), false)
		if err != nil {
			continue // being built
		}
		if use, err := lockFile(filepath.Join(d, "lock"), false); err == nil {
			os.RemoveAll(d)
			use.unlock()
		}
		build.unlock()
	}
}

// keptImages is how many images stay, of some 150 MB each: a person may go to
// and fro between versions of the sources.
const keptImages = 4
