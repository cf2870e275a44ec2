package magic

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"glownotes/kernel/core"
)

// An Engine runs cells with magics on another engine.
type Engine struct {
	core.Engine
	table []magic

	mu  sync.Mutex
	dir string
}

// Wrap adds magics to an engine whose cells run in the folder dir ("": that of
// this process). The result offers the optional interfaces of the engine
// through Unwrap only, except for comms and parallel cells, which are passed on.
func Wrap(e core.Engine, dir string) *Engine { return &Engine{Engine: e, table: magics(), dir: dir} }

// folder returns the working directory of shell lines and files.
func (e *Engine) folder() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dir
}

// resolve returns the place of a file that a person names.
func (e *Engine) resolve(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.folder(), name)
}

// Unwrap returns the engine below.
func (e *Engine) Unwrap() core.Engine { return e.Engine }

// HandleComm passes comm messages to the engine below.
func (e *Engine) HandleComm(m core.CommMessage, out core.Output) {
	if h, ok := e.Engine.(core.CommHandler); ok {
		h.HandleComm(m, out)
		return
	}
	if m.Kind != "close" {
		out.Comm(core.CommMessage{Kind: "close", ID: m.ID, Data: map[string]any{}})
	}
}

// Comms lists the open comms of the engine below.
func (e *Engine) Comms() map[string]string {
	if h, ok := e.Engine.(core.CommHandler); ok {
		return h.Comms()
	}
	return nil
}

// Parallel tells whether the engine below runs cells at the same time.
func (e *Engine) Parallel() bool {
	p, ok := e.Engine.(core.ParallelEngine)
	return ok && p.Parallel()
}

// A call is one magic in action.
type call struct {
	ctx    context.Context
	engine core.Engine
	magics *Engine
	cell   core.Cell
	out    core.Output
	name   string
	args   string // the rest of the line, trimmed
	body   string // of a cell magic: the lines below, as Go sees them for errors
	line   int    // of the magic, from 1
}

// Execute runs a cell part by part. The last part's value is the cell's.
func (e *Engine) Execute(ctx context.Context, cell core.Cell, out core.Output) (core.Result, error) {
	parts := split(cell.Code)
	if !hasMagic(parts) {
		return e.Engine.Execute(ctx, cell, out)
	}
	if rest, ok := strings.CutPrefix(parts[0].text, "%%"); ok && parts[0].magic {
		return e.cellMagic(ctx, cell, out, parts[0], rest)
	}
	var all core.Result
	for _, p := range parts {
		res, err := e.part(ctx, cell, out, p)
		if err != nil {
			return core.Result{}, err
		}
		all.Payload = append(all.Payload, res.Payload...)
		if p.magic || strings.TrimSpace(p.text) != "" {
			all.Value = res.Value
		}
	}
	return all, nil
}

func (e *Engine) part(ctx context.Context, cell core.Cell, out core.Output, p part) (core.Result, error) {
	if !p.magic {
		if strings.TrimSpace(p.text) == "" {
			return core.Result{}, nil
		}
		cell.Code = blank(p)
		return e.Engine.Execute(ctx, cell, out)
	}
	c := call{ctx: ctx, engine: e.Engine, magics: e, cell: cell, out: out, line: p.line + 1}
	if cmd, ok := strings.CutPrefix(p.text, "!"); ok {
		c.name, c.args = "!", strings.TrimSpace(cmd)
		return core.Result{}, c.shell(c.args)
	}
	if question.MatchString(p.text) {
		return c.ask(p.text)
	}
	if strings.HasPrefix(p.text, "%%") {
		return core.Result{}, c.fail("%s must be the first line of its cell", strings.Fields(p.text)[0])
	}
	c.name, c.args, _ = strings.Cut(strings.TrimPrefix(p.text, "%"), " ")
	c.args = strings.TrimSpace(c.args)
	return e.run(&c, false)
}

func (e *Engine) cellMagic(ctx context.Context, cell core.Cell, out core.Output, p part, rest string) (core.Result, error) {
	c := call{ctx: ctx, engine: e.Engine, magics: e, cell: cell, out: out, line: p.line + 1}
	c.name, c.args, _ = strings.Cut(rest, " ")
	c.args = strings.TrimSpace(c.args)
	lines := strings.SplitAfter(cell.Code, "\n")
	c.body = strings.Join(lines[p.line+1:], "")
	return e.run(&c, true)
}

// run finds the magic and calls it.
func (e *Engine) run(c *call, whole bool) (core.Result, error) {
	for _, m := range e.table {
		if m.name != c.name {
			continue
		}
		f := m.line
		if whole {
			f = m.cell
		}
		if f == nil {
			return core.Result{}, c.fail("%s is used as %s", c.name, m.usage)
		}
		return f(c)
	}
	mark := "%"
	if whole {
		mark = "%%"
	}
	hint := ""
	if near := e.nearest(c.name, whole); near != "" {
		hint = fmt.Sprintf("; did you mean %s%s?", mark, near)
	}
	return core.Result{}, c.fail("there is no magic %s%s%s (%%help lists them)", mark, c.name, hint)
}

func hasMagic(parts []part) bool {
	for _, p := range parts {
		if p.magic {
			return true
		}
	}
	return false
}

// ask answers a question by a page payload, which front ends show in a pager or
// below the cell; two question marks ask for more.
func (c *call) ask(text string) (core.Result, error) {
	name, detail := strings.Trim(text, "?"), 0
	if strings.Contains(text, "??") {
		detail = 1
	}
	about, err := c.engine.Inspect(c.ctx, name, utf8.RuneCountInString(name), detail)
	if err != nil {
		return core.Result{}, err
	}
	if !about.Found {
		return core.Result{}, c.fail("nothing is known about %s", name)
	}
	return core.Result{Payload: []map[string]any{{"source": "page", "start": 0, "data": about.Bundle.Data}}}, nil
}

// fail makes the error of a magic at its line.
func (c *call) fail(format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	return &core.CellError{Name: "MagicError", Message: msg, Cell: c.cell.Number, Line: c.line, Col: 1,
		Traceback: []string{fmt.Sprintf("\x1b[31mMagicError\x1b[0m: %s", msg), fmt.Sprintf("  cell[%d]:%d", c.cell.Number, c.line)}}
}

// IsComplete treats cells with magics by their Go parts.
func (e *Engine) IsComplete(code string) core.Completeness {
	parts := split(code)
	if !hasMagic(parts) {
		return e.Engine.IsComplete(code)
	}
	if parts[0].magic && strings.HasPrefix(parts[0].text, "%%") {
		// A console ends the text of a cell magic by an empty line.
		if strings.HasSuffix(code, "\n\n") || strings.Count(code, "\n") == 0 && strings.HasPrefix(code, "%%help") {
			return core.Completeness{Status: "complete"}
		}
		return core.Completeness{Status: "incomplete"}
	}
	for _, p := range parts {
		if !p.magic && strings.TrimSpace(p.text) != "" {
			if c := e.Engine.IsComplete(p.text); c.Status != "complete" {
				return c
			}
		}
	}
	if last := parts[len(parts)-1]; last.magic && strings.HasSuffix(last.text, "\\") {
		return core.Completeness{Status: "incomplete"}
	}
	return core.Completeness{Status: "complete"}
}
