package nb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// A scripted engine runs Go functions by the source of the cell.
type scripted struct {
	core.Engine
	cells map[string]func(ctx context.Context, out core.Output) (core.Result, error)
	ran   []string
}

func (s *scripted) Info() core.LanguageInfo {
	return core.LanguageInfo{Name: "go", Version: "1.26", FileExtension: ".go"}
}

func (s *scripted) Execute(ctx context.Context, cell core.Cell, out core.Output) (core.Result, error) {
	s.ran = append(s.ran, cell.Code)
	if f := s.cells[cell.Code]; f != nil {
		return f(ctx, out)
	}
	return core.Result{}, nil
}

func plain(s string) display.Bundle {
	return display.Bundle{Data: map[string]any{"text/plain": s}}
}

// notebook has one code cell for each source.
func notebook(sources ...string) *Notebook {
	n := New()
	for i, s := range sources {
		n.Cells = append(n.Cells, NewCell(Code, s, i))
	}
	return n
}

// shown is a short form of a cell's outputs.
func shown(c *Cell) string {
	var parts []string
	for _, o := range c.Outputs {
		switch o.Type {
		case Stream:
			parts = append(parts, o.Name+"="+o.Text)
		case ErrorOutput:
			parts = append(parts, "error="+o.EName+":"+o.EValue)
		case ExecuteResult:
			parts = append(parts, "result="+o.Data["text/plain"].(string))
		default:
			parts = append(parts, "display="+o.Data["text/plain"].(string))
		}
	}
	return strings.Join(parts, "|")
}

