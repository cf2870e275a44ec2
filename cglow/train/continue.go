package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// ReplayVariable is the environment variable that a notebook's kernel sets to 1
// while it runs the cells of a lost session again. Every Run with a folder for
// checkpoints then goes on with what it had saved there, as with
// Config.Continue: what was trained is not trained again.
const ReplayVariable = "GLOWNOTES_REPLAY"

// continues tells whether a run looks for its earlier checkpoints.
func (c Config) continues() bool {
	return c.Checkpoints != "" && (c.Continue || os.Getenv(ReplayVariable) == "1")
}

// savedRun is what a checkpoint says of the run that wrote it.
type savedRun struct {
	Key     string // see runKey
	From    int    // steps that the model had seen before the run
	Curve   []byte // Result.Curve, little-endian float64
	Skipped int
	Seconds float64
}

// runKey names a run: a digest of everything that decides what it computes.
func runKey(m *cglow.Model, d data.Dataset, cfg Config) (string, error) {
	cfg.Continue, cfg.Log, cfg.Telemetry, cfg.Checkpoints = false, "", "", ""
	cfg.TelemetryEvery, cfg.CheckpointEvery, cfg.KeepLast, cfg.ProgressEvery = 0, 0, 0, 0
	text, err := json.Marshal(struct {
		Model   cglow.Config
		Seed    uint64
		Trained int
		Run     Config
		Data    string
		Len     int
	}{m.Config(), m.Seed(), m.Trained(), cfg, d.Name(), d.Len()})
	if err != nil {
		return "", fmt.Errorf("train: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

// readRun reads what a checkpoint says of its run: nothing, if another program
// or an older version wrote it.
func readRun(extra json.RawMessage) savedRun {
	var s savedRun
	if len(extra) == 0 || json.Unmarshal(extra, &s) != nil {
		return savedRun{}
	}
	return s
}

// findRun returns the newest checkpoint of a run in a folder; nil if there is
// none that can be read.
func findRun(dir, key string) (path string, saved *savedRun) {
	for _, path := range slices.Backward(Checkpoints(dir)) {
		extra, err := cglow.LoadExtra(path)
		if s := readRun(extra); err == nil && s.Key == key {
			return path, &s
		}
	}
	return "", nil
}

// run is the run as it was when the checkpoint was written.
func (s *savedRun) run(t *cglow.Trainer, path string) *run {
	return &run{
		trainer: t, key: s.Key, from: s.From, spent: time.Duration(s.Seconds * float64(time.Second)),
		result: &Result{Model: t.Model(), Trainer: t, Steps: t.Model().Trained() - s.From, Curve: s.curve(), Skipped: s.Skipped, Checkpoint: path},
	}
}

func (s *savedRun) curve() []float64 {
	out := make([]float64, len(s.Curve)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(s.Curve[8*i:]))
	}
	return out
}

// saved describes the run for its checkpoint.
func (r *run) saved() (json.RawMessage, error) {
	s := savedRun{Key: r.key, From: r.from, Curve: slices.Clone(r.before.Curve), Skipped: r.before.Skipped + r.result.Skipped,
		Seconds: r.before.Seconds + time.Since(r.began).Seconds()}
	for _, v := range r.result.Curve {
		s.Curve = binary.LittleEndian.AppendUint64(s.Curve, math.Float64bits(v))
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return text, nil
}
