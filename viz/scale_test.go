package viz

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func labels(ticks []tick) string {
	var out []string
	for _, t := range ticks {
		if t.label != "" {
			out = append(out, t.label)
		}
	}
	return strings.Join(out, " ")
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		s    scale
		n    int
		want string
	}{
		{scale{lo: 0, hi: 1}, 5, "0 0.2 0.4 0.6 0.8 1.0"},
		{scale{lo: -1, hi: 1}, 4, "−1.0 −0.5 0 0.5 1.0"},
		{scale{lo: 3.1, hi: 7.9}, 5, "4 5 6 7"},
		{scale{lo: 0, hi: 10}, 4, "0 2.5 5.0 7.5 10.0"},
		{scale{lo: 0, hi: 50000}, 5, "0 10k 20k 30k 40k 50k"},
		{scale{lo: 0, hi: 2.5e6}, 5, "0 0.5M 1.0M 1.5M 2.0M 2.5M"},
		{scale{lo: 0, hi: 4e-5}, 4, "0 10⁻⁵ 2·10⁻⁵ 3·10⁻⁵ 4·10⁻⁵"},
		{scale{lo: 1.40, hi: 1.46}, 3, "1.40 1.42 1.44 1.46"},
		{scale{lo: 1, hi: 1000, log: true}, 6, "1 10 100 1000"},
		{scale{lo: 8, hi: 150, log: true}, 6, "10 20 50 100"},
		{scale{lo: 1e-6, hi: 1e3, log: true}, 4, "10⁻⁶ 10⁻³ 1 10³"},
		{scale{lo: 2, hi: 5, log: true}, 3, "2 3 4 5"},
	} {
		t.Run(fmt.Sprintf("%v..%v", c.s.lo, c.s.hi), func(t *testing.T) {
			if got := labels(c.s.ticks(c.n)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for _, k := range c.s.ticks(c.n) {
				if f := c.s.at(k.v); f < -1e-9 || f > 1+1e-9 {
					t.Errorf("tick %v lies at %v of the scale", k.v, f)
				}
			}
		})
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", .8123: "0.812", 12.345: "12.3", -3.14159: "−3.14", 812.4: "812", 12345: "12.3k", 2.5e6: "2.50M",
		.00012: "1.2·10⁻⁴", math.Inf(1): "Inf", math.NaN(): "–",
	} {
		if got := short(v); got != want && !math.IsNaN(v) {
			t.Errorf("short(%v): got %q, want %q", v, got, want)
		}
	}
	if got := short(math.NaN()); got != "–" {
		t.Errorf("short(NaN): got %q", got)
	}
	for v, want := range map[float64]string{.5: "0.5", 12: "12", 100: "100", .021: "0.021"} {
		if got := round(v); got != want {
			t.Errorf("round(%v): got %q, want %q", v, got, want)
		}
	}
}

func TestSpanOf(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name   string
		log    bool
		values []float64
		lo, hi float64
	}{
		{"leaves out what has no place", false, []float64{2, nan, inf, -3}, -3, 2},
		{"logarithmic leaves out zero", true, []float64{0, -1, 5, 20}, 5, 20},
		{"nothing", false, []float64{nan}, 0, 1},
		{"nothing, logarithmic", true, []float64{-1}, 1, 10},
		{"one number", false, []float64{20, 20}, 18, 22},
		{"zeros", false, []float64{0, 0}, -.5, .5},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := spanOf(c.log, c.values); got.lo != c.lo || got.hi != c.hi {
				t.Errorf("got %v to %v, want %v to %v", got.lo, got.hi, c.lo, c.hi)
			}
		})
	}
}

func TestRunningMean(t *testing.T) {
	got := RunningMean([]float64{1, 3, 5, math.NaN(), 9}, 3)
	if want := []float64{1, 2, 3, 4, 7}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := RunningMean([]float64{math.NaN(), 2}, 1); !math.IsNaN(got[0]) || got[1] != 2 {
		t.Errorf("got %v, want [NaN 2]", got)
	}
}

