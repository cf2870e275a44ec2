package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"glownotes/kernel/core"
)

// modeVariable overrules Options.Mode where that is Auto: plain or image.
const modeVariable = "GLOWNOTES_LINK"

func (e *Engine) mode() Mode {
	if e.opts.Mode == Auto {
		switch os.Getenv(modeVariable) {
		case "plain":
			return Plain
		case "image":
			return Image
		}
	}
	return e.opts.Mode
}

// findImage opens the image. It is nil where cells are to be linked plainly, or
// have to be: then noImage says why.
func (e *Engine) findImage(ctx context.Context, progress func(core.Progress)) (*image, error) {
	if e.presetImage != nil {
		return e.presetImage, nil
	}
	if e.mode() == Plain {
		e.setNoImage(&imageError{"plain cells were asked for"})
		return nil, nil
	}
	if err := e.locateImage(); err != nil {
		e.setNoImage(err)
		return nil, nil
	}
	im, err := openImage(e.imageDir)
	var before *imageError
	again := e.opts.Retry && errors.As(err, &before)
	if e.mode() == Image && (again || errors.Is(err, errNoImage)) {
		if err = e.imageBuilder(e.tc, progress).build(ctx, e.opts.Retry); err == nil {
			im, err = openImage(e.imageDir)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	e.setNoImage(err)
	return im, nil
}

// locateImage finds the folder that the image has or will have.
func (e *Engine) locateImage() error {
	if err := imageSupport(e.tc); err != nil {
		return err
	}
	key, err := imageKey(e.tc, e.index)
	if err != nil {
		return err
	}
	e.imageDir = filepath.Join(e.cache, imagePattern+key)
	return nil
}

func (e *Engine) setNoImage(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.noImage = err
}

// Plain returns the reason why cells are linked plainly, nil if they are not.
func (e *Engine) Plain() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.noImage
}

// modeNote is what the banner says about slow cells.
func (e *Engine) modeNote() string {
	switch err := e.Plain(); {
	case err == nil:
		return ""
	case errors.Is(err, errNoImage):
		return "\nCells take 0.2 to 2 s each until the image of packages is built, which goes on in the background."
	default:
		return "\nCells take 0.2 to 2 s each: " + err.Error()
	}
}

// A Report tells how cells will be linked.
type Report struct {
	Image string // folder of the image, if there is one
	Later bool   // it is built when a kernel starts, or by install
	Why   error  // otherwise: why there is none
}

// Look finds out how cells will be linked, and changes nothing but the list of
// packages in the cache.
func Look(ctx context.Context, o Options) (Report, error) {
	e, err := New(o)
	if err != nil {
		return Report{}, err
	}
	defer e.Close()
	if err := e.locate(ctx); err != nil {
		return Report{}, err
	}
	im, err := e.findImage(ctx, nil)
	if im != nil {
		im.release()
		return Report{Image: im.dir}, err
	}
	why := e.Plain()
	return Report{Later: errors.Is(why, errNoImage), Why: why}, err
}

func (e *Engine) imageBuilder(tc *toolchain, progress func(core.Progress)) *imageBuilder {
	if progress == nil {
		progress = func(core.Progress) {}
	}
	return &imageBuilder{tc: tc, ix: e.index, dir: e.imageDir, progress: progress, check: e.tryImage}
}

// imageLinkage makes an image the place where packages come from.
func (e *Engine) imageLinkage(im *image) *linkage {
	pkgs := newPackages(e.tc, im.dir)
	pkgs.image = im
	pkgs.index.Store(e.index)
	for path, p := range im.packages {
		pkgs.names[path], pkgs.archive[path] = p.name, p.kept
	}
	return &linkage{pkgs, &builder{tc: e.tc, pkgs: pkgs, dir: e.dir}, im.file("host")}
}

// warm prepares in the background what the session can use later: the image,
// or where there is none to be had, the packages that cells usually import.
func (e *Engine) warm() {
	select {
	case <-time.After(time.Second):
	case <-e.ctx.Done():
		return
	}
	if e.packages().image != nil {
		pruneImages(e.cache, e.imageDir)
		return
	}
	e.mu.Lock()
	waits := errors.Is(e.noImage, errNoImage)
	e.mu.Unlock()
	if waits {
		if err := e.buildAhead(e.ctx); err != nil {
			e.setNoImage(err)
			e.log.Warn("live: cells stay plain", "err", err)
		} else {
			e.switchOver()
			return
		}
	}
	for _, group := range e.warmGroups() {
		if err := e.packages().ensureIdle(e.ctx, group...); err != nil {
			e.log.Debug("live: compiling ahead", "err", err)
		}
	}
}

// buildImage builds the image at low priority.
func (e *Engine) buildImage(ctx context.Context) error {
	polite := *e.tc
	polite.polite = true
	return e.imageBuilder(&polite, nil).build(ctx, false)
}

// switchOver goes on with the image that was built meanwhile: at once if no
// cell has been loaded, else when the host starts again.
func (e *Engine) switchOver() {
	// Who waits in Lock keeps out cells that a running one may be waiting for.
	for !e.running.TryLock() {
		select {
		case <-e.ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	defer e.running.Unlock()
	if e.isClosed() {
		return
	}
	im, err := openImage(e.imageDir)
	if err != nil {
		e.setNoImage(err)
		return
	}
	e.faster = e.imageLinkage(im)
	e.mu.Lock()
	loaded := e.loaded
	e.mu.Unlock()
	if loaded > 0 {
		e.setNoImage(&imageError{"restart the kernel to have them several times faster, the image of packages is built"})
		e.tellFaster.Store(true)
		return
	}
	e.setNoImage(nil)
	p := e.process()
	if err := e.startHost(); err != nil {
		e.log.Warn("live: starting the host of the image", "err", err)
		return
	}
	p.stop()
	if e.isClosed() { // meanwhile
		e.process().stop()
	}
}

// fasterNote is said once, in the cell after the image was built.
const fasterNote = "note: cells can be several times faster from now on: restart the kernel when it suits you.\n"

// warmGroups lists packages in the order in which they are worth having.
func (e *Engine) warmGroups() [][]string {
	groups := [][]string{
		{"glownotes/kernel/display"},
		{"strings", "strconv", "math", "math/rand/v2", "sort", "slices", "maps", "time", "os", "errors", "bytes", "sync", "io", "bufio", "path/filepath", "encoding/json", "image", "image/color", "image/png", "regexp"},
	}
	var own []string
	for path := range e.index.byPath {
		if strings.HasPrefix(path, "glownotes/") {
			own = append(own, path)
		}
	}
	return append(groups, own)
}

// Prepare builds everything that cells of this module usually need, so that no
// cell waits for it later: the image, or in plain mode the packages.
func (e *Engine) Prepare(ctx context.Context, progress func(core.Progress)) error {
	if err := e.Start(ctx, progress); err != nil {
		return err
	}
	if e.packages().image != nil {
		pruneImages(e.cache, e.imageDir)
		return nil
	}
	for _, group := range e.warmGroups() {
		if err := e.packages().ensure(ctx, progress, group...); err != nil {
			return err
		}
	}
	return nil
}

// A canary is a cell that a new image has to run before it is used, with what
// it must print.
type canary struct{ code, out string }

// canaries touch what depends on the layouts that package stublib knows: late
// binding, types and their masks, generics, maps, panics, goroutines, libraries.
var canaries = []canary{
	{"x := 3\nfmt.Println(\"hello\", x)", "hello 3\n"},
	{"type point struct{ x, y int; next *point; names []string }\nfunc (p *point) sum() int { return p.x + p.y }\nfunc twice(n int) int { return 2 * n }", ""},
	{"p := &point{x: x, y: 4, names: []string{\"a\"}}\nps := map[string][]point{\"k\": {*p, {next: p}}}\nfmt.Println(p.sum(), twice(x), len(ps[\"k\"]))", "7 6 2\n"},
	{"func twice(n int) int { return 20 * n }\nfor range 100 { ps[fmt.Sprint(len(ps))] = make([]point, 50) }\nruntime.GC()", ""},
	{"fmt.Printf(\"%d %+v %T\\n\", twice(1), *ps[\"k\"][1].next, p)", "20 {x:3 y:4 next:<nil> names:[a]} *main.point\n"},
	{"func largest[T cmp.Ordered](xs ...T) T { return slices.Max(xs) }\nvar e error = &fs.PathError{Op: \"o\", Path: \"p\", Err: io.EOF}\nvar pe *fs.PathError\nfmt.Println(largest(1, 5, 2), largest(\"a\", \"b\"), errors.As(e, &pe), errors.Is(e, io.EOF))", "5 b true true\n"},
	{"c := make(chan int)\ngo func() { defer close(c); for i := range 3 { c <- i } }()\ntotal := 0\nfor v := range c { total += v }\nfunc() { defer func() { fmt.Println(recover(), total) }(); var m map[int]int; m[1] = 1 }()", "assignment to entry in nil map 3\n"},
	{"data, err := json.Marshal(map[string]any{\"a\": []int{1}, \"t\": time.Unix(0, 0).UTC()})\nfmt.Println(string(data), err)", "{\"a\":[1],\"t\":\"1970-01-01T00:00:00Z\"} <nil>\n"},
	{"g := gorgonia.NewGraph()\na := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithValue(2.0))\nb := gorgonia.Must(gorgonia.Mul(a, a))\nvm := gorgonia.NewTapeMachine(g)\nfmt.Println(vm.RunAll(), b.Value())", "<nil> 4\n"},
	{"debug.FreeOSMemory()\nfmt.Println(p.sum(), reflect.TypeOf(ps) == reflect.TypeFor[map[string][]point](), reflect.SliceOf(reflect.TypeFor[int]()) == reflect.TypeFor[[]int]())", "7 true true\n"},
}

// tryImage runs the canaries with an image.
func (e *Engine) tryImage(ctx context.Context, im *image) error {
	opts := e.opts
	opts.CacheDir, opts.Warm, opts.AlwaysCompile = e.cache, false, true
	trial, err := New(opts)
	if err != nil {
		return err
	}
	defer trial.Close()
	trial.presetImage = im
	for i, c := range canaries {
		out := new(textOutput)
		_, err := trial.Execute(ctx, core.Cell{Code: c.code, Number: i + 1}, out)
		if err != nil {
			return fmt.Errorf("trial cell %d: %w", i+1, err)
		}
		if out.text.String() != c.out {
			return fmt.Errorf("trial cell %d printed %q, want %q", i+1, out.text.String(), c.out)
		}
	}
	return nil
}
