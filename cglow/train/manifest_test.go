package train

import (
	"strings"
	"testing"
	"time"

	"glownotes/cglow"
)

func TestManifest(t *testing.T) {
	cfg := cglow.Horses32()
	cfg.Levels, cfg.Steps, cfg.CouplingWidth, cfg.CondWidth, cfg.CondChannels = 1, 1, 2, 2, 2
	m, err := cglow.New(cfg, 5)
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{Model: m, Steps: 12, Elapsed: 3 * time.Second}
	a, err := NewManifest(r, Defaults(12), "drawn")
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewManifest(r, Defaults(13), "drawn")
	if err != nil {
		t.Fatal(err)
	}
	if a.Config == b.Config || len(a.Config) != 12 {
		t.Errorf("configurations %q and %q: want two different hashes", a.Config, b.Config)
	}
	for _, want := range []string{"seed           5", "data           drawn", "steps          12", "training       3.0 s", "cores"} {
		if !strings.Contains(a.String(), want) {
			t.Errorf("no %q in\n%s", want, a)
		}
	}
	if !strings.Contains(a.Markdown(), "| seed | 5 |") {
		t.Errorf("table\n%s", a.Markdown())
	}
}
