package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/hostwire"
)

// Options configure an Engine.
type Options struct {
	ModuleRoot string // folder of the go.mod whose packages cells can import
	CacheDir   string // where compiled things are kept; "" for the user's cache folder
	WorkDir    string // working folder of cells; "" for the current one
	Warm       bool   // prepare fast cells in the background after the start
	Mode       Mode   // how cells are linked
	Polite     bool   // prepare at low priority: nobody waits for it
	Retry      bool   // build the image even if that has failed before

	// Patience is how long an interrupted cell may take to end, such as one
	// that saves what it has, before its goroutine is left behind; 0: a second.
	Patience time.Duration

	// AlwaysCompile switches off the short way for cells that only look at
	// variables, for tests that compare both.
	AlwaysCompile bool

	Logger *slog.Logger // nil: nothing is logged
}

// A Mode says how cells are linked; see the package comment.
type Mode int

const (
	Auto  Mode = iota // with the image if it is there, plain otherwise
	Plain             // without the image
	Image             // with the image, which is built first if it is not there
)

// An Engine evaluates cells as compiled code. See the package comment.
type Engine struct {
	opts   Options
	log    *slog.Logger
	ctx    context.Context // of background work; ends with Close
	cancel context.CancelFunc

	starting chan struct{} // holds one token: who has it may start or close
	started  bool
	tc       *toolchain
	index    *index
	cache    string // root of the cache
	plainDir string // cache of this toolchain
	local    string // stamp of the module's sources
	imageDir string
	dir      string
	dirLock  *fileLock
	keeper   *keeper
	link     atomic.Pointer[linkage]
	faster   *linkage // replaces link when the host starts again

	tellFaster  atomic.Bool
	presetImage *image                      // of an engine that tries an image
	buildAhead  func(context.Context) error // builds the image in the background; tests have their own

	running sync.RWMutex // held for reading by each cell that runs
	loading turn         // one cell at a time is compiled and loaded
	serial  int          // of the last cell; who has the turn may change it
	router  *router

	asking    sync.Mutex // one question to the host at a time
	replacing sync.Mutex // held while a host that died is replaced

	mu      sync.Mutex
	version string
	noImage error // why cells are linked plainly; nil if they are not
	sess    *session
	closed  bool
	proc    *process
	loaded  int       // compiled cells in the present host
	history []ranCell // successful cells of this host
	lost    []ranCell // those of the host that died
	failure *failed   // of the last cell that failed while it ran
}

var _ core.Engine = (*Engine)(nil)

// New returns an engine that has not started yet.
func New(o Options) (*Engine, error) {
	if o.ModuleRoot == "" {
		return nil, errors.New("live: Options.ModuleRoot is empty")
	}
	root, err := filepath.Abs(o.ModuleRoot)
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return nil, fmt.Errorf("live: no module in %s: %w", root, err)
	}
	o.ModuleRoot = root
	e := &Engine{opts: o, log: o.Logger, sess: newSession(), router: newRouter(), starting: make(chan struct{}, 1), loading: newTurn()}
	e.starting <- struct{}{}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.router.panics = e.goroutinePanic
	e.buildAhead = e.buildImage
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e, nil
}

