package train

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"glownotes/cglow"
)

// killed is the environment variable that makes the test binary a training
// process to be killed: its value is the folder of the checkpoints.
const killed = "GLOWNOTES_TRAIN_TO_BE_KILLED"

// TestToBeKilled is the child of TestKill: it trains for ever, with a
// checkpoint after every step, from the newest one if there is any.
func TestToBeKilled(t *testing.T) {
	dir := os.Getenv(killed)
	if dir == "" {
		t.Skip("runs as the child of TestKill only")
	}
	cfg := quick(1 << 30)
	cfg.Checkpoints, cfg.CheckpointEvery, cfg.KeepLast = dir, 1, 2
	cfg.Log = filepath.Join(dir, "log.jsonl")
	var err error
	if len(Checkpoints(dir)) == 0 {
		_, err = Run(context.Background(), small(t), boxes{}, cfg, nil)
	} else {
		_, err = Resume(context.Background(), dir, boxes{}, cfg, nil)
	}
	t.Fatal(err)
}

// TestKill kills a training process at random moments, 200 times (fewer on a
// machine so busy that it would take longer than killBudget), and checks that
// the newest checkpoint loads every time, that the work goes on from there, and
// that the log lacks no step.
func TestKill(t *testing.T) {
	const kills, killBudget = 200, 12 * time.Second
	self, err := os.Executable()
	if err != nil {
		t.Skipf("no path of the test binary: %v", err)
	}
	dir := t.TempDir()
	start := func() *exec.Cmd {
		child := exec.Command(self, "-test.run=^TestToBeKilled$")
		child.Env = append(os.Environ(), killed+"="+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		return child
	}
	began := time.Now()
	child := start()
	waitFor(t, func() bool { return len(Checkpoints(dir)) > 0 })
	startup := time.Since(began)
	delay := make([]float64, kills)
	cglow.Uniform(cglow.Key{Seed: 11}, delay)
	first, last, n, newest := -1, 0, 0, ""
	for n < kills && (n < 20 || time.Since(began) < killBudget) && !(testing.Short() && n >= 20) {
		if n > 0 {
			child = start()
		}
		if n%10 == 5 { // not even a machine that has become slower keeps all children from work
			waitFor(t, func() bool { p, _ := Latest(dir); return p != newest })
		}
		time.Sleep(time.Duration((0.3 + 1.2*delay[n]) * float64(startup)))
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		child.Wait()
		n++
		path, err := Latest(dir)
		if err != nil {
			t.Fatal(err)
		}
		newest = path
		tr, _, err := cglow.LoadTrainer(path)
		if err != nil {
			t.Fatalf("after kill %d: %v", n, err)
		}
		at := tr.Model().Trained()
		if at < last {
			t.Fatalf("after kill %d: checkpoint of step %d, before it was %d", n, at, last)
		}
		if last = at; first < 0 {
			first = at
		}
	}
	if last <= first {
		t.Errorf("step %d after %d kills, %d after the first: the children did not get to work", last, n, first)
	}
	lines, err := ReadLog(filepath.Join(dir, "log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	logged := map[int]bool{}
	for _, l := range lines {
		logged[l.Step] = true
	}
	for step := 1; step <= last; step++ {
		if !logged[step] {
			t.Fatalf("step %d of %d is not in the log", step, last)
		}
	}
}

// waitFor waits until ok, two minutes at most.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing happened for two minutes")
		}
	}
}
