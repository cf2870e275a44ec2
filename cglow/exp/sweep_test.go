package exp

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glownotes/cglow"
	"glownotes/cglow/data"
	"glownotes/cglow/train"
)

// noBaselines is a tiny experiment for sweeps.
func noBaselines() Config {
	c := tiny(Horses)
	c.Baselines, c.SearchPairs = nil, 0
	c.Model.Trunk, c.Model.FeatureOut, c.Model.CondPrior = 0, 0, false
	return c
}

func TestGrid(t *testing.T) {
	points, err := Grid(noBaselines(), Axis{"n_c", []string{"2", "4"}}, Axis{"form", []string{"live", "paper"}}, Axis{"seed", []string{"1", "2", "3"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(points) != 12 || points[0].Name != "n_c=2,form=live,seed=1" || points[11].Name != "n_c=4,form=paper,seed=3" {
		t.Fatalf("%d points, %s to %s", len(points), points[0].Name, points[len(points)-1].Name)
	}
	p := points[10].Config
	if p.Model.CondChannels != 4 || p.Model.Form != cglow.Paper || p.Seed != 2 || p.Predict.Seed != 2 {
		t.Errorf("%s: n_c %d, form %s, seed %d", points[10].Name, p.Model.CondChannels, p.Model.Form, p.Seed)
	}
	counts := map[int]int{}
	for k := 1; k <= 3; k++ {
		for i := range points {
			if (Shard{k, 3}).Has(i) {
				counts[i]++
			}
		}
	}
	for i := range points {
		if counts[i] != 1 {
			t.Errorf("point %d is in %d of 3 shards", i, counts[i])
		}
	}
	for _, bad := range []Axis{{"size_of_moon", []string{"1"}}, {"K", []string{"two"}}, {"K", []string{"0"}}, {"w", []string{"svd"}}, {"K", nil}, {"K", []string{"1", "1"}}} {
		if _, err := Grid(noBaselines(), bad); err == nil {
			t.Errorf("axis %v: no error", bad)
		}
	}
	for _, s := range []string{"", "0/2", "3/2", "1", "a/b"} {
		if _, err := ParseShard(s); err == nil {
			t.Errorf("shard %q: no error", s)
		}
	}
	if a, err := ParseAxis(" w = lu, cayley "); err != nil || a.Name != "w" || strings.Join(a.Values, "|") != "lu|cayley" {
		t.Errorf("axis: %v, %v", a, err)
	}
}

// TestSweep runs two shards of a grid, the first of which is stopped once, and
// gathers both.
func TestSweep(t *testing.T) {
	points, err := Grid(noBaselines(), Axis{"K", []string{"1", "2"}}, Axis{"seed", []string{"1", "2"}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	ran := map[string]bool{}
	some, err := Sweep(ctx, points, SweepOptions{Dir: dir, Shard: Shard{1, 2}, Report: func(p Point, done, all int, pr Progress) {
		if ran[p.Name] = true; done == 1 && !pr.Done {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || len(some) != 1 {
		t.Fatalf("%d records, error %v; want 1 and context.Canceled", len(some), err)
	}
	for _, i := range []int{2, 1} {
		clear(ran)
		all, err := Sweep(context.Background(), points, SweepOptions{Dir: dir, Shard: Shard{i, 2}, Report: func(p Point, done, all int, pr Progress) {
			if !pr.Done {
				ran[p.Name] = true
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if want := 3 + (2 - i); len(all) != want {
			t.Errorf("after shard %d: %d records, want %d", i, len(all), want)
		}
	}
	if ran["K=1,seed=1"] {
		t.Error("a point that was done ran again")
	}
	records, err := Gather(points, dir)
	if err != nil || len(records) != 4 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if v, err := records[3].Value("bits/dim"); err != nil || v == 0 || records[3].Setting("K") != "2" {
		t.Errorf("bits/dim %v, K %s, %v", v, records[3].Setting("K"), err)
	}
	if n := len(RecordTable("all", records).Rows); n != 4 {
		t.Errorf("%d rows", n)
	}
	other := points[0]
	other.Config.Model.CouplingWidth++
	if _, err := Gather([]Point{other}, dir); err == nil {
		t.Error("a record of another configuration was taken")
	}
	if _, err := os.Stat(filepath.Join(dir, points[0].Name, "result.json")); err != nil {
		t.Error(err)
	}
}

// TestLiveness checks the known fact that the published start leaves the
// actnorm and 1x1 networks without a gradient, and the live one does not.
func TestLiveness(t *testing.T) {
	d, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	c := noBaselines().Model
	run := train.Defaults(5)
	live, err := MeasureLiveness(context.Background(), c, d, run, 1)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := MeasureLiveness(context.Background(), cglow.Published(c), d, run, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // actnorm and 1x1
		a, b := live.Parts[i], dead.Parts[i]
		if float64(a.Moved) < .5*float64(a.Weights) {
			t.Errorf("live form, %s: %d of %d weights moved", a.Part, a.Moved, a.Weights)
		}
		if float64(b.Moved) > .2*float64(b.Weights) {
			t.Errorf("published form, %s: %d of %d weights moved", b.Part, b.Moved, b.Weights)
		}
	}
	if dead.Spread != 0 || live.Spread == 0 {
		t.Errorf("spread of W: published %g, live %g; want 0 and more", dead.Spread, live.Spread)
	}
	if s := LivenessTable(live, dead).String(); !strings.Contains(s, "paper form: actnorm's networks on x") {
		t.Errorf("table:\n%s", s)
	}
}
