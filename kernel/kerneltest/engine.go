package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// An Engine is a core.Engine with a language of one command a line:
//
//	print TEXT             a line on stdout
//	eprint TEXT            a line on stderr
//	raw TEXT               Go-quoted text on stdout, as it is
//	lines N                N lines "line 0" ... on stdout
//	bytes N                N bytes on stdout, a line end after each hundred
//	value TEXT             the value of the cell
//	show MIME TEXT         display_data
//	show@ID MIME TEXT      display_data with a display id
//	update@ID MIME TEXT    update_display_data
//	clear                  clear_output
//	fail NAME TEXT         the cell fails
//	broken TEXT            the engine fails
//	panic TEXT             the engine panics
//	input TEXT             asks, prints the answer
//	password TEXT          the same without echo
//	wait                   runs until it is interrupted
//	await NAME             runs until Open(NAME)
//	late NAME TEXT         prints from a goroutine after Open(NAME)
//	page TEXT, next TEXT   payloads page and set_next_input
//	comm TARGET ID         opens a comm from the cell
//	set NAME TEXT          a variable; a line that is a variable's name is its value
//
// It is a core.CommHandler: it keeps comms of the target "echo" open and
// answers each comm_msg with its data. Fields are set before it is used.
type Engine struct {
	// StartGates are the gates that the calls of Start wait at; a call beyond
	// the last does not wait.
	StartGates []string
	// StartErrors are what the first calls of Start fail with.
	StartErrors []error
	// Subshells makes it a parallel engine.
	Subshells bool

	mu    sync.Mutex
	vars  map[string]string
	gates map[string]chan struct{}
	comms map[string]string
	cells []core.Cell
}

var (
	_ core.CommHandler    = (*Engine)(nil)
	_ core.ParallelEngine = (*Engine)(nil)
)

// Info implements core.Engine.
func (e *Engine) Info() core.LanguageInfo {
	return core.LanguageInfo{
		Name: "script", Version: "1", MimeType: "text/plain", FileExtension: ".script",
		PygmentsLexer: "text", CodeMirrorMode: "null", Banner: "a test engine", Implementation: "kerneltest",
	}
}

// Parallel implements core.ParallelEngine.
func (e *Engine) Parallel() bool { return e.Subshells }

// Start implements core.Engine.
func (e *Engine) Start(ctx context.Context, progress func(core.Progress)) error {
	e.mu.Lock()
	var err error
	if len(e.StartErrors) > 0 {
		err, e.StartErrors = e.StartErrors[0], e.StartErrors[1:]
	}
	gate := ""
	if len(e.StartGates) > 0 {
		gate, e.StartGates = e.StartGates[0], e.StartGates[1:]
	}
	e.mu.Unlock()
	if progress != nil {
		progress(core.Progress{Stage: "warming up", Done: 0.5})
	}
	if gate == "" {
		return err
	}
	select {
	case <-e.gate(gate):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Open lets the commands pass that wait at the gate of that name.
func (e *Engine) Open(name string) { close(e.gate(name)) }

func (e *Engine) gate(name string) chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gates == nil {
		e.gates = map[string]chan struct{}{}
	}
	if e.gates[name] == nil {
		e.gates[name] = make(chan struct{})
	}
	return e.gates[name]
}

// Cells returns what was executed.
func (e *Engine) Cells() []core.Cell {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.cells)
}

// Execute implements core.Engine.
func (e *Engine) Execute(ctx context.Context, cell core.Cell, out core.Output) (core.Result, error) {
	e.mu.Lock()
	e.cells = append(e.cells, cell)
	e.mu.Unlock()
	var res core.Result
	for i, line := range strings.Split(cell.Code, "\n") {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		name, id, _ := strings.Cut(name, "@")
		cmd := command{e: e, ctx: ctx, cell: cell, line: i + 1, out: out, res: &res, id: id, text: rest}
		if err := cmd.run(name); err != nil {
			return core.Result{}, err
		}
	}
	return res, nil
}

type command struct {
	e        *Engine
	ctx      context.Context
	cell     core.Cell
	line     int
	out      core.Output
	res      *core.Result
	id, text string
}

func (c command) fail(name, message string) error {
	e := &core.CellError{Name: name, Message: message, Cell: c.cell.Number, Line: c.line, Col: 1}
	e.Traceback = []string{e.Error()}
	return e
}

func text(s string) *display.Bundle {
	return &display.Bundle{Data: map[string]any{"text/plain": s}}
}

