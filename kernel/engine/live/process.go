package live

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"glownotes/kernel/engine/hostwire"
)

// A process is a running cell host.
type process struct {
	cmd    *exec.Cmd
	conn   *hostwire.Conn
	in     *os.File // command pipe
	log    *slog.Logger
	router *router
	gate   *gate
	crash  *crashWatch

	exited  chan struct{}       // closed after all output was delivered
	state   error               // how it ended; valid then
	answers chan hostwire.Frame // to questions

	mu   sync.Mutex
	runs map[int]chan hostwire.Frame // events of the cells that run, by serial number; 0: of the host
}

// startProcess starts the host program and waits until it is ready.
func startProcess(program string, dir string, rt *router, log *slog.Logger) (*process, error) {
	nonce := rand.Text()
	var pipes [4][2]*os.File // commands, events, stdout, stderr
	var all []*os.File
	for i := range pipes {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(all)
			return nil, fmt.Errorf("live: %w", err)
		}
		pipes[i] = [2]*os.File{r, w}
		all = append(all, r, w)
	}
	widen(pipes[1][0])
	cmd := exec.Command(program, nonce)
	cmd.Stdout, cmd.Stderr = pipes[2][1], pipes[3][1]
	cmd.ExtraFiles = []*os.File{pipes[0][0], pipes[1][1]}
	cmd.Dir = dir
	cmd.SysProcAttr = childAttr()
	p := &process{
		cmd: cmd, conn: hostwire.NewConn(pipes[1][0], pipes[0][1]), in: pipes[0][1], log: log, router: rt,
		gate: newGate(), exited: make(chan struct{}), answers: make(chan hostwire.Frame, 4), runs: map[int]chan hostwire.Frame{},
	}
	p.crash = &crashWatch{release: func(s string) { rt.text(rt.now(), "stderr", s) }}
	hello := p.listen(0)
	defer p.ignore(0)
	waited := make(chan error, 1)
	if err := p.start(waited); err != nil {
		closeAll(all)
		return nil, fmt.Errorf("live: starting the cell host: %w", err)
	}
	closeAll([]*os.File{pipes[0][0], pipes[1][1], pipes[2][1], pipes[3][1]})
	mark := hostwire.Mark{Nonce: nonce}
	var readers sync.WaitGroup
	readers.Go(func() { p.readStream(pipes[2][0], "stdout", mark) })
	readers.Go(func() { p.readStream(pipes[3][0], "stderr", mark) })
	readers.Go(func() { p.readFrames(pipes[1][0]) })
	go p.finish(waited, &readers)
	return p, p.awaitHello(hello)
}

// start runs the child from a thread that lives as long as the child: Linux
// kills the child with the thread that started it, which is how the host ends
// with the kernel whatever happens to the kernel.
func (p *process) start(waited chan<- error) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			waited <- p.cmd.Wait()
		}
		runtime.UnlockOSThread()
	}()
	return <-started
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

func (p *process) awaitHello(hello <-chan hostwire.Frame) error {
	select {
	case f := <-hello:
		if f.Kind != hostwire.Hello {
			return fmt.Errorf("live: the cell host said %q first", f.Kind)
		}
		return nil
	case <-p.exited:
		return fmt.Errorf("live: the cell host ended at once: %v %s", p.state, p.crash.tail())
	case <-time.After(2 * time.Minute): // a machine with much else to do
		p.kill()
		return errors.New("live: the cell host did not answer")
	}
}

// finish waits for the end of the process. Children of cells may keep its
// output pipes open; they are not waited for long.
func (p *process) finish(waited <-chan error, readers *sync.WaitGroup) {
	p.state = <-waited
	drained := make(chan struct{})
	go func() { readers.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(500 * time.Millisecond):
	}
	p.in.Close()
	close(p.exited)
}

// alive tells whether the process runs.
func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// kill ends the process and what it started in its process group.
func (p *process) kill() {
	if p.cmd.Process != nil {
		killGroup(p.cmd.Process)
	}
}

// stop ends the process by closing its commands, and kills it if it stays.
func (p *process) stop() {
	p.in.Close()
	select {
	case <-p.exited:
	case <-time.After(2 * time.Second):
	}
	p.kill()
	<-p.exited
}

// listen returns where the events of a cell's run arrive until ignore.
func (p *process) listen(serial int) <-chan hostwire.Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := make(chan hostwire.Frame, 4)
	p.runs[serial] = c
	return c
}

func (p *process) ignore(serial int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.runs, serial)
}

func (p *process) hear(f hostwire.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.runs[f.Cell] <- f:
	default:
		p.log.Warn("live: nobody waits for an event of the host", "kind", f.Kind, "cell", f.Cell)
	}
}

// readStream delivers what the host prints.
func (p *process) readStream(f *os.File, name string, mark hostwire.Mark) {
	defer f.Close()
	cell := 0      // by a mark; 0: the one that prints by default
	byDefault := 0 // 0: the current one
	text := func(b []byte) {
		s := string(b)
		if name == "stderr" {
			if s = p.crash.filter(s); s == "" {
				return
			}
		}
		to := cell
		if to == 0 {
			to = byDefault
		}
		if to == 0 {
			to = p.router.now()
		}
		p.router.text(to, name, s)
	}
	var whole runes
	split := &hostwire.Splitter{Mark: mark,
		Text: func(b []byte) {
			if b = whole.complete(b); len(b) > 0 {
				text(b)
			}
		},
		Found: func(verb byte, n int64) {
			switch verb {
			case 'c':
				cell = int(n)
			case 'r':
				byDefault = int(n)
			case 'm':
				p.gate.passed(name, n)
			}
		}}
	buf := make([]byte, 1<<16)
	for {
		n, err := f.Read(buf)
		split.Write(buf[:n])
		if err != nil {
			split.Flush()
			if rest := whole.rest; len(rest) > 0 {
				text(rest)
			}
			if err != io.EOF {
				p.log.Debug("live: reading the host's output", "stream", name, "err", err)
			}
			p.gate.end(name)
			return
		}
	}
}

// readFrames delivers the host's events, each after the output before it.
func (p *process) readFrames(f *os.File) {
	defer f.Close()
	for {
		fr, err := p.conn.Receive()
		if err != nil {
			if err != io.EOF {
				p.log.Debug("live: reading the host's events", "err", err)
			}
			p.gate.end("frames")
			return
		}
		if fr.Mark > 0 {
			p.gate.await(fr.Mark)
			p.crash.alive()
		}
		p.dispatch(fr)
		if fr.Mark > 0 {
			p.gate.delivered(fr.Mark)
		}
	}
}

// dispatch hands an event to who waits for it.
func (p *process) dispatch(f hostwire.Frame) {
	switch f.Kind {
	case hostwire.Values, hostwire.Stacks:
		select {
		case p.answers <- f:
		default: // asked for, and given up
		}
	case hostwire.Hello, hostwire.Opened, hostwire.Done:
		p.hear(f)
	case hostwire.Input:
		go p.router.input(f, func(r hostwire.Frame) { p.send(r) })
	default:
		p.router.event(f)
	}
}

func (p *process) send(f hostwire.Frame) error { return p.conn.Send(f) }
