package core

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"glownotes/kernel/wire"
)

// Options configure a Kernel.
type Options struct {
	Transport Transport
	Engine    Engine
	Logger    *slog.Logger

	// Version is the implementation_version of kernel_info_reply.
	Version string

	// HelpLinks appear in the Help menu of front ends: text and address.
	HelpLinks []HelpLink

	// History remembers executed cells for history_request; nil remembers
	// nothing. The kernel closes it.
	History History

	// OutputLimit is how many bytes of stdout and stderr one cell may show;
	// a visible line says that there was more. 0 is DefaultOutputLimit, a
	// negative number no limit.
	OutputLimit int64

	// OverflowDir is the folder for the files that take what exceeds
	// OutputLimit. "" discards it.
	OverflowDir string
}

// DefaultOutputLimit is the text that one cell may show. Above it a notebook
// file becomes too large for front ends to work with.
const DefaultOutputLimit = 16 << 20

// A HelpLink is an entry of a front end's Help menu.
type HelpLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// A Kernel serves one session.
type Kernel struct {
	opts    Options
	log     *slog.Logger
	session *wire.Session
	history History
	starter *starter
	inputs  inputs

	handlers map[string]handler

	info, queries, comms, control *mailbox
	subshells                     *subshells
	lanes                         sync.WaitGroup

	base context.Context // of everything that is served
	stop context.CancelFunc

	mu      sync.Mutex
	count   int // execution count
	running map[*execution]bool

	status sync.Mutex // orders status messages, see setIdle
	active *execution // the cell of the main shell that shows as busy
}

// New returns a kernel that has not started to serve.
func New(opts Options) *Kernel {
	switch {
	case opts.OutputLimit == 0:
		opts.OutputLimit = DefaultOutputLimit
	case opts.OutputLimit < 0:
		opts.OutputLimit = math.MaxInt64
	}
	if opts.History == nil {
		opts.History = forgetful{}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	k := &Kernel{
		opts: opts, log: opts.Logger, session: wire.NewSession("kernel"),
		history: opts.History,
		info:    newMailbox(), queries: newMailbox(), comms: newMailbox(), control: newMailbox(),
		handlers: handlers(), running: map[*execution]bool{},
	}
	k.base, k.stop = context.WithCancel(context.Background())
	k.starter = newStarter(opts.Engine)
	k.subshells = newSubshells(k)
	return k
}

// How long Serve waits at its end: for cells to end after their interrupt, and
// for front ends to take the last messages. Servers kill a kernel that needs
// more than five seconds.
const (
	stopTime  = 1500 * time.Millisecond
	flushTime = time.Second
)

// Serve works until a front end asks for shutdown (nil), ctx ends (ctx.Err())
// or the transport fails. Before it returns it interrupts what runs, closes
// the engine, sends everything that is queued and closes the transport. It is
// called once.
func (k *Kernel) Serve(ctx context.Context) error {
	stopped := context.AfterFunc(ctx, k.stop)
	defer stopped()
	if p, ok := k.opts.Transport.(Publisher); ok {
		p.OnSubscribe(k.welcome)
		p.OnLost(k.lostNotice)
	}
	k.publish("status", wire.Header{}, map[string]any{"execution_state": "starting"})
	for _, b := range k.fixedLanes() {
		k.lane(b)
	}
	k.subshells.start()
	go func() {
		// A failure shows in the first cell, which tries again.
		if err := k.starter.start(k.base); err != nil && k.base.Err() == nil {
			k.log.Warn("core: starting the engine failed", "err", err)
		}
	}()

	err := k.receive()
	k.stop()
	return errors.Join(err, ctx.Err(), k.finish())
}

// receive routes messages until the kernel stops. Only a failure of the
// transport is an error.
func (k *Kernel) receive() error {
	for {
		m, err := k.opts.Transport.Receive(k.base)
		switch {
		case k.base.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		k.route(m)
	}
}

// finish ends the lanes, the engine and the transport.
func (k *Kernel) finish() error {
	k.Interrupt()
	for _, b := range k.fixedLanes() {
		b.close()
	}
	k.subshells.close()
	done := make(chan struct{})
	go func() {
		k.lanes.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(stopTime):
		k.log.Warn("core: a cell did not stop; leaving it")
	}
	err := errors.Join(k.opts.Engine.Close(), k.history.Close())
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if e := k.opts.Transport.Flush(ctx); e != nil {
		k.log.Warn("core: not everything was sent", "err", e)
	}
	return errors.Join(err, k.opts.Transport.Close())
}

// fixedLanes are the lanes beside those of cells.
func (k *Kernel) fixedLanes() []*mailbox {
	return []*mailbox{k.info, k.queries, k.comms, k.control}
}

// lane serves the requests of b in their order, on a goroutine of its own.
func (k *Kernel) lane(b *mailbox) {
	k.lanes.Go(func() {
		for r := b.take(); r != nil; r = b.take() {
			k.dispatch(r)
		}
	})
}

// Interrupt cancels the cells that run. It does not wait for their end.
func (k *Kernel) Interrupt() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for e := range k.running {
		e.cancel()
	}
}

// Shutdown makes Serve end as if a front end had asked for it.
func (k *Kernel) Shutdown() { k.stop() }