// run does one command. Those that wait are in block.
func (c command) run(name string) error {
	first, rest, _ := strings.Cut(c.text, " ")
	switch name {
	case "print":
		c.out.Stream("stdout", c.text+"\n")
	case "eprint":
		c.out.Stream("stderr", c.text+"\n")
	case "raw":
		s, err := strconv.Unquote(c.text)
		c.out.Stream("stdout", s)
		return err
	case "lines", "bytes":
		return c.produce(name)
	case "value":
		c.res.Value = text(c.text)
	case "show":
		c.out.Display(display.Bundle{Data: map[string]any{first: rest}}, c.id)
	case "update":
		c.out.Update(display.Bundle{Data: map[string]any{first: rest}}, c.id)
	case "clear":
		c.out.Clear(false)
	case "fail":
		return c.fail(first, rest)
	case "broken":
		return errors.New(c.text)
	case "panic":
		panic(c.text)
	case "page":
		c.res.Payload = append(c.res.Payload, map[string]any{"source": "page", "start": 0, "data": text(c.text).Data})
	case "next":
		c.res.Payload = append(c.res.Payload, map[string]any{"source": "set_next_input", "text": c.text, "replace": false})
	case "comm":
		c.out.Comm(core.CommMessage{Kind: "open", ID: rest, Target: first, Metadata: map[string]any{"version": "2.1.0"}, Buffers: [][]byte{{0, 1, 2}}})
	case "set":
		c.e.mu.Lock()
		defer c.e.mu.Unlock()
		if c.e.vars == nil {
			c.e.vars = map[string]string{}
		}
		c.e.vars[first] = rest
	default:
		return c.block(name)
	}
	return nil
}

func (c command) produce(name string) error {
	n, err := strconv.Atoi(c.text)
	if err != nil {
		return c.fail("BadNumber", c.text)
	}
	if name == "lines" {
		for i := range n {
			c.out.Stream("stdout", fmt.Sprintf("line %d\n", i))
		}
		return nil
	}
	for ; n > 0; n -= 100 {
		c.out.Stream("stdout", strings.Repeat("x", min(n, 100)-1)+"\n")
	}
	return nil
}

func (c command) block(name string) error {
	switch name {
	case "input", "password":
		answer, err := c.out.Input(c.ctx, c.text, name == "password")
		if errors.Is(err, core.ErrNoInput) {
			return c.fail("NoInput", err.Error())
		}
		if err != nil {
			return err
		}
		c.out.Stream("stdout", "got "+answer+"\n")
	case "wait":
		<-c.ctx.Done()
		return c.fail("Interrupted", "stopped")
	case "await":
		select {
		case <-c.e.gate(c.text):
		case <-c.ctx.Done():
			return c.fail("Interrupted", "stopped at "+c.text)
		}
	case "late":
		gate, what, _ := strings.Cut(c.text, " ")
		go func() {
			<-c.e.gate(gate)
			c.out.Stream("stdout", what+"\n")
		}()
	default:
		c.e.mu.Lock()
		v, ok := c.e.vars[name]
		c.e.mu.Unlock()
		if !ok {
			return c.fail("Undefined", name)
		}
		c.res.Value = text(v)
	}
	return nil
}

// Complete implements core.Engine: the variables that begin like the word
// before the cursor. For the code "await NAME" it first waits for Open(NAME),
// whatever its context says.
func (e *Engine) Complete(_ context.Context, code string, cursor int) (core.Completion, error) {
	if name, ok := strings.CutPrefix(code, "await "); ok {
		<-e.gate(name)
	}
	r := []rune(code)[:cursor]
	start := cursor
	for start > 0 && r[start-1] != ' ' && r[start-1] != '\n' {
		start--
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c := core.Completion{Start: start, End: cursor}
	for _, name := range slices.Sorted(maps.Keys(e.vars)) {
		if strings.HasPrefix(name, string(r[start:])) {
			c.Items = append(c.Items, core.CompletionItem{Text: name, Type: "variable", Signature: "string"})
		}
	}
	return c, nil
}

// Inspect implements core.Engine: the value of the variable that code is.
func (e *Engine) Inspect(_ context.Context, code string, _, _ int) (core.Inspection, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v, ok := e.vars[code]
	return core.Inspection{Found: ok, Bundle: *text(v)}, nil
}

// IsComplete implements core.Engine: a \ at the end asks for more, a line
// "?" is no command.
func (e *Engine) IsComplete(code string) core.Completeness {
	switch {
	case strings.HasSuffix(code, `\`):
		return core.Completeness{Status: "incomplete", Indent: "  "}
	case strings.Contains(code, "?"):
		return core.Completeness{Status: "invalid"}
	}
	return core.Completeness{Status: "complete"}
}

// HandleComm implements core.CommHandler.
func (e *Engine) HandleComm(m core.CommMessage, out core.Output) {
	e.mu.Lock()
	target, known := e.comms[m.ID]
	switch {
	case m.Kind == "open" && m.Target == "echo":
		if e.comms == nil {
			e.comms = map[string]string{}
		}
		e.comms[m.ID] = m.Target
		target, known = m.Target, true
	case m.Kind == "close":
		delete(e.comms, m.ID)
	}
	e.mu.Unlock()
	switch {
	case m.Kind == "close":
	case !known:
		out.Comm(core.CommMessage{Kind: "close", ID: m.ID})
	case m.Kind == "msg":
		out.Comm(core.CommMessage{Kind: "msg", ID: m.ID, Data: map[string]any{"target": target, "data": m.Data}, Buffers: m.Buffers})
	}
}

// Comms implements core.CommHandler.
func (e *Engine) Comms() map[string]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.comms)
}

// Close implements core.Engine.
func (e *Engine) Close() error { return nil }
