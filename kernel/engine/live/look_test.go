package live

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"glownotes/kernel/core"
)

// lookState declares what the generated expressions look at.
const lookState = `
type num int8
type inner struct{ Z, w int }
type outer struct { inner; name string; xs []float64; next *outer; m map[string]int }
func (n num) String() string { return fmt.Sprintf("num(%d)", int(n)) }
var (
	i, j     = 7, -3
	u        uint16 = 65530
	b8       int8 = 127
	f, g     = 1.5, -0.1
	f32      float32 = 0.1
	s, e     = "text", ""
	t, no    = true, false
	n        num = 5
	o        = outer{inner{9, 8}, "o", []float64{0.5, 2}, nil, map[string]int{"k": 4}}
	p        = &outer{name: "p", next: &o}
	arr      = [3]string{"a", "b", "c"}
	ms       = map[int][]string{7: {"seven"}}
	any1     any = n
	err      error = errors.New("bad")
	nilp     *outer
)`

// atoms are expressions by their type.
var atoms = map[string][]string{
	"int":     {"i", "j", "o.Z", "o.w", "p.next.inner.Z", "o.m[\"k\"]", "o.m[\"none\"]", "len(s)", "len(arr)", "p.next.m[\"k\"]", "3", "-1"},
	"uint16":  {"u", "7", "65535"},
	"int8":    {"b8", "2", "-128"},
	"float64": {"f", "g", "o.xs[0]", "p.next.xs[len(e)+1]", "0.1", "3", "1e300"},
	"float32": {"f32", "0.3", "16777217"},
	"string":  {"s", "e", "o.name", "p.name", "arr[1]", "ms[7][0]", "ms[i][0]", "\"x\\n\\\"y\"", "`raw`"},
	"bool":    {"t", "no", "true"},
	"num":     {"n", "2", "any1.(num)"},
}

var operators = map[string][]string{
	"int": {"+", "-", "*", "&", "|", "^", "&^"}, "uint16": {"+", "-", "*", "&"}, "int8": {"+", "-", "*"},
	"float64": {"+", "-", "*", "/"}, "float32": {"+", "-", "*"}, "string": {"+"}, "bool": {"&&", "||"}, "num": {"+", "-"},
}

// expression makes a random expression of a type.
func expression(r *rand.Rand, typ string, depth int) string {
	pick := func(l []string) string { return l[r.IntN(len(l))] }
	if depth == 0 || r.IntN(3) == 0 {
		return pick(atoms[typ])
	}
	if typ == "bool" && r.IntN(2) == 0 {
		of := pick([]string{"int", "uint16", "float64", "string", "int8"})
		return "(" + expression(r, of, depth-1) + pick([]string{" < ", " == ", " >= ", " != "}) + expression(r, of, depth-1) + ")"
	}
	if typ == "bool" && r.IntN(4) == 0 {
		return "!" + expression(r, typ, 0)
	}
	return "(" + expression(r, typ, depth-1) + " " + pick(operators[typ]) + " " + expression(r, typ, depth-1) + ")"
}

// The short way must show what compiled code shows.
func TestLookEqualsCompiled(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, lookState)
	r := rand.New(rand.NewPCG(1, 2))
	exprs := []string{"i", "o", "p", "arr", "ms", "any1", "err", "nilp", "*p", "o.xs", "p.next", "(f)", "ms[8]", "-f", "+i", "s[1]", "n", "1 + 2", "math.Pi", "'a'", "\"c\"", "true", "1 << 3", "-0.0", "time.Second", "len(o.xs)"}
	for len(exprs) < 1500 {
		for _, typ := range []string{"int", "uint16", "int8", "float64", "float32", "string", "bool", "num"} {
			exprs = append(exprs, expression(r, typ, 3))
		}
	}
	exprs = valid(t, e, exprs)
	looked := map[string]string{}
	short := 0
	for _, x := range exprs {
		u, err := lookUnit(e, x)
		if err != nil {
			t.Fatalf("%s: %v", x, err)
		}
		if u.nodes == nil {
			continue
		}
		short++
		v, _ := execute(t, e, 2, x)
		looked[x] = v
	}
	if short < len(exprs)*9/10 {
		t.Errorf("only %d of %d expressions went the short way", short, len(exprs))
	}
	const batch = 250
	for len(exprs) > 0 {
		n := min(batch, len(exprs))
		var lines []string
		for _, x := range exprs[:n] {
			lines = append(lines, "{ x := any("+x+"); fmt.Print(display.Text(x), \"\\x1f\") }")
		}
		_, out := execute(t, e, 3, strings.Join(lines, "\n"))
		for k, want := range strings.Split(strings.TrimSuffix(out, "\x1f"), "\x1f") {
			if got, ok := looked[exprs[k]]; ok && got != want {
				t.Errorf("%s: %q, compiled %q", exprs[k], got, want)
			}
		}
		exprs = exprs[n:]
	}
}

// valid drops the expressions that the checker rejects, such as a constant
// that overflows.
func valid(t *testing.T, e *Engine, exprs []string) []string {
	var out []string
	for _, x := range exprs {
		if _, err := lookUnit(e, x); err == nil {
			out = append(out, x)
		}
	}
	if len(out) < len(exprs)/2 {
		t.Fatalf("%d of %d expressions are valid", len(out), len(exprs))
	}
	return out
}

// lookUnit analyses a cell up to the choice of the way.
func lookUnit(e *Engine, code string) (*unit, error) {
	u := newUnit(e.session(), e.packages(), 0, 2, code)
	if err := u.parse(); err != nil {
		return nil, err
	}
	u.readDecls()
	if err := u.parseText(); err != nil {
		return nil, err
	}
	u.markNames()
	if err := u.analyse(); err != nil {
		return nil, err
	}
	u.nodes, _ = u.look()
	return u, nil
}

func TestLookStatements(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "x := 1\nvar small int8 = 3\nfunc get() int { return x }\nvar zero int\nxs := []int{1}\nvar np *struct{ a int }")
	for i, s := range []step{
		{code: "x = 5"},
		{code: "x := 6\nx, small", value: "6 3"},
		{code: "get()", value: "6"},
		{code: "x;"},
		{code: "small = -128\n-small", value: "-128"},
		{code: "x / zero", err: "cell[7]:1: Panic: runtime error: integer divide by zero"},
		{code: "xs[x]", err: "cell[8]:1: Panic: runtime error: index out of range [6] with length 1"},
		{code: "np.a", err: "cell[9]:1: Panic: runtime error: invalid memory address or nil pointer dereference"},
		{code: "small = 300", err: "cell[10]:1:9: CompileError"},
		{code: "nosuch", err: "cell[11]:1:1: CompileError: undefined: nosuch"},
		{code: "x", value: "6"},
	} {
		checkStep(t, e, i+2, s)
	}
}

func BenchmarkLook(b *testing.B) {
	e, err := New(Options{ModuleRoot: "../../.."})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Execute(b.Context(), core.Cell{Code: "x := 41\nfmt.Println()", Number: 1}, new(output)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := e.Execute(b.Context(), core.Cell{Code: "x + 1", Number: 2}, new(output))
		if err != nil || r.Value.Text() != "42" {
			b.Fatal(fmt.Sprint(r, err))
		}
	}
}
