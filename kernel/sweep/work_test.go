package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestWorkOnce(t *testing.T) {
	p := newPlan(t, "width=4,8")
	calls := 0
	run := func(ctx context.Context, j Job) error {
		calls++
		source := j.Notebook.Cells[1].Source
		for _, want := range []string{"width = 8", "out = " + strconv.Quote(j.Dir)} {
			if !strings.Contains(source, want) {
				t.Errorf("the injected cell lacks %q:\n%s", want, source)
			}
		}
		return leave(`{"score": 1}`)(ctx, j)
	}
	for range 2 {
		if err := p.Work(t.Context(), 1, run); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 1 {
		t.Errorf("a finished run was run %d times", calls)
	}
	if missing := p.Missing([]int{0, 1}); len(missing) != 1 || missing[0] != 0 {
		t.Errorf("missing: %v, want [0]", missing)
	}
}

func TestWorkTaken(t *testing.T) {
	p := newPlan(t, "width=4")
	err := p.Work(t.Context(), 0, func(ctx context.Context, j Job) error {
		other, err := Open(p.Dir())
		if err != nil {
			return err
		}
		if err := other.Work(ctx, 0, leave(`{}`)); !errors.Is(err, ErrTaken) {
			t.Errorf("a second worker got %v, want ErrTaken", err)
		}
		if s := other.Status(0); s.State != Running || s.Attempts != 1 {
			t.Errorf("status %+v", s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWorkEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, tt := range []struct {
		name, result string
		ctx          context.Context
		err          error
		state        State
		says         string
	}{
		{"a cell failed", `{}`, t.Context(), errors.New("cell [2] failed"), Failed, "cell [2] failed"},
		{"no row", `[{"a": 1}, {"b": [1]}]`, t.Context(), nil, Failed, `row 2: "b" is not a single value`},
		{"no JSON", `{"a": `, t.Context(), nil, Failed, "result.json"},
		{"interrupted", `{}`, ctx, context.Canceled, Stopped, "interrupted"},
		{"fine", `[{"a": 1}, {"a": 2}]`, t.Context(), nil, Done, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlan(t, "width=4")
			err := p.Work(tt.ctx, 0, func(c context.Context, j Job) error {
				if tt.ctx == ctx {
					cancel()
				}
				return errors.Join(leave(tt.result)(c, j), tt.err)
			})
			s := p.Status(0)
			var failed *FailedError
			if s.State != tt.state || s.Error != tt.says && (tt.says == "" || !strings.Contains(s.Error, tt.says)) {
				t.Errorf("state %s, %q; want %s, %q", s.State, s.Error, tt.state, tt.says)
			}
			if (err == nil) != (tt.state == Done) || errors.As(err, &failed) != (tt.state == Failed) || errors.Is(err, context.Canceled) != (tt.state == Stopped) {
				t.Errorf("error %v for state %s", err, s.State)
			}
		})
	}
}

func TestWorkWrongIndex(t *testing.T) {
	p := newPlan(t, "width=4")
	for _, i := range []int{-1, 1} {
		if err := p.Work(t.Context(), i, leave(`{}`)); err == nil {
			t.Errorf("run %d of 1 is accepted", i)
		}
	}
}

// A worker that does not say anything any more counts as lost.
func TestSilentIsLost(t *testing.T) {
	p := newPlan(t, "width=4")
	if err := os.MkdirAll(p.RunDir(0), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		ago  time.Duration
		want State
	}{{silent / 2, Running}, {2 * silent, Lost}} {
		if err := p.store(0, Status{State: Running, Alive: time.Now().Add(-tt.ago)}); err != nil {
			t.Fatal(err)
		}
		if got := p.Status(0).State; got != tt.want {
			t.Errorf("%s without a word: %s, want %s", tt.ago, got, tt.want)
		}
	}
}

// local runs this test binary as workers and returns what Ended was told.
func local(t *testing.T, ctx context.Context, p *Plan, mode string, workers int) (ends []string, err error) {
	t.Helper()
	t.Setenv(workerMode, mode)
	l := Local{Workers: workers, Command: []string{os.Args[0]}, Ended: func(i int, s Status, err error) {
		ends = append(ends, fmt.Sprintf("%d %s %v", i, s.State, err == nil))
	}}
	all := make([]int, len(p.Points))
	for i := range all {
		all[i] = i
	}
	err = l.Run(ctx, p, p.Missing(all))
	return ends, err
}

// stepsOf is the list of steps that the workers of a run did.
func stepsOf(t *testing.T, p *Plan, index int) []int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.RunDir(index), "steps"))
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, f := range strings.Fields(string(text)) {
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

func TestLocal(t *testing.T) {
	p := newPlan(t, "width=2,4,8")
	ends, err := local(t, t.Context(), p, "good", 2)
	if err != nil || len(ends) != 3 {
		t.Fatalf("%v, %v", ends, err)
	}
	if ends, err = local(t, t.Context(), p, "fail", 2); err != nil || len(ends) != 0 {
		t.Errorf("run again: %v, %v; want nothing to do", ends, err)
	}
	for i := range p.Points {
		if n := len(stepsOf(t, p, i)); n != steps {
			t.Errorf("run %d did %d steps, want %d", i, n, steps)
		}
	}
}

// The loss of a worker by SIGKILL costs at most one checkpoint interval.
func TestLostWorker(t *testing.T) {
	p := newPlan(t, "width=2,4")
	ends, err := local(t, t.Context(), p, "killed", 2)
	if err != nil {
		t.Fatalf("%v, %v", ends, err)
	}
	for i := range p.Points {
		s := p.Status(i)
		if s.State != Done || s.Attempts != 2 {
			t.Errorf("run %d: %s after %d attempts, want done after 2", i, s.State, s.Attempts)
		}
		did := stepsOf(t, p, i)
		if extra := len(did) - steps; extra < 1 || extra > interval {
			t.Errorf("run %d did %d steps twice, want 1 to %d: %v", i, extra, interval, did)
		}
	}
	rows := query(t, p.Table(), "SELECT state, attempts, score FROM runs")
	if want := "done 2 20.5|done 2 20.5"; rows != want {
		t.Errorf("table: %q, want %q", rows, want)
	}
}

// A run that kills every worker comes to an end, and only somebody who asks
// again gets it tried again.
func TestAlwaysLost(t *testing.T) {
	p := newPlan(t, "width=2")
	p.Retries = 2
	if err := p.save(p.dir); err != nil {
		t.Fatal(err)
	}
	_, err := local(t, t.Context(), p, "always", 1)
	if s := p.Status(0); err == nil || s.State != Failed || s.Attempts != 3 || !strings.Contains(s.Error, "3 workers were lost") {
		t.Errorf("%v; status %+v", err, s)
	}
	if err := p.Forgive([]int{0}); err != nil {
		t.Fatal(err)
	}
	if _, err := local(t, t.Context(), p, "good", 1); err != nil || p.Status(0).State != Done {
		t.Errorf("asked again: %v, %s", err, p.Status(0).State)
	}
}

func TestLocalFails(t *testing.T) {
	p := newPlan(t, "width=2,4")
	ends, err := local(t, t.Context(), p, "fail", 1)
	if err == nil || !strings.Contains(err.Error(), "2 of 2 runs are not done") || len(ends) != 2 {
		t.Errorf("%v, %v", ends, err)
	}
	if s := p.Status(0); s.State != Failed || s.Attempts != 1 || s.Error != "a cell failed" {
		t.Errorf("status %+v", s)
	}
}

// Ctrl-C stops workers; they save, and the next sweep goes on from there.
func TestLocalInterrupted(t *testing.T) {
	p := newPlan(t, "width=2")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer cancel()
		if err := appears(filepath.Join(p.RunDir(0), "steps")); err != nil {
			t.Error(err)
		}
	}()
	_, err := local(t, ctx, p, "told to stop", 1)
	if s := p.Status(0); !errors.Is(err, context.Canceled) || s.State != Stopped {
		t.Fatalf("%v; status %+v", err, s)
	}
	if _, err := local(t, t.Context(), p, "good", 1); err != nil {
		t.Fatal(err)
	}
	if did := stepsOf(t, p, 0); len(did) != steps {
		t.Errorf("steps %v, want each once: the interrupted worker has saved", did)
	}
}