func TestRunOutputs(t *testing.T) {
	tests := []struct {
		name string
		cell func(out core.Output)
		want string
	}{
		{"streams merge", func(o core.Output) { o.Stream("stdout", "a"); o.Stream("stdout", "b\n"); o.Stream("stdout", "c") }, "stdout=ab\nc"},
		{"streams alternate", func(o core.Output) { o.Stream("stdout", "a"); o.Stream("stderr", "b"); o.Stream("stdout", "c") }, "stdout=a|stderr=b|stdout=c"},
		{"nothing", func(o core.Output) { o.Stream("stdout", "") }, ""},
		{"carriage return", func(o core.Output) {
			o.Stream("stdout", "10%\r")
			o.Stream("stdout", "100%\r")
			o.Stream("stdout", "ok\n")
		}, "stdout=ok0%\n"},
		{"line feed of another system", func(o core.Output) { o.Stream("stdout", "a\r"); o.Stream("stdout", "\nb\r\n") }, "stdout=a\nb\n"},
		{"backspace", func(o core.Output) { o.Stream("stdout", "ab\b\bxä\b!") }, "stdout=x!"},
		{"order", func(o core.Output) { o.Stream("stdout", "a"); o.Display(plain("d"), ""); o.Stream("stdout", "b") }, "stdout=a|display=d|stdout=b"},
		{"update in place", func(o core.Output) {
			o.Display(plain("1"), "id")
			o.Stream("stdout", "x")
			o.Display(plain("2"), "id")
			o.Update(plain("3"), "id")
		}, "display=3|stdout=x|display=3"},
		{"update of nothing", func(o core.Output) { o.Update(plain("3"), "id") }, ""},
		{"clear", func(o core.Output) { o.Stream("stdout", "a"); o.Clear(false); o.Stream("stdout", "b") }, "stdout=b"},
		{"clear waits", func(o core.Output) { o.Display(plain("a"), ""); o.Clear(true) }, "display=a"},
		{"clear waited", func(o core.Output) {
			o.Display(plain("a"), "id")
			o.Clear(true)
			o.Stream("stdout", "b")
			o.Update(plain("x"), "id")
		}, "stdout=b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := notebook("cell")
			e := &scripted{cells: map[string]func(context.Context, core.Output) (core.Result, error){
				"cell": func(_ context.Context, out core.Output) (core.Result, error) { tt.cell(out); return core.Result{}, nil },
			}}
			if err := Run(t.Context(), n, e, DefaultOptions()); err != nil {
				t.Fatal(err)
			}
			if got := shown(n.Cells[0]); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

var boom = &core.CellError{Name: "Panic", Message: "boom", Traceback: []string{"boom"}, Cell: 2, Line: 1, Col: 3}

func failing() *scripted {
	return &scripted{cells: map[string]func(context.Context, core.Output) (core.Result, error){
		"fail": func(_ context.Context, out core.Output) (core.Result, error) {
			out.Stream("stdout", "before\n")
			return core.Result{}, boom
		},
		"value": func(context.Context, core.Output) (core.Result, error) {
			b := plain("42")
			return core.Result{Value: &b}, nil
		},
	}}
}

func TestRunStopsAtError(t *testing.T) {
	n := notebook("value", "fail", "value")
	n.Cells[2].Outputs = []*Output{{Type: Stream, Name: "stdout", Text: "stale"}}
	e := failing()
	err := Run(t.Context(), n, e, DefaultOptions())
	var re *RunError
	var ce *core.CellError
	if !errors.As(err, &re) || re.Index != 1 || re.Number != 2 || !errors.As(err, &ce) || ce != boom {
		t.Fatalf("got %#v, want a RunError of cell 1 with the cell's error", err)
	}
	if got, want := err.Error(), "nb: cell [2] failed: cell[2]:1:3: Panic: boom"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for i, want := range []string{"result=42", "stdout=before\n|error=Panic:boom", ""} {
		if got := shown(n.Cells[i]); got != want {
			t.Errorf("cell %d: got %q, want %q", i, got, want)
		}
	}
	if n.Cells[2].ExecutionCount != 0 || len(e.ran) != 2 {
		t.Errorf("cells ran after the error: %q", e.ran)
	}
}

func TestRunGoesOn(t *testing.T) {
	t.Run("allow errors", func(t *testing.T) {
		n, e, opts := notebook("fail", "value"), failing(), DefaultOptions()
		opts.AllowErrors = true
		if err := Run(t.Context(), n, e, opts); err != nil {
			t.Fatal(err)
		}
		if got := shown(n.Cells[1]); got != "result=42" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("raises-exception", func(t *testing.T) {
		n, e := notebook("fail", "value"), failing()
		n.Cells[0].Metadata["tags"] = []any{"raises-exception"}
		if err := Run(t.Context(), n, e, DefaultOptions()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRunLeavesOut(t *testing.T) {
	n := notebook("value", " \n", "skipped", "value")
	n.Cells[2].Metadata["tags"] = []any{"skip-execution"}
	n.Cells = append(n.Cells, NewCell(Markdown, "value", 9))
	e := failing()
	if err := Run(t.Context(), n, e, DefaultOptions()); err != nil {
		t.Fatal(err)
	}
	if strings.Join(e.ran, " ") != "value value" {
		t.Errorf("ran %q", e.ran)
	}
	if n.Cells[1].ExecutionCount != 0 || n.Cells[3].ExecutionCount != 2 {
		t.Errorf("counts %d and %d, want 0 and 2", n.Cells[1].ExecutionCount, n.Cells[3].ExecutionCount)
	}
	if lang, _ := n.Metadata["language_info"].(map[string]any); lang["name"] != "go" || lang["version"] != "1.26" {
		t.Errorf("language_info: %v", n.Metadata["language_info"])
	}
}

func TestRunInterrupt(t *testing.T) {
	blocked := func(ctx context.Context, out core.Output) (core.Result, error) {
		out.Stream("stdout", "started")
		<-ctx.Done()
		return core.Result{}, &core.CellError{Name: "Interrupted", Message: "interrupted", Traceback: []string{"i"}}
	}
	engine := func() *scripted {
		return &scripted{cells: map[string]func(context.Context, core.Output) (core.Result, error){"block": blocked}}
	}
	t.Run("cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n, opts := notebook("block", "next"), DefaultOptions()
		opts.AllowErrors = true // an interrupt ends the run all the same
		opts.Observer = onText{func() { cancel() }}
		err := Run(ctx, n, engine(), opts)
		if !errors.Is(err, context.Canceled) || err.Error() != "nb: cell [1] was interrupted" {
			t.Errorf("got %v", err)
		}
		if got := shown(n.Cells[0]); got != "stdout=started|error=Interrupted:interrupted" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("time limit", func(t *testing.T) {
		n, opts := notebook("block", "next"), DefaultOptions()
		opts.Timeout = 10 * time.Millisecond
		err := Run(t.Context(), n, engine(), opts)
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "nb: cell [1] took longer than the time limit" {
			t.Errorf("got %v", err)
		}
	})
}

type onText struct{ f func() }

func (o onText) CellStarted(int, *Cell)                    {}
func (o onText) Text(int, string, string)                  { o.f() }
func (o onText) Shown(int, display.Bundle)                 {}
func (o onText) CellDone(int, *Cell, time.Duration, error) {}

func TestRunTruncatesText(t *testing.T) {
	n, opts := notebook("long"), DefaultOptions()
	opts.MaxText = 1000
	e := &scripted{cells: map[string]func(context.Context, core.Output) (core.Result, error){
		"long": func(_ context.Context, out core.Output) (core.Result, error) {
			for range 1000 {
				out.Stream("stdout", "ääääääääää\n")
				out.Stream("stderr", "e\n")
			}
			return core.Result{}, nil
		},
	}}
	if err := Run(t.Context(), n, e, opts); err != nil {
		t.Fatal(err)
	}
	total, notes := 0, 0
	for _, o := range n.Cells[0].Outputs {
		total += len(o.Text)
		notes += strings.Count(o.Text, "output truncated")
	}
	if total > 1200 || notes != 1 {
		t.Errorf("kept %d bytes with %d notes, want about 1000 and 1", total, notes)
	}
}

// A goroutine may write after its cell, while other cells run, and after the
// run: the first two are kept, and none may race with the notebook's reader.
func TestRunLateOutput(t *testing.T) {
	n := notebook("start", "wait")
	var late core.Output
	wrote := make(chan bool)
	e := &scripted{cells: map[string]func(context.Context, core.Output) (core.Result, error){
		"start": func(_ context.Context, out core.Output) (core.Result, error) {
			late = out
			go func() { out.Stream("stdout", "late"); wrote <- true }()
			return core.Result{}, nil
		},
		"wait": func(context.Context, core.Output) (core.Result, error) { <-wrote; return core.Result{}, nil },
	}}
	if err := Run(t.Context(), n, e, DefaultOptions()); err != nil {
		t.Fatal(err)
	}
	late.Stream("stdout", "too late")
	late.Display(plain("too late"), "")
	if got := shown(n.Cells[0]); got != "stdout=late" {
		t.Errorf("got %q, want the late text in its own cell", got)
	}
}
