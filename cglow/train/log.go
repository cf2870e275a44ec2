package train

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Line is one line of the log.
type Line struct {
	Step       int     `json:"step"`         // of the model's life
	BitsPerDim float64 `json:"bits_per_dim"` // of the batch; 0 when skipped
	Nats       float64 `json:"nats"`
	LearnRate  float64 `json:"learn_rate"`
	Millis     float64 `json:"ms"`
	Skipped    string  `json:"skipped,omitempty"` // the reason
	Lost       int     `json:"lost,omitempty"`    // steps before this one that went with a GPU
}

// recorder appends lines of JSON to a file.
type recorder struct {
	f       *os.File
	w       *bufio.Writer
	flushed time.Time
}

// newRecorder opens the log, or returns nil when there is none to write.
func newRecorder(path string) (*recorder, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("train: log: %w", err)
	}
	if err := cutUnfinished(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("train: log %s: %w", path, err)
	}
	return &recorder{f: f, w: bufio.NewWriter(f)}, nil
}

// cutUnfinished removes what follows the last newline, the line that a killed
// run was writing: the next line would be glued to it.
func cutUnfinished(f *os.File) error {
	const window = 1 << 16 // longer than any line
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	from := max(0, info.Size()-window)
	tail := make([]byte, info.Size()-from)
	if _, err := f.ReadAt(tail, from); err != nil {
		return err
	}
	end := bytes.LastIndexByte(tail, '\n')
	if end < 0 && from > 0 {
		return errors.New("has no line breaks: not a log of this program")
	}
	return f.Truncate(from + int64(end) + 1)
}

// write appends a value as one line; it reaches the file within a second.
func (r *recorder) write(l any) error {
	if r == nil {
		return nil
	}
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("train: log: %w", err)
	}
	if _, err := r.w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("train: log: %w", err)
	}
	if now := time.Now(); now.Sub(r.flushed) > time.Second {
		r.flushed = now
		return r.flush()
	}
	return nil
}

// flush writes what is still in memory to the file.
func (r *recorder) flush() error {
	if r == nil {
		return nil
	}
	if err := r.w.Flush(); err != nil {
		return fmt.Errorf("train: log: %w", err)
	}
	return nil
}

// close flushes and closes the file.
func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	err := r.w.Flush()
	if cerr := r.f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("train: log: %w", err)
	}
	return nil
}

// ReadLog reads a log. A last line that a killed run has not finished is left
// out.
func ReadLog(path string) ([]Line, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("train: log: %w", err)
	}
	var out []Line
	for n := 1; len(b) > 0; n++ {
		end := 0
		for end < len(b) && b[end] != '\n' {
			end++
		}
		if end == len(b) {
			break
		}
		var l Line
		if err := json.Unmarshal(b[:end], &l); err != nil {
			return nil, fmt.Errorf("train: log %s, line %d: %w", path, n, err)
		}
		out = append(out, l)
		b = b[end+1:]
	}
	return out, nil
}

// History reads a log in the order of the steps. A run that was killed and
// resumed from a checkpoint took some steps twice; the later line counts. The
// duration is the time of all lines, those that were repeated included: what
// the run has cost.
func History(path string) ([]Line, time.Duration, error) {
	lines, err := ReadLog(path)
	if err != nil {
		return nil, 0, err
	}
	at := map[int]int{}
	var out []Line
	millis := 0.0
	for _, l := range lines {
		millis += l.Millis
		if k, again := at[l.Step]; again {
			out[k] = l
			continue
		}
		at[l.Step] = len(out)
		out = append(out, l)
	}
	return out, time.Duration(millis * float64(time.Millisecond)), nil
}
