package core

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

func texts(entries []Entry) []string {
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Input)
	}
	return list
}

// TestHistoryDamage: files that a killed kernel, or something else, left
// behind cost only the lines that cannot be read.
func TestHistoryDamage(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"000001.jsonl": `{"line":1,"in":"a"}` + "\nrubbish\n" + `{"line":2,"in":"b"}` + "\n" + `{"line":9,"out":"of nothing"}` + "\n" + `{"line":3,"in":"cut`,
		"000003.jsonl": "",
		"notes.txt":    "not ours",
		"x.jsonl":      `{"line":1,"in":"not ours"}`,
		"-4.jsonl":     `{"line":1,"in":"not ours"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := NewHistory(dir)
	defer h.Close()
	if got := texts(h.Tail(10)); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("Tail = %q, want a and b", got)
	}
	if err := h.Add(1, "c"); err != nil {
		t.Fatal(err)
	}
	tail := h.Tail(10)
	if got := texts(tail); !slices.Equal(got, []string{"a", "b", "c"}) || tail[2].Session != 4 {
		t.Errorf("Tail = %+v, want a, b and c of session 4", tail)
	}
	if got := h.Range(-3, 0, 0); got != nil {
		t.Errorf("Range(-3) = %+v, want none", got)
	}
	info, err := os.Stat(filepath.Join(dir, "000004.jsonl"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the session's file: %v, %v, want mode 0600", info, err)
	}
}

// TestHistoryAtOnce: kernels that start at the same moment get sessions of
// their own.
func TestHistoryAtOnce(t *testing.T) {
	dir := t.TempDir()
	const n = 20
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			h := NewHistory(dir)
			defer h.Close()
			if err := h.Add(1, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	h := NewHistory(dir)
	entries := h.Tail(0)
	sessions := map[int]bool{}
	for _, e := range entries {
		sessions[e.Session] = true
	}
	if len(entries) != n || len(sessions) != n {
		t.Errorf("%d cells in %d sessions, want %d in %d", len(entries), len(sessions), n, n)
	}
}

func TestHistoryPruned(t *testing.T) {
	dir := t.TempDir()
	for i := range maxSessions + 5 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d.jsonl", i+1)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := NewHistory(dir)
	defer h.Close()
	if err := h.Add(1, "x"); err != nil {
		t.Fatal(err)
	}
	numbers := h.numbers()
	if len(numbers) != maxSessions || numbers[len(numbers)-1] != maxSessions+6 {
		t.Errorf("%d sessions up to %d, want %d up to %d", len(numbers), numbers[len(numbers)-1], maxSessions, maxSessions+6)
	}
}

// TestHistoryUnwritable: cells are remembered all the same.
func TestHistoryUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := NewHistory(filepath.Join(file, "below"))
	if err := h.Add(1, "a"); err == nil {
		t.Error("no error from a folder that cannot be made")
	}
	if err := h.Add(2, "b"); err != nil {
		t.Errorf("the error came twice: %v", err)
	}
	if got := texts(h.Tail(0)); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("Tail = %q", got)
	}
}
