package core

import (
	"context"
	"errors"
	"fmt"

	"glownotes/kernel/display"
)

// An Engine evaluates cells of one language session. The core calls Execute
// from one goroutine at a time, unless this is a ParallelEngine; Complete, Inspect, IsComplete and Info may be
// called at any moment, also while a cell runs, and must not wait for it.
type Engine interface {
	// Info describes the language as kernel_info_reply needs it.
	Info() LanguageInfo

	// Start prepares the session (builds caches, starts processes) and
	// reports what it does through progress, which may be nil. Execute starts
	// the engine itself if Start was not called. Start is idempotent.
	Start(ctx context.Context, progress func(Progress)) error

	// Execute runs one cell and returns after all output that the cell wrote
	// has been handed to out. When ctx is cancelled the cell is interrupted:
	// variables stay and the error is a *CellError named "Interrupted".
	// Every failure of the user's code is a *CellError; any other error is a
	// failure of the engine.
	//
	// Goroutines that outlive the cell may keep writing to out afterwards.
	Execute(ctx context.Context, cell Cell, out Output) (Result, error)

	// Complete lists completions at the cursor, a code-point offset into code.
	Complete(ctx context.Context, code string, cursor int) (Completion, error)

	// Inspect documents the identifier at the cursor. Detail 1 asks for more
	// than detail 0. Nothing known is an Inspection with Found false.
	Inspect(ctx context.Context, code string, cursor, detail int) (Inspection, error)

	// IsComplete tells a console whether code can be executed as it is.
	IsComplete(code string) Completeness

	// Close ends the session and everything that it started.
	Close() error
}

// A Cell is the source to execute.
type Cell struct {
	Code   string
	Number int  // execution count shown as In [n]; names the cell in errors
	Silent bool // no execute_result is wanted
}

// CellNames are the names that a cell can use without a package, in every
// engine, and that it may declare itself: the context of the running cell, what
// shows values, what asks the person, and what turns an error into the end of
// the cell.
func CellNames() []string {
	return []string{"ctx", "Display", "Input", "Password", "Must", "Must2"}
}

// A Result is what a cell that succeeded leaves: the value of its last
// expression, if it has one.
type Result struct {
	Value   *display.Bundle  // nil when there is nothing to show
	Payload []map[string]any // set_next_input and page payloads, usually none
}

// Output receives what a running cell produces. Its methods may be called
// from any goroutine, also after Execute returned; they keep the order of
// calls and do not wait for the front end.
type Output interface {
	// Stream writes text to "stdout" or "stderr".
	Stream(name, text string)

	// Display shows a bundle. A non-empty id names it, so that Update may
	// change it in place later.
	Display(b display.Bundle, id string)

	// Update replaces all displays of that id.
	Update(b display.Bundle, id string)

	// Clear removes the output of the cell; with wait only when the next
	// output comes.
	Clear(wait bool)

	// Input asks the person for a line. It fails with ErrNoInput where the
	// front end cannot ask, and with ctx.Err() when interrupted.
	Input(ctx context.Context, prompt string, password bool) (string, error)

	// Comm sends comm_open, comm_msg or comm_close to the front end.
	Comm(m CommMessage)
}

// ErrNoInput means that the front end does not allow input requests.
var ErrNoInput = errors.New("core: this front end cannot ask for input")

// A CommMessage is a message of the Jupyter comm protocol.
type CommMessage = display.CommMessage

// A CommHandler is an Engine that takes comm messages from the front end.
// They arrive while cells run; out publishes under the comm message.
type CommHandler interface {
	HandleComm(m CommMessage, out Output)
	// Comms lists the open comms: id to target name.
	Comms() map[string]string
}

// LanguageInfo is the language_info of kernel_info_reply.
type LanguageInfo struct {
	Name           string // "go"
	Version        string // of the toolchain, without "go"
	MimeType       string // "text/x-go"
	FileExtension  string // ".go"
	PygmentsLexer  string
	CodeMirrorMode string
	Banner         string // what a console prints at its start
	Implementation string // "glownotes"
}

// Progress is one step of a long piece of work, such as building a cache.
type Progress struct {
	Stage string  // what is being done: "compiling the standard library"
	Done  float64 // 0..1, negative when unknown
	Final bool    // the stage is over
}

// A CellError is a failure of the user's code: it does not compile, it
// panicked, it was interrupted, its process ended.
type CellError struct {
	Name      string   // short class: "CompileError", "Panic", "Interrupted", "HostDied"
	Message   string   // one line
	Traceback []string // lines for people, with ANSI colours; never empty
	Cell      int      // cell of the first position, 0 when unknown
	Line, Col int      // 1-based, 0 when unknown
}

func (e *CellError) Error() string {
	switch {
	case e.Line > 0 && e.Col > 0:
		return fmt.Sprintf("cell[%d]:%d:%d: %s: %s", e.Cell, e.Line, e.Col, e.Name, e.Message)
	case e.Line > 0:
		return fmt.Sprintf("cell[%d]:%d: %s: %s", e.Cell, e.Line, e.Name, e.Message)
	}
	return e.Name + ": " + e.Message
}

// A Completion replaces code[Start:End] (code points) by one of Items.
type Completion struct {
	Items      []CompletionItem
	Start, End int
}

// A CompletionItem is one suggestion.
type CompletionItem struct {
	Text      string
	Type      string // "function", "method", "field", "variable", "type", "const", "package", "keyword"
	Signature string // how it is written in Go, may be empty
}

// An Inspection is documentation for a tooltip.
type Inspection struct {
	Found  bool
	Bundle display.Bundle
}

// Completeness answers is_complete_request.
type Completeness struct {
	Status string // "complete", "incomplete", "invalid", "unknown"
	Indent string // with "incomplete": what the next line should start with
}
