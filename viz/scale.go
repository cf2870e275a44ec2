package viz

import (
	"math"
	"strconv"
	"strings"
)

// scale maps numbers to [0,1].
type scale struct {
	lo, hi float64
	log    bool
}

// at returns the place of v, outside [0,1] when v is outside the scale; NaN when
// it has none.
func (s scale) at(v float64) float64 {
	if s.log {
		if v <= 0 {
			return math.NaN()
		}
		return math.Log(v/s.lo) / math.Log(s.hi/s.lo)
	}
	return (v - s.lo) / (s.hi - s.lo)
}

// spanOf returns the scale that holds all values; numbers that have no place on
// it are left out. Without any it is [0,1], or [1,10] when logarithmic.
func spanOf(log bool, values ...[]float64) scale {
	s := scale{lo: math.Inf(1), hi: math.Inf(-1), log: log}
	for _, vs := range values {
		for _, v := range vs {
			if math.IsNaN(v) || math.IsInf(v, 0) || log && v <= 0 {
				continue
			}
			s.lo, s.hi = min(s.lo, v), max(s.hi, v)
		}
	}
	switch {
	case s.lo > s.hi && log:
		s.lo, s.hi = 1, 10
	case s.lo > s.hi:
		s.lo, s.hi = 0, 1
	case s.lo == s.hi && log:
		s.lo, s.hi = s.lo/2, s.hi*2
	case s.lo == s.hi:
		d := max(.5, math.Abs(s.lo)*.1)
		s.lo, s.hi = s.lo-d, s.hi+d
	}
	return s
}

// padded returns the scale widened by a part of its length at both ends.
func (s scale) padded(by float64) scale {
	if s.log {
		k := math.Pow(s.hi/s.lo, by)
		s.lo, s.hi = s.lo/k, s.hi*k
		return s
	}
	d := (s.hi - s.lo) * by
	s.lo, s.hi = s.lo-d, s.hi+d
	return s
}

// tick is a marked value; one without a label is minor.
type tick struct {
	v     float64
	label string
}

// ticks returns about n labelled values on the scale: multiples of 1, 2, 2.5 or
// 5 times a power of ten, or powers of ten on a logarithmic scale.
func (s scale) ticks(n int) []tick {
	if s.log && s.hi/s.lo >= 10 {
		return s.logTicks(n)
	}
	raw := (s.hi - s.lo) / float64(max(1, n))
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * power
	for _, k := range []float64{1, 2, 2.5, 5} {
		if k*power >= raw*.999 {
			step = k * power
			break
		}
	}
	var values []float64
	for k := math.Ceil(s.lo/step - 1e-9); k*step <= s.hi+1e-9*step; k++ {
		values = append(values, k*step)
	}
	var out []tick
	for _, v := range values {
		out = append(out, tick{v, number(v, step, max(math.Abs(s.lo), math.Abs(s.hi)))})
	}
	return out
}

// logTicks labels powers of ten, every one of them or every k-th, with 2 and 5
// between when there are few.
func (s scale) logTicks(n int) []tick {
	first, last := math.Ceil(math.Log10(s.lo)-1e-9), math.Floor(math.Log10(s.hi)+1e-9)
	every := max(1, math.Ceil((last-first+1)/float64(max(1, n))))
	few := last-first+1 <= 2 || (last-first+1)*3 <= float64(n)
	var out []tick
	for e := first - 1; e <= last; e++ {
		for m := 1.; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < s.lo*(1-1e-9) || v > s.hi*(1+1e-9) {
				continue
			}
			switch {
			case m == 1 && math.Mod(e-first, every) == 0 || few && (m == 2 || m == 5):
				out = append(out, tick{v, logLabel(v, last-first)})
			case m == 1 || last-first <= 4:
				out = append(out, tick{v: v})
			}
		}
	}
	return out
}

// logLabel writes a mark of a logarithmic scale of so many decades: all as
// powers of ten when there are many.
func logLabel(v, decades float64) string {
	if decades > 5 && v != 1 {
		return power(strconv.FormatFloat(v, 'e', 0, 64))
	}
	return number(v, v, v)
}

// number writes v, a multiple of step on a scale whose largest value is most:
// with no more decimals than step has, thousands as k and millions as M, and
// powers of ten as 10 to the n when it is very large or small.
func number(v, step, most float64) string {
	if v == 0 {
		return "0"
	}
	if most >= 1e9 || most < 1e-3 {
		m, e, _ := strings.Cut(strconv.FormatFloat(v, 'e', 2, 64), "e")
		s := strings.TrimRight(strings.TrimRight(m, "0"), ".") + "e" + e
		return minus(power(s))
	}
	unit, suffix := 1., ""
	switch {
	case most >= 1e6:
		unit, suffix = 1e6, "M"
	case most >= 1e4:
		unit, suffix = 1e3, "k"
	}
	decimals := 0
	for d := step / unit; decimals < 8 && math.Abs(d-math.Round(d)) > 1e-6*d; decimals++ {
		d *= 10
	}
	return minus(strconv.FormatFloat(v/unit, 'f', decimals, 64) + suffix)
}

// power rewrites 2e+06 as 2·10⁶.
func power(s string) string {
	m, e, ok := strings.Cut(s, "e")
	if !ok {
		return s
	}
	n, _ := strconv.Atoi(e)
	up := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴",
		"5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").Replace(strconv.Itoa(n))
	if m == "1" {
		return "10" + up
	}
	return m + "·10" + up
}

// minus writes the sign as the minus of mathematics.
func minus(s string) string {
	if strings.HasPrefix(s, "-") {
		return "−" + s[1:]
	}
	return s
}

// short writes a measured value with three significant figures.
func short(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "–"
	case v == 0:
		return "0"
	case math.IsInf(v, 0):
		return minus(strings.TrimPrefix(strconv.FormatFloat(v, 'f', -1, 64), "+"))
	case a >= 1e6:
		return minus(trimmed(v/1e6)) + "M"
	case a >= 1e4:
		return minus(trimmed(v/1e3)) + "k"
	case a < 1e-3:
		return minus(power(strconv.FormatFloat(v, 'e', 1, 64)))
	}
	return minus(trimmed(v))
}

// round writes a value with at most three significant figures.
func round(v float64) string {
	s := short(v)
	if strings.Contains(s, ".") && !strings.ContainsAny(s, "·kM") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// trimmed writes three significant figures.
func trimmed(v float64) string {
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return strconv.FormatFloat(v, 'f', max(0, digits), 64)
}
