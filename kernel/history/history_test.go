package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"glownotes/kernel/core"
)

func Example() {
	h := New("", nil) // in memory
	defer h.Close()
	for i, code := range []string{`x := 1`, `fmt.Println(x)`, `x++`} {
		h.Add(i+1, code)
	}
	found, err := h.Search(context.Background(), "x*", 0, false)
	for _, e := range found {
		fmt.Println(e.Line, e.Input)
	}
	fmt.Println(err)
	// Output:
	// 1 x := 1
	// 3 x++
	// <nil>
}

// texts are entries as "session/line input = output".
func texts(t *testing.T) func(entries []core.Entry, err error) []string {
	return func(entries []core.Entry, err error) []string {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		list := []string{}
		for _, e := range entries {
			s := fmt.Sprintf("%d/%d %s", e.Session, e.Line, e.Input)
			if e.Output != nil {
				s += " = " + *e.Output
			}
			list = append(list, s)
		}
		return list
	}
}

// session is a kernel's life that executes cells. Many of them at once take
// as long as the machine takes.
func session(t *testing.T, file string, cells ...string) {
	t.Helper()
	h := New(file, nil)
	h.busy, h.last = 2*time.Minute, 2*time.Minute
	for i, c := range cells {
		h.Add(i+1, c)
		if rest, ok := strings.CutPrefix(c, "show "); ok {
			h.SetOutput(i+1, rest)
		}
	}
	h.SetOutput(99, "of no cell")
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestQueries(t *testing.T) {
	file := filepath.Join(t.TempDir(), "below", "history.sqlite")
	session(t, file, "a := 1", "show a")
	session(t, file) // runs nothing: no session
	session(t, file, "b[0]", "a := 1", "line\n/two*")
	h := New(file, nil)
	defer h.Close()
	h.Add(1, "c")
	ctx, got := t.Context(), texts(t)
	for _, tc := range []struct {
		name string
		got  []string
		want []string
	}{
		{"tail", got(h.Tail(ctx, 2)), []string{"2/3 line\n/two*", "3/1 c"}},
		{"all", got(h.Tail(ctx, 0)), []string{"1/1 a := 1", "1/2 show a = a", "2/1 b[0]", "2/2 a := 1", "2/3 line\n/two*", "3/1 c"}},
		{"this session", got(h.Range(ctx, 0, 1, 0)), []string{"3/1 c"}},
		{"the one before", got(h.Range(ctx, -1, 2, 3)), []string{"2/2 a := 1"}},
		{"two before", got(h.Range(ctx, -2, 0, 0)), []string{"1/1 a := 1", "1/2 show a = a"}},
		{"three before", got(h.Range(ctx, -3, 0, 0)), []string{}},
		{"by number", got(h.Range(ctx, 2, 0, 2)), []string{"2/1 b[0]"}},
		{"no such session", got(h.Range(ctx, 9, 0, 0)), []string{}},
		{"search", got(h.Search(ctx, "a*", 0, false)), []string{"1/1 a := 1", "2/2 a := 1"}},
		{"search unique", got(h.Search(ctx, "a*", 0, true)), []string{"2/2 a := 1"}},
		{"search the last", got(h.Search(ctx, "*", 1, true)), []string{"3/1 c"}},
		{"search a set", got(h.Search(ctx, "b[[]?]", 0, false)), []string{"2/1 b[0]"}},
		{"search over lines", got(h.Search(ctx, "*two[*]", 0, false)), []string{"2/3 line\n/two*"}},
		{"search in vain", got(h.Search(ctx, "A*", 0, false)), []string{}},
		{"an open set", got(h.Search(ctx, "[a", 0, false)), []string{}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, tc.got, tc.want)
		}
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v, want mode 0600", info, err)
	}
}

// TestAtOnce: kernels that start at the same moment get sessions of their own
// and lose nothing.
func TestAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.sqlite")
	const n = 12
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { session(t, file, fmt.Sprint("first ", i), "second") })
	}
	group.Wait()
	h := New(file, nil)
	defer h.Close()
	entries, err := h.Tail(t.Context(), 0)
	sessions := map[int]int{}
	for _, e := range entries {
		sessions[e.Session]++
	}
	if err != nil || len(entries) != 2*n || len(sessions) != n {
		t.Errorf("%d cells in %d sessions (%v), want %d in %d", len(entries), len(sessions), err, 2*n, n)
	}
}

// TestBusy: while something else writes, the end of a kernel waits for a while
// only; what was queued is written if the process lives on.
func TestBusy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.sqlite")
	session(t, file, "before")
	other, err := openFile(file, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	h := New(file, nil)
	h.busy, h.last = 2*time.Minute, time.Millisecond
	h.Add(1, "during")
	if err := h.Close(); !errors.Is(err, errBusy) {
		t.Errorf("Close beside a writer: %v, want %v", err, errBusy)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	<-h.done
	h = New(file, nil)
	defer h.Close()
	if got, want := texts(t)(h.Tail(t.Context(), 0)), []string{"1/1 before", "2/1 during"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPruned: only the last sessions are kept.
func TestPruned(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.sqlite")
	session(t, file, "old")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO sessions (session) VALUES (?)`, maxSessions); err != nil {
		t.Fatal(err)
	}
	db.Close()
	session(t, file, "new")
	h := New(file, nil)
	defer h.Close()
	if got, want := texts(t)(h.Tail(t.Context(), 0)), []string{fmt.Sprintf("%d/1 new", maxSessions+1)}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestUnusable: without a file that can be used cells are remembered all the
// same, and a damaged file is kept beside the new one.
func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"a file as folder": filepath.Join(plain, "history.sqlite"), "no database": plain, "a folder as file": dir} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			h := New(file, slog.New(slog.NewTextHandler(&log, nil)))
			h.Add(1, "a")
			if got := texts(t)(h.Tail(t.Context(), 0)); !slices.Equal(got, []string{"1/1 a"}) {
				t.Errorf("remembered %q", got)
			}
			h.Close()
			if strings.Count(log.String(), "\n") != 1 {
				t.Errorf("logged %q, want one line", log.String())
			}
		})
	}
	kept, _ := filepath.Glob(plain + ".damaged-*")
	if len(kept) != 1 {
		t.Errorf("the damaged file was kept as %q", kept)
	}
	session(t, plain, "b")
	h := New(plain, nil)
	defer h.Close()
	if got := texts(t)(h.Tail(t.Context(), 0)); !slices.Equal(got, []string{"1/1 a", "2/1 b"}) {
		t.Errorf("in the new file: %q", got)
	}
}

// TestPatience: a query ends with its context, whether it runs or waits, and a
// closed history says so.
func TestPatience(t *testing.T) {
	h := New("", nil)
	endless := func(ctx context.Context) error {
		_, err := h.ask(ctx, func(s *store) ([]core.Entry, error) {
			return s.query(ctx, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i, i, '', '' FROM n WHERE i < 0")
		})
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	waiting := make(chan error)
	go func() { waiting <- endless(ctx) }()
	if err := endless(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an endless query: %v", err)
	}
	if err := <-waiting; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an endless query: %v", err)
	}
	if _, err := h.Tail(t.Context(), 1); err != nil {
		t.Errorf("after the endless queries: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if _, err := h.Tail(t.Context(), 1); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}