// Start implements core.Engine.
func (e *Engine) Start(ctx context.Context, progress func(core.Progress)) error {
	select {
	case <-e.starting:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { e.starting <- struct{}{} }()
	if e.started {
		return nil
	}
	if e.isClosed() {
		return errors.New("live: the engine is closed")
	}
	if progress == nil {
		progress = func(core.Progress) {}
	}
	if e.dir == "" {
		dir, lock, err := newSessionDir()
		if err != nil {
			return err
		}
		e.dir, e.dirLock = dir, lock
		e.keeper = startKeeper(dir, e.log)
	}
	if err := e.prepare(ctx, progress); err != nil {
		return err
	}
	e.link.Load().builder.dir = e.dir
	if err := e.startHost(); err != nil {
		return err
	}
	e.started = true
	go e.link.Load().builder.getReady()
	if e.opts.Warm {
		go e.warm()
	}
	return nil
}

// A linkage is a mode with what belongs to it.
type linkage struct {
	pkgs    *packages
	builder *builder
	program string // of the cell host
}

// packages are those of the present mode.
func (e *Engine) packages() *packages { return e.link.Load().pkgs }

// locate finds the toolchain, the cache and the packages.
func (e *Engine) locate(ctx context.Context) error {
	tc, err := findToolchain(ctx, e.opts.ModuleRoot)
	if err != nil {
		return err
	}
	cache := e.opts.CacheDir
	if cache == "" {
		if cache, err = cacheRoot(); err != nil {
			return err
		}
	}
	tc.polite, tc.keeper, tc.tmp = e.opts.Polite, e.keeper, e.dir
	e.tc, e.cache = tc, cache
	e.plainDir = filepath.Join(cache, "plain-"+tc.key())
	if err := os.MkdirAll(e.plainDir, 0o700); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	if err := e.readIndex(ctx); err != nil {
		return err
	}
	e.mu.Lock()
	e.version = tc.version
	e.mu.Unlock()
	return nil
}

// prepare finds or builds what every session needs.
func (e *Engine) prepare(ctx context.Context, progress func(core.Progress)) error {
	if err := e.locate(ctx); err != nil {
		return err
	}
	im, err := e.findImage(ctx, progress)
	if err != nil {
		return err
	}
	var l *linkage
	if im != nil {
		l = e.imageLinkage(im)
	} else if l, err = e.plainLinkage(ctx, progress); err != nil {
		return err
	}
	e.link.Store(l)
	return nil
}

// lockCache takes the lock of the cache of this toolchain.
func (e *Engine) lockCache() (*fileLock, error) {
	l, err := lockFile(filepath.Join(e.plainDir, "lock"), true)
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	now := time.Now()
	_ = os.Chtimes(l.f.Name(), now, now)
	return l, nil
}

// readIndex learns which packages there are.
func (e *Engine) readIndex(ctx context.Context) error {
	lock, err := e.lockCache()
	if err != nil {
		return err
	}
	defer lock.unlock()
	pruneCache(e.cache, e.plainDir)
	if e.local, err = sourceStamp(e.tc.root, false); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	if e.index, err = loadIndex(ctx, e.tc, e.plainDir, e.local); err != nil {
		return fmt.Errorf("live: listing packages: %w", err)
	}
	return nil
}

// plainLinkage builds what plain mode needs.
func (e *Engine) plainLinkage(ctx context.Context, progress func(core.Progress)) (*linkage, error) {
	lock, err := e.lockCache()
	if err != nil {
		return nil, err
	}
	defer lock.unlock()
	pkgs := newPackages(e.tc, e.plainDir)
	pkgs.index.Store(e.index)
	pkgs.load(e.local)
	program, err := buildHost(ctx, e.tc, e.plainDir, progress)
	if err != nil {
		return nil, err
	}
	if err := pkgs.ensure(ctx, progress, basePackages...); err != nil {
		return nil, fmt.Errorf("live: compiling the base packages: %w", err)
	}
	return &linkage{pkgs, &builder{tc: e.tc, pkgs: pkgs, dir: e.dir}, program}, nil
}

// basePackages are what the first cells need.
var basePackages = []string{cellrtPath, "runtime/cgo", "plugin", "context", "fmt"}

// hostSources are the folders whose code is in the host program.
var hostSources = []string{"kernel/cellhost", "kernel/cellrt", "kernel/display", "kernel/engine/hostwire", "kernel/widgets"}

// buildHost builds the cell host unless the cache has it.
func buildHost(ctx context.Context, tc *toolchain, cache string, progress func(core.Progress)) (string, error) {
	var stamps []string
	for _, d := range hostSources {
		if _, err := os.Stat(filepath.Join(tc.root, d)); err != nil {
			continue
		}
		s, err := sourceStamp(filepath.Join(tc.root, d), true)
		if err != nil {
			return "", fmt.Errorf("live: %w", err)
		}
		stamps = append(stamps, s)
	}
	program := filepath.Join(cache, fmt.Sprintf("host-%.8x", digest([]byte(strings.Join(stamps, " ")))))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	old, _ := filepath.Glob(filepath.Join(cache, "host-*"))
	n := 0
	line := func(l string) {
		n++
		progress(core.Progress{Stage: "building the cell host: " + l, Done: -1})
	}
	progress(core.Progress{Stage: "building the cell host", Done: -1})
	tmp := program + ".tmp"
	if _, err := tc.run(ctx, line, "build", "-v", "-trimpath", "-ldflags=-s -w", "-o", tmp, "./kernel/cellhost"); err != nil {
		return "", fmt.Errorf("live: building the cell host: %w", err)
	}
	if err := os.Rename(tmp, program); err != nil {
		return "", fmt.Errorf("live: %w", err)
	}
	progress(core.Progress{Stage: "built the cell host", Done: 1, Final: true})
	for _, f := range old {
		os.Remove(f) // of older sources; running hosts keep theirs
	}
	return program, nil
}

// workDir is the working folder of cells.
func (e *Engine) workDir() string {
	if e.opts.WorkDir != "" {
		return e.opts.WorkDir
	}
	dir, _ := os.Getwd()
	return dir
}

func (e *Engine) startHost() error {
	if e.faster != nil {
		e.link.Swap(e.faster).builder.endAhead()
		e.faster = nil
		e.setNoImage(nil)
	}
	l := e.link.Load()
	l.builder.cells.reset()
	p, err := startProcess(l.program, e.workDir(), e.router, e.log)
	if err != nil {
		return err
	}
	e.keeper.watch(p.cmd.Process.Pid)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.proc, e.loaded = p, 0
	return nil
}

// Close implements core.Engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	p := e.proc
	e.mu.Unlock()
	e.cancel()
	if p != nil {
		p.stop()
	}
	<-e.starting // background work has ended with e.cancel
	defer func() { e.starting <- struct{}{} }()
	for _, l := range []*linkage{e.link.Load(), e.faster} {
		if l != nil {
			l.builder.endAhead()
			l.pkgs.image.release()
		}
	}
	if e.dir != "" {
		os.RemoveAll(e.dir)
		e.dirLock.unlock()
		e.keeper.end()
	}
	return nil
}

