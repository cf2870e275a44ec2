package cglow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"glownotes/cglow/optim"
)

// weights returns the bits of all parameters.
func weights(m *Model) []float64 { return m.store.all() }

func sameBits(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: value %d: got %v, want %v", what, i, got[i], want[i])
		}
	}
}

// Ten steps are five, a save, a load and five, bit for bit, in both precisions,
// with a schedule, norm clipping and a running mean of the weights.
func TestResumeIsExact(t *testing.T) {
	for _, precision := range []string{"float32", "float64"} {
		t.Run(precision, func(t *testing.T) {
			c := small()
			c.Precision, c.XNoise = precision, 1./256
			o := optim.Defaults()
			o.LearnRate, o.ClipNorm, o.Schedule = 1e-2, 1, optim.Schedule{Kind: "cosine", Warmup: 3, Total: 10}
			begin := func() *Trainer {
				m := mustNew(t, c, 41)
				_, y := pictures(c, 8, 5)
				if err := m.StartActNorm(y); err != nil {
					t.Fatal(err)
				}
				tr, err := m.NewTrainer(TrainerOptions{Batch: 3, Optim: o, EMA: 0.9})
				if err != nil {
					t.Fatal(err)
				}
				return tr
			}
			whole := begin()
			bits := trainSteps(t, whole, 10)
			cut := begin()
			trainSteps(t, cut, 5)
			path := filepath.Join(t.TempDir(), "a.safetensors")
			if err := cut.Save(path, []byte(`{"note":"mine"}`)); err != nil {
				t.Fatal(err)
			}
			trainSteps(t, cut, 2) // what happens after the save does not matter
			again, extra, err := LoadTrainer(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(extra) != `{"note":"mine"}` {
				t.Errorf("extra state %s", extra)
			}
			sameBits(t, "losses", trainSteps(t, again, 5), bits[5:])
			sameBits(t, "weights", weights(again.m), weights(whole.m))
			sameBits(t, "running mean", again.ema, whole.ema)
			if again.m.Trained() != 10 {
				t.Errorf("trained %d steps, want 10", again.m.Trained())
			}
		})
	}
}

// The number of processors does not change a bit.
func TestProcessorsDoNotMatter(t *testing.T) {
	train := func(procs int) []float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		c := small()
		c.Precision = "float32"
		m := mustNew(t, c, 43)
		trainSteps(t, trainer(t, m, 3), 4)
		return weights(m)
	}
	want := train(1)
	for _, procs := range []int{2, 3} {
		sameBits(t, "weights", train(procs), want)
	}
}

func TestSaveAndLoadModel(t *testing.T) {
	c := variants()["learnt base"]
	m := mustNew(t, c, 45)
	trainSteps(t, trainer(t, m, 2), 2)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.cfg != m.cfg || got.seed != m.seed || got.started != m.started || got.trained != m.trained {
		t.Errorf("got %+v seed %d started %v trained %d", got.cfg, got.seed, got.started, got.trained)
	}
	sameBits(t, "weights", weights(got), weights(m))
	if _, _, err := LoadTrainer(path); err == nil {
		t.Error("LoadTrainer on a model: no error")
	}
	files, _ := os.ReadDir(filepath.Dir(path))
	if len(files) != 1 {
		t.Errorf("%d files in the folder, want 1", len(files))
	}
}

// A model that is not finite does not replace a good file.
func TestSaveRefusesNonFinite(t *testing.T) {
	m := mustNew(t, small(), 49)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	v, err := m.Parameter("l0.split.b")
	if err != nil {
		t.Fatal(err)
	}
	v[1] = math.Inf(1)
	if err := m.SetParameter("l0.split.b", v); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(path); !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "l0.split.b") {
		t.Errorf("got %v", err)
	}
	if _, err := Load(path); err != nil {
		t.Errorf("the file that was there: %v", err)
	}
}

// Every damaged file gives an error that names the file and the part.
func TestDamagedCheckpoints(t *testing.T) {
	c := small()
	c.Steps, c.Levels = 1, 1
	m := mustNew(t, c, 47)
	tr := trainer(t, m, 2)
	trainSteps(t, tr, 1)
	dir := t.TempDir()
	good := filepath.Join(dir, "good.safetensors")
	if err := tr.Save(good, nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	header := binary.LittleEndian.Uint64(b)
	replace := func(old, new string) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	damaged := []struct {
		name, field string
		content     []byte
	}{
		{"empty", "header", nil},
		{"short", "header", b[:5]},
		{"header cut", "header", b[:100]},
		{"data cut", "", b[:len(b)-8]},
		{"data longer", "data", append(append([]byte(nil), b...), 0)},
		{"foreign", "header", []byte("PK\x03\x04 this is a zip file, not a checkpoint at all")},
		{"other program", "format", replace("glownotes", "othernote")},
		{"unknown config field", "config", replace(`\"Levels\"`, `\"Levelz\"`)},
		{"bad config value", "config", replace(`\"Levels\":1`, `\"Levels\":7`)},
		{"unknown state field", "state", replace(`\"Seed\"`, `\"Sead\"`)},
		{"later version", "state", replace(`\"Version\":1`, `\"Version\":2`)},
		{"parameter missing", "l0.s0.act.conv0.w", replace(`"l0.s0.act.conv0.w"`, `"l0.s0.act.conv9.w"`)},
		{"shape", "l0.s0.nn.conv2.w", replace(`"l0.s0.nn.conv2.w":{"dtype":"F64","shape":[4,12,3,3]`, `"l0.s0.nn.conv2.w":{"dtype":"F64","shape":[12,4,3,3]`)},
		{"precision", "l0.s0.act.conv0.w", replace(`\"Precision\":\"float64\"`, `\"Precision\":\"float32\"`)},
		{"unknown tensor", "adam.q", replace(`"adam.m"`, `"adam.q"`)},
	}
	for _, d := range damaged {
		t.Run(d.name, func(t *testing.T) {
			path := filepath.Join(dir, "damaged.safetensors")
			if bytes.Equal(d.content, b) {
				t.Fatal("the damage changed nothing")
			}
			if err := os.WriteFile(path, d.content, 0o644); err != nil {
				t.Fatal(err)
			}
			_, _, err := LoadTrainer(path)
			var e *CheckpointError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a CheckpointError", err)
			}
			if e.File != path || !strings.Contains(e.Field, d.field) {
				t.Errorf("error about %q of %s, want %q: %v", e.Field, e.File, d.field, err)
			}
		})
	}
	t.Run("every cut", func(t *testing.T) {
		path := filepath.Join(dir, "cut.safetensors")
		for n := 0; n < len(b); n += 1 + int(header)/7 {
			if err := os.WriteFile(path, b[:n], 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(path); err == nil {
				t.Fatalf("cut to %d of %d bytes: no error", n, len(b))
			}
		}
	})
}
