package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"glownotes/cglow"
)

// checkpointName is the name of the checkpoint after a step of the model's
// life; names sort by step.
func checkpointName(step int) string { return fmt.Sprintf("step-%09d.safetensors", step) }

// Checkpoints returns the paths of the checkpoints in a folder, oldest first.
func Checkpoints(dir string) []string {
	paths, _ := filepath.Glob(filepath.Join(dir, "step-*.safetensors"))
	sort.Strings(paths)
	return paths
}

// ErrNoCheckpoint is returned by Latest for a folder without one.
var ErrNoCheckpoint = errors.New("train: no checkpoint")

// Latest returns the path of the newest checkpoint in a folder.
func Latest(dir string) (string, error) {
	paths := Checkpoints(dir)
	if len(paths) == 0 {
		return "", fmt.Errorf("%w in %s", ErrNoCheckpoint, dir)
	}
	return paths[len(paths)-1], nil
}

// prune removes all but the last n checkpoints, and temporary files that a
// killed run has left.
func prune(dir string, n int) error {
	paths := Checkpoints(dir)
	left, _ := filepath.Glob(filepath.Join(dir, ".step-*.tmp"))
	if len(paths) > n {
		left = append(left, paths[:len(paths)-n]...)
	}
	for _, p := range left {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("train: %w", err)
		}
	}
	return nil
}

// save writes a checkpoint into the run's folder.
func (r *run) save() error {
	if r.cfg.Checkpoints == "" {
		return nil
	}
	if err := os.MkdirAll(r.cfg.Checkpoints, 0o755); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	path := filepath.Join(r.cfg.Checkpoints, checkpointName(r.trainer.Model().Trained()))
	if path == r.result.Checkpoint {
		return nil // nothing has happened since
	}
	extra, err := r.saved()
	if err != nil {
		return err
	}
	// The logs first: a run that is killed and resumed lacks no step in them.
	if err := errors.Join(r.log.flush(), r.states.flush()); err != nil {
		return err
	}
	if err := r.trainer.Save(path, extra); err != nil {
		return err
	}
	r.result.Checkpoint = path
	return prune(r.cfg.Checkpoints, r.cfg.KeepLast)
}

// load returns the trainer of a checkpoint file, or of the newest one in a
// folder, and what the checkpoint says of its run.
func load(path string) (*cglow.Trainer, savedRun, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		latest, err := Latest(path)
		if err != nil {
			return nil, savedRun{}, err
		}
		path = latest
	}
	t, extra, err := cglow.LoadTrainer(path)
	return t, readRun(extra), err
}
