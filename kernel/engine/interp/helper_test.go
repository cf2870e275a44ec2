package interp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// A recorder is the output of a cell as text: streams as they come, displays
// as "[mime types]" with their text.
type recorder struct {
	mu     sync.Mutex
	stdout strings.Builder
	stderr strings.Builder
	events []string // in order: "stdout:text", "display:text", "update:text"
	answer string   // what the person types
}

func (r *recorder) add(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

func (r *recorder) Stream(name, text string) {
	r.mu.Lock()
	if name == "stdout" {
		r.stdout.WriteString(text)
	} else {
		r.stderr.WriteString(text)
	}
	r.mu.Unlock()
	r.add("%s:%s", name, text)
}
func (r *recorder) Display(b display.Bundle, id string) { r.add("display:%v", b.Data["text/plain"]) }
func (r *recorder) Update(b display.Bundle, id string)  { r.add("update:%v", b.Data["text/plain"]) }
func (r *recorder) Clear(wait bool)                     { r.add("clear:%v", wait) }
func (r *recorder) Comm(core.CommMessage)               {}
func (r *recorder) Input(ctx context.Context, prompt string, password bool) (string, error) {
	if r.answer == "" {
		return "", core.ErrNoInput
	}
	return r.answer, nil
}

func (r *recorder) out() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stdout.String()
}

func (r *recorder) err() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stderr.String()
}

// A notebook is a session of a test.
type notebook struct {
	t *testing.T
	e *Engine
	n int
}

func newNotebook(t *testing.T, o Options) *notebook {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return &notebook{t: t, e: e}
}

// run executes a cell and returns its result as text, "" when it has none.
func (nb *notebook) run(code string) (value string, r *recorder, err error) {
	nb.t.Helper()
	return nb.runCtx(nb.t.Context(), code)
}

func (nb *notebook) runCtx(ctx context.Context, code string) (value string, r *recorder, err error) {
	nb.t.Helper()
	nb.n++
	r = &recorder{}
	res, err := nb.e.Execute(ctx, core.Cell{Code: code, Number: nb.n}, r)
	if res.Value != nil {
		value = fmt.Sprint(res.Value.Data["text/plain"])
	}
	return value, r, err
}

// must executes a cell that has to succeed.
func (nb *notebook) must(code string) (value string, r *recorder) {
	nb.t.Helper()
	value, r, err := nb.run(code)
	if err != nil {
		nb.t.Fatalf("cell %d failed:\n%s\n%v\n%s", nb.n, code, err, traceback(err))
	}
	return value, r
}

func traceback(err error) string {
	var ce *core.CellError
	if errors.As(err, &ce) {
		return strings.Join(ce.Traceback, "\n")
	}
	return ""
}

// cellErr executes a cell that has to fail with a *core.CellError.
func (nb *notebook) cellErr(code string) *core.CellError {
	nb.t.Helper()
	v, _, err := nb.run(code)
	var ce *core.CellError
	if !errors.As(err, &ce) {
		nb.t.Fatalf("cell %d: got value %q, error %v; want a CellError\n%s", nb.n, v, err, code)
	}
	if len(ce.Traceback) == 0 {
		nb.t.Errorf("cell %d: the error has no traceback", nb.n)
	}
	return ce
}

func cells(code string) []string { return strings.Split(code, "\n---\n") }
