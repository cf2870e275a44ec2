package core

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// History is the executed cells of this and earlier sessions. Each session is
// a file of JSON lines in one folder, named by its number: sessions that start
// at the same moment get different numbers, and no session writes where
// another does.
type History struct {
	dir string // "": memory only

	mu      sync.Mutex
	session int // number of this session, 0 until its first cell
	entries []Entry
	file    *os.File
	past    map[int][]Entry // sessions already read
}

// An Entry is one executed cell.
type Entry struct {
	Session int     `json:"-"`
	Line    int     `json:"line"` // its execution count
	Input   string  `json:"in,omitempty"`
	Output  *string `json:"out,omitempty"` // its result as text, nil if none
}

// maxSessions is how many sessions are kept.
const maxSessions = 500

// maxHistoryFile bounds what is read of one session, in case the file is none
// of ours.
const maxHistoryFile = 32 << 20

// NewHistory returns the history kept in dir. The folder is made when the
// first cell is added.
func NewHistory(dir string) *History {
	return &History{dir: dir, past: map[int][]Entry{}}
}

// Add notes a cell before it runs.
func (h *History) Add(line int, input string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.open()
	e := Entry{Session: h.session, Line: line, Input: input}
	h.entries = append(h.entries, e)
	return errors.Join(err, h.write(e))
}

// SetOutput notes the result of a cell that was added.
func (h *History) SetOutput(line int, output string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.entries) - 1; i >= 0; i-- {
		if h.entries[i].Line == line {
			h.entries[i].Output = &output
			return h.write(Entry{Line: line, Output: &output})
		}
	}
	return nil
}

// Close ends the session's file.
func (h *History) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return nil
	}
	err := h.file.Close()
	h.file = nil
	return err
}

// open gives the session its number, the smallest that no file has.
func (h *History) open() error {
	if h.session > 0 {
		return nil
	}
	h.session = 1
	if h.dir == "" {
		return nil
	}
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return fmt.Errorf("core: history: %w", err)
	}
	numbers := h.numbers()
	if n := len(numbers); n > 0 {
		h.session = numbers[n-1] + 1
	}
	for {
		f, err := os.OpenFile(h.path(h.session), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
		if errors.Is(err, fs.ErrExist) {
			h.session++
			continue
		}
		if err != nil {
			return fmt.Errorf("core: history: %w", err)
		}
		h.file = f
		break
	}
	for ; len(numbers) >= maxSessions; numbers = numbers[1:] {
		_ = os.Remove(h.path(numbers[0])) // may be gone already
	}
	return nil
}

func (h *History) write(e Entry) error {
	if h.file == nil {
		return nil
	}
	b, err := json.Marshal(e)
	if err == nil {
		_, err = h.file.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("core: history: %w", err)
	}
	return nil
}

func (h *History) path(session int) string {
	return filepath.Join(h.dir, fmt.Sprintf("%06d.jsonl", session))
}

// numbers lists the sessions on disk in rising order.
func (h *History) numbers() []int {
	if h.dir == "" {
		return nil
	}
	files, _ := os.ReadDir(h.dir) // no folder: no history
	var list []int
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".jsonl")
		if n, err := strconv.Atoi(name); ok && err == nil && n > 0 {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// sessions lists all sessions in rising order, this one last.
func (h *History) sessions() []int {
	list := slices.DeleteFunc(h.numbers(), func(n int) bool { return n == h.session })
	return append(list, h.session)
}

// read returns the entries of a session. Lines that are no entries are
// skipped: a kernel may have been killed while it wrote.
func (h *History) read(session int) []Entry {
	if session == h.session {
		return h.entries
	}
	if e, ok := h.past[session]; ok {
		return e
	}
	entries := readEntries(h.path(session), session)
	h.past[session] = entries
	return entries
}

func readEntries(path string, session int) []Entry {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var entries []Entry
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxHistoryFile)
	for lines.Scan() {
		var e Entry
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Line <= 0 {
			continue
		}
		last := len(entries) - 1
		if e.Output != nil && e.Input == "" {
			for i := last; i >= 0; i-- {
				if entries[i].Line == e.Line {
					entries[i].Output = e.Output
					break
				}
			}
			continue
		}
		e.Session = session
		entries = append(entries, e)
	}
	return entries
}

// Tail returns the last n cells, the oldest first.
func (h *History) Tail(n int) []Entry {
	return h.last(n, func(Entry) bool { return true })
}

// Search returns the last n cells whose input matches the glob pattern: * any
// text, ? one character, [...] one of a set. With unique only the last of
// equal inputs counts. n <= 0 is no limit.
func (h *History) Search(pattern string, n int, unique bool) []Entry {
	seen := map[string]bool{}
	return h.last(n, func(e Entry) bool {
		if !matchGlob(pattern, e.Input) || unique && seen[e.Input] {
			return false
		}
		seen[e.Input] = true
		return true
	})
}

// last collects backwards from the newest cell what keep accepts.
func (h *History) last(n int, keep func(Entry) bool) []Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []Entry
	for _, s := range slices.Backward(h.sessions()) {
		for _, e := range slices.Backward(h.read(s)) {
			if !keep(e) {
				continue
			}
			if list = append(list, e); len(list) == n {
				slices.Reverse(list)
				return list
			}
		}
	}
	slices.Reverse(list)
	return list
}

// Range returns the cells start <= line < stop of one session; stop <= 0 is
// no limit. Session 0 is this one and -1 the one before it.
func (h *History) Range(session, start, stop int) []Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	if session <= 0 {
		all := h.sessions()
		i := len(all) - 1 + session
		if i < 0 {
			return nil
		}
		session = all[i]
	}
	var list []Entry
	for _, e := range h.read(session) {
		if e.Line >= start && (stop <= 0 || e.Line < stop) {
			list = append(list, e)
		}
	}
	return list
}
