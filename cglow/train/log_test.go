package train

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLogAfterKill continues a log whose last line was cut in the middle.
func TestLogAfterKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	write := func(lines ...Line) {
		t.Helper()
		r, err := newRecorder(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if err := r.write(l); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.close(); err != nil {
			t.Fatal(err)
		}
	}
	write(Line{Step: 1, BitsPerDim: 5, Millis: 10}, Line{Step: 2, BitsPerDim: 4, Millis: 10}, Line{Step: 3, BitsPerDim: 9, Millis: 10})
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"step":4,"bits_`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	write(Line{Step: 3, BitsPerDim: 3, Millis: 10}, Line{Step: 4, BitsPerDim: 2, Millis: 10})
	lines, took, err := History(path)
	if err != nil {
		t.Fatal(err)
	}
	if took != 50*time.Millisecond {
		t.Errorf("took %v, want 50ms", took)
	}
	want := []float64{5, 4, 3, 2}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d: %v", len(lines), len(want), lines)
	}
	for i, l := range lines {
		if l.Step != i+1 || l.BitsPerDim != want[i] {
			t.Errorf("line %d: step %d with %g, want step %d with %g", i, l.Step, l.BitsPerDim, i+1, want[i])
		}
	}
}

func TestLogOfAnotherKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "picture.png")
	if err := os.WriteFile(path, make([]byte, 1<<17), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := newRecorder(path); err == nil {
		t.Error("a file without lines was taken for a log")
	}
}
