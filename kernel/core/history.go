package core

import "context"

// A History remembers executed cells beyond the session; kernel/history is
// one. It may be slow: noting a cell must not make it wait.
type History interface {
	// Add notes a cell before it runs; line is its execution count.
	Add(line int, input string)

	// SetOutput notes the result of a cell that was added.
	SetOutput(line int, output string)

	// Tail returns the last n cells of all sessions, the oldest first. n <= 0
	// is no limit.
	Tail(ctx context.Context, n int) ([]Entry, error)

	// Search returns the last n cells whose input matches the glob pattern: *
	// any text, ? one character, [...] one of a set. With unique only the
	// last of equal inputs counts.
	Search(ctx context.Context, pattern string, n int, unique bool) ([]Entry, error)

	// Range returns the cells start <= line < stop of one session; stop <= 0
	// is no limit. Session 0 is this one and -1 the one before it.
	Range(ctx context.Context, session, start, stop int) ([]Entry, error)

	Close() error
}

// An Entry is one executed cell.
type Entry struct {
	Session int
	Line    int // its execution count
	Input   string
	Output  *string // its result as text, nil if none
}

// forgetful is the History of a kernel that has none.
type forgetful struct{}

func (forgetful) Add(int, string)                                            {}
func (forgetful) SetOutput(int, string)                                      {}
func (forgetful) Tail(context.Context, int) ([]Entry, error)                 { return nil, nil }
func (forgetful) Range(context.Context, int, int, int) ([]Entry, error)      { return nil, nil }
func (forgetful) Search(context.Context, string, int, bool) ([]Entry, error) { return nil, nil }
func (forgetful) Close() error                                               { return nil }
