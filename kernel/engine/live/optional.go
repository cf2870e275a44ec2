package live

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"slices"
	"strings"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/hostwire"
)

var (
	_ core.ParallelEngine  = (*Engine)(nil)
	_ core.VariableLister  = (*Engine)(nil)
	_ core.Resetter        = (*Engine)(nil)
	_ core.GoroutineDumper = (*Engine)(nil)
	_ core.StackDumper     = (*Engine)(nil)
	_ core.Replayer        = (*Engine)(nil)
	_ core.CommHandler     = (*Engine)(nil)
)

// Variables implements core.VariableLister. While a cell runs only the values of
// numbers and truth values are known.
func (e *Engine) Variables() []core.Variable {
	s := e.session()
	var names []string
	for n, sy := range s.symbols {
		if sy.kind == varSymbol {
			names = append(names, n)
		}
	}
	values := e.values(names)
	var out []core.Variable
	for n, sy := range s.symbols {
		if isC(n) {
			continue // what cgo declares for C code
		}
		v := core.Variable{Name: plain(n), Cell: s.numbers[sy.serial], Value: values[n]}
		v.Type = plain(types.TypeString(sy.typ, packageOnly))
		switch sy.obj.(type) {
		case *types.Var:
			v.Kind = "var"
		case *types.Func:
			v.Kind = "func"
		case *types.TypeName:
			v.Kind, v.Type = "type", plain(types.TypeString(sy.typ.Underlying(), packageOnly))
		case *types.Const:
			v.Kind = "const"
			v.Value = sy.obj.(*types.Const).Val().String()
		}
		out = append(out, v)
	}
	for n, path := range s.imports {
		out = append(out, core.Variable{Name: n, Kind: "package", Type: path})
	}
	slices.SortFunc(out, func(a, b core.Variable) int {
		if a.Kind != b.Kind {
			return -strings.Compare(a.Kind, b.Kind)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// values asks the host for the text of variables; while a cell runs only of
// those that can be read beside it.
func (e *Engine) values(names []string) map[string]string {
	if len(names) == 0 {
		return nil
	}
	beside := !e.running.TryLock()
	if !beside {
		defer e.running.Unlock()
	}
	p := e.process()
	if p == nil || !p.alive() {
		return nil
	}
	vars := map[string]any{}
	s := e.session()
	for _, n := range names {
		if sy := s.symbols[n]; sy != nil {
			vars[n] = sy.serial
		}
	}
	e.asking.Lock()
	defer e.asking.Unlock()
	f, ok := e.ask(p, hostwire.Frame{Kind: hostwire.Values, Data: vars, Wait: beside}, time.Second)
	if !ok {
		return nil
	}
	out := map[string]string{}
	for n, v := range f.Data {
		s, _ := v.(string)
		out[n] = plain(s)
	}
	return out
}

// valueOf is the value of one variable.
func (e *Engine) valueOf(name string) (string, bool) {
	v, ok := e.values([]string{name})[name]
	return v, ok
}

// ask sends a command and waits for the answer of the same kind.
func (e *Engine) ask(p *process, f hostwire.Frame, wait time.Duration) (hostwire.Frame, bool) {
	if err := p.send(f); err != nil {
		return hostwire.Frame{}, false
	}
	limit := time.After(wait)
	for {
		select {
		case a := <-p.answers:
			if a.Kind == f.Kind {
				return a, true
			}
		case <-p.exited:
			return hostwire.Frame{}, false
		case <-limit:
			return hostwire.Frame{}, false
		}
	}
}

func (e *Engine) process() *process {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.proc
}

// Goroutines implements core.GoroutineDumper; it works while a cell runs.
func (e *Engine) Goroutines(ctx context.Context) (string, error) {
	f, err := e.stacks()
	return plain(strings.ReplaceAll(f.Text, implSuffix, "")), err
}

func (e *Engine) stacks() (hostwire.Frame, error) {
	p := e.process()
	if p == nil || !p.alive() {
		return hostwire.Frame{}, errors.New("live: no cell host is running")
	}
	e.asking.Lock()
	defer e.asking.Unlock()
	f, ok := e.ask(p, hostwire.Frame{Kind: hostwire.Stacks}, 5*time.Second)
	if !ok {
		return f, errors.New("live: the cell host did not answer")
	}
	return f, nil
}

// Reset implements core.Resetter: a new host without any variables.
func (e *Engine) Reset(ctx context.Context) error {
	if err := e.Start(ctx, nil); err != nil {
		return err
	}
	e.running.Lock()
	defer e.running.Unlock()
	e.process().stop()
	e.reset()
	e.mu.Lock()
	e.history = nil
	e.mu.Unlock()
	return e.startHost()
}

// replayKey marks the context of a cell that runs again.
type replayKey struct{}

// Replay implements core.Replayer: the cells that succeeded before the host
// died run again, in their order, up to the first that fails now. Meanwhile
// hostwire.ReplayVariable is set: training that has saved checkpoints goes on
// where it was, so that a finished one is only loaded.
func (e *Engine) Replay(ctx context.Context, out core.Output) error {
	e.mu.Lock()
	cells := e.lost
	e.lost = nil
	e.mu.Unlock()
	if len(cells) == 0 {
		out.Stream("stdout", "nothing was lost: there is nothing to replay\n")
		return nil
	}
	ctx = context.WithValue(ctx, replayKey{}, true)
	for i, c := range cells {
		out.Stream("stdout", fmt.Sprintf("replaying cell %d (%d of %d)\n", c.Number, i+1, len(cells)))
		if _, err := e.Execute(ctx, c.Cell, out); err != nil {
			e.mu.Lock()
			e.lost = cells[i:]
			e.mu.Unlock()
			return err
		}
	}
	return nil
}