func TestFitted(t *testing.T) {
	for _, c := range []struct {
		text  string
		width float64
		want  string
	}{
		{"short", 200, "short"},
		{"a long name", textWidth("a long…", 12, false) + .1, "a long…"},
		{"a long name", textWidth("a …", 12, false) + .1, "a…"},
		{"anything", 0, "…"},
	} {
		if got := fitted(c.text, 12, false, c.width); got != c.want {
			t.Errorf("%q in %.1f: got %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestInTwo(t *testing.T) {
	for _, c := range []struct {
		text  string
		width float64
		want  []string
	}{
		{"short", 200, []string{"short"}},
		{"a long name", textWidth("a long", 12, false) + .1, []string{"a long", "name"}},
		{"a long name of something", textWidth("a long nam", 12, false) + .1, []string{"a long", "name of…"}},
		{"one two three four", textWidth("one two three", 12, false), []string{"one two", "three four"}},
		{"indivisible", textWidth("indiv…", 12, false) + .1, []string{"indiv…"}},
	} {
		if got := inTwo(c.text, 12, false, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %.1f: got %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestTextWidth(t *testing.T) {
	// Advances of Liberation Sans in 1/2048 of the size: A 1366, V 1366, kerned
	// by -152; figures 1139.
	for text, want := range map[string]float64{"": 0, "A": 1366, "AV": 1366*2 - 152, "10": 2 * 1139, "10⁻³": 2*1139 + .66*(1196+1139)} {
		if got := textWidth(text, 2048, false); math.Abs(got-want) > 1 {
			t.Errorf("%q: got %.1f, want %.1f", text, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		name string
		pts  []point
		want string
	}{
		{"inside", []point{{1, 1}, {2, 3}, {4, 4}}, "[[{1 1} {2 3} {4 4}]]"},
		{"outside", []point{{-5, 2}, {-1, 3}}, "[]"},
		{"leaves", []point{{5, 5}, {15, 5}}, "[[{5 5} {10 5}]]"},
		{"crosses", []point{{-10, 5}, {20, 5}}, "[[{0 5} {10 5}]]"},
		{"leaves and comes back", []point{{5, 5}, {5, 15}, {8, 15}, {8, 5}}, "[[{5 5} {5 10}] [{8 10} {8 5}]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fmt.Sprint(clip(c.pts, 0, 0, 10, 10)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestThinKeepsExtremes(t *testing.T) {
	var pts []point
	for i := range 100000 {
		pts = append(pts, point{float64(i) / 200, math.Sin(float64(i))})
	}
	pts[31234].y, pts[77777].y = 50, -70
	got := thin(pts)
	if len(got) > 4*1001 {
		t.Errorf("%d points are left of 100000 on 500 pixels", len(got))
	}
	if got[0] != pts[0] || got[len(got)-1] != pts[len(pts)-1] || !slices.Contains(got, pts[31234]) || !slices.Contains(got, pts[77777]) {
		t.Error("the first, last, highest or lowest point is lost")
	}
	if !slices.IsSortedFunc(got, func(a, b point) int { return int(math.Copysign(1, a.x-b.x)) }) {
		t.Error("the order is lost")
	}
}

func TestRampsAreEven(t *testing.T) {
	last := -1.
	for i := range 101 {
		l := lightness(Sequential()(float64(i) / 100))
		if l < last-1e-3 {
			t.Errorf("sequential: darker at %d %% than before", i)
		}
		last = max(last, l)
	}
	d := Diverging()
	for i := range 50 {
		a, b := lightness(d(.5-float64(i)/100)), lightness(d(.5+float64(i)/100))
		if math.Abs(a-b) > .12 {
			t.Errorf("diverging: %d %% from the middle %.3f against %.3f", i, a, b)
		}
	}
	for name, r := range map[string]Ramp{"sequential": Sequential(), "diverging": d, "gray": Gray()} {
		if r(math.NaN()).A != 0 || r(-3) != r(0) || r(7) != r(1) || r(0).A != 255 {
			t.Errorf("%s: NaN must be transparent and other values clipped", name)
		}
	}
}