func (e *Engine) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

func (e *Engine) session() *session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sess
}

// update changes the session.
func (e *Engine) update(change func(*session) *session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sess = change(e.sess)
}

// Info implements core.Engine. The version is that of the toolchain; until the
// engine has started, which may take minutes while a front end waits for this,
// that of the toolchain that built this program.
func (e *Engine) Info() core.LanguageInfo {
	version := strings.TrimPrefix(runtime.Version(), "go")
	e.mu.Lock()
	if e.version != "" {
		version = strings.TrimPrefix(e.version, "go")
	}
	e.mu.Unlock()
	return core.LanguageInfo{
		Name: "go", Version: version, MimeType: "text/x-go", FileExtension: ".go",
		PygmentsLexer: "go", CodeMirrorMode: "go", Implementation: "glownotes",
		Banner: "glownotes: Go " + version + " in live compiled cells" + e.modeNote(),
	}
}

// commTime is how long HandleComm waits until the host has delivered a
// message. Callbacks of widgets are not waited for.
const commTime = 2 * time.Second

// HandleComm implements core.CommHandler. It returns when the answers of the
// widgets are out: the front end gets them before the message's idle.
func (e *Engine) HandleComm(m core.CommMessage, out core.Output) {
	e.mu.Lock()
	p := e.proc
	e.mu.Unlock()
	e.router.comm(m)
	if p == nil || !p.alive() {
		if m.Kind != "close" {
			out.Comm(core.CommMessage{Kind: "close", ID: m.ID, Data: map[string]any{}})
		}
		return
	}
	number, delivered := e.router.lend(out)
	defer e.router.takeBack(number)
	p.send(hostwire.Frame{Kind: hostwire.Comm, Cell: number, Text: m.Kind, ID: m.ID, Path: m.Target,
		Data: m.Data, Metadata: m.Metadata, Parts: m.Buffers})
	select {
	case <-delivered:
	case <-time.After(commTime):
	case <-e.ctx.Done():
	}
}

// Comms implements core.CommHandler.
func (e *Engine) Comms() map[string]string { return e.router.openComms() }
