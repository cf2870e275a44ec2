package live

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/hostwire"
)

// looks is how many expressions are compared with compiled code. With 100000
// the comparison takes minutes: go test -run LookEquals -looks 100000
var looks = flag.Int("looks", 2000, "expressions that the short way and compiled code must agree on")

// lookState declares what the generated expressions look at.
const lookState = `
type num int8
type ratio float64
type word string
type row []int
type inner struct{ Z, w int }
type outer struct { inner; name string; xs []float64; next *outer; m map[string]int; k num; grid [2][3]int; any any }
func (n num) String() string { return fmt.Sprintf("num(%d)", int(n)) }
func (r ratio) String() string { return fmt.Sprintf("ratio(%g)", float64(r)) }
var (
	i, j, zero = 7, -3, 0
	i8, lo8  int8 = 127, -128
	i16      int16 = -300
	i32      int32 = 70000
	i64, lo64 int64 = 1<<62 + 12345, -1 << 63
	u        uint = 9
	u8       uint8 = 250
	u16      uint16 = 65530
	u32      uint32 = 1 << 31
	u64      uint64 = 1<<63 + 1025
	up       uintptr = 77
	f, g     = 1.5, -0.1
	big, nan = 1e300, math.NaN()
	inf      = math.Inf(-1)
	f32, h32 float32 = 0.1, 16777216
	s, e     = "text", ""
	uni      = "añ€😀"
	t, no    = true, false
	n, m8    num = 5, -128
	q        ratio = 0.25
	wd       word = "word"
	o        = outer{inner{9, 8}, "o", []float64{0.5, 2}, nil, map[string]int{"k": 4}, 3, [2][3]int{{1, 2, 3}, {4, 5, 6}}, 3}
	p        = &outer{name: "p", next: &o}
	pp       = &p
	arr      = [3]string{"a", "b", "c"}
	parr     = &arr
	ints     = row{4, 5, 6, 7}
	bytes8   = []byte("bytes")
	ms       = map[int][]string{7: {"seven", "sept"}}
	mf       = map[float64]bool{1.5: true}
	ps       = []*outer{nil, p}
	structs  = []inner{{1, 2}, {3, 4}}
	any1, any2 any = n, nil
	err, noerr error = errors.New("bad"), nil
	nilp     *outer
	nilmap   map[string]int
	nils     []int
	nilf     func()
	ch       = make(chan int, 5)
)
ch <- 1
`

// A grammar makes random expressions that the state above can evaluate, some of
// them with a panic and some of them wrong.
type grammar struct{ *rand.Rand }

func (r grammar) pick(l ...string) string { return l[r.IntN(len(l))] }

// basics are the basic types of numbers.
var basics = []string{"int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr", "float32", "float64", "byte", "rune"}

// atoms are expressions by their type.
var atoms = map[string][]string{
	"int": {"i", "j", "zero", "o.Z", "o.w", "p.next.inner.Z", `o.m["k"]`, `o.m["none"]`, `nilmap["x"]`, "len(s)", "len(uni)", "len(arr)", "len(parr)", `p.next.m["k"]`,
		"ints[2]", "ints[i-5]", "ints[i]", "o.grid[1][2]", "(*p.next).Z", "(*pp).next.w", "nilp.Z", "len(ms)", "len(ch)", "cap(ch)", "len(nils)", "structs[1].w", "3", "-1", "1<<40", "'x'", "2.0", "int(2)"},
	"int8":    {"i8", "lo8", "2", "-128", "int8(3)"},
	"int16":   {"i16", "1000", "-1"},
	"int32":   {"i32", "'a'", "7"},
	"rune":    {"i32", "'€'"},
	"int64":   {"i64", "lo64", "1<<40", "-1"},
	"uint":    {"u", "3"},
	"uint8":   {"u8", "s[1]", "uni[i-5]", "bytes8[0]", "s[9]", "255", "'z'"},
	"byte":    {"u8", "e[0]"},
	"uint16":  {"u16", "65535", "7"},
	"uint32":  {"u32", "1"},
	"uint64":  {"u64", "1<<63", "3"},
	"uintptr": {"up", "1"},
	"float64": {"f", "g", "big", "nan", "inf", "o.xs[0]", "p.next.xs[len(e)+1]", "o.xs[zero-1]", "0.1", "3", "1e300", "-0.0", "math.Pi", "'a'"},
	"float32": {"f32", "h32", "0.3", "16777217", "1e-46"},
	"string":  {"s", "e", "uni", "o.name", "p.name", "arr[1]", "parr[2]", "arr[i]", "ms[7][0]", "ms[i][1]", "ms[8][0]", `"x\n\"y"`, "`raw`", `"é"`},
	"bool":    {"t", "no", "mf[1.5]", "mf[f]", "mf[g]", "true", "false"},
	"num":     {"n", "m8", "o.k", "nilp.k", "2", "num(4)"},
	"ratio":   {"q", "0.5", "ratio(2)"},
	"word":    {"wd", `"const"`},
}

// others are expressions that are looked at, and not reckoned with.
var others = []string{"o", "p", "*p", "**pp", "nilp", "*nilp", "p.next", "nilp.next", "arr", "parr", "*parr", "ms", "ms[7]", "ms[8]", "nilmap", "nils", "nilf == nil", "ch", "any1", "any2", "o.any", "err", "noerr",
	"o.xs", "o.inner", "o.grid", "o.grid[0]", "o.m", "ps[1]", "ps[0]", "ps[0].Z", "ps[1].next.name", "structs", "structs[0]", "structs[1:]", "ints", "mf", "uni", "time.Second", "math.MaxInt64", "nil",
	"1 << 3", "1 << 70", "1e1000", "'a'", "\"c\" + `d`", "1 / 3.0", "7 / 2", "-7 % 3", "1 / 0", "i8 + 200", "u8 * -1", "s + 1", "i + f", "o == o", "!i", "-s", "any1 == 3", "any1 == n", "err == noerr", "p == nilp", "&i", "i + j;"}

func (r grammar) expr(typ string, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		return r.pick(atoms[typ]...)
	}
	sub := func(t string) string { return r.expr(t, depth-1) }
	switch typ {
	case "bool":
		return r.boolean(depth)
	case "string":
		return r.pick("("+sub(typ)+" + "+sub(typ)+")", sub(typ)+r.bounds(depth), "string(wd)", "string("+sub("word")+")")
	case "word":
		return "(" + sub(typ) + " + " + sub(typ) + ")"
	}
	floats := strings.HasPrefix(typ, "float") || typ == "ratio"
	ops := []string{"+", "-", "*", "/"}
	if !floats {
		ops = append(ops, "%", "&", "|", "^", "&^")
	}
	binary := "(" + sub(typ) + " " + r.pick(ops...) + " " + sub(typ) + ")"
	unary := r.pick("-", "+", "-") + "(" + sub(typ) + ")"
	switch k := r.IntN(10); {
	case k < 5:
		return binary
	case k == 5:
		return unary
	case k == 6 && !floats:
		return "^(" + sub(typ) + ")"
	case k == 7 && !floats:
		return "(" + sub(typ) + r.pick(" << ", " >> ") + r.pick("1", "3", "63", "64", "70", "u", "u8", "i", "j", "zero", "(u & 7)") + ")"
	case typ != "num" && typ != "ratio":
		return typ + "(" + sub(r.pick(append(basics, "num", "ratio")...)) + ")"
	}
	return binary
}

func (r grammar) boolean(depth int) string {
	switch r.IntN(5) {
	case 0:
		return "!" + r.expr("bool", depth-1)
	case 1:
		return "(" + r.expr("bool", depth-1) + r.pick(" && ", " || ", " == ", " != ") + r.expr("bool", depth-1) + ")"
	case 2:
		x := r.pick("p", "nilp", "o.next", "p.next", "ps[0]", "ps[i]", "err", "noerr", "any1", "any2", "ms", "ms[7]", "ms[8]", "nilmap", "nils", "ints", "nilf", "ch", "nilp.next", "o.any")
		return r.pick("("+x+r.pick(" == ", " != ")+"nil)", "(nil == "+x+")")
	}
	of := r.pick(append(basics, "string", "num", "ratio", "word")...)
	return "(" + r.expr(of, depth-1) + r.pick(" < ", " <= ", " > ", " >= ", " == ", " != ") + r.expr(of, depth-1) + ")"
}

// bounds are those of a slice expression.
func (r grammar) bounds(depth int) string {
	at := func() string {
		return r.pick("", "0", "1", "2", "zero", "i-5", "len(e)", r.expr("int", min(depth-1, 1)))
	}
	return "[" + at() + ":" + at() + "]"
}

// any makes an expression of any kind.
func (r grammar) any() string {
	switch r.IntN(12) {
	case 0:
		return r.pick(others...)
	case 1:
		x := r.pick("s", "uni", "wd", "ints", "o.xs", "arr", "parr", "nils", "bytes8", "ms[7]", "structs", "o.grid[1]", "p.xs", "p.next.xs")
		if r.IntN(6) == 0 {
			return x + "[0:1:" + r.pick("1", "2", "3", "i") + "]"
		}
		return r.pick(x+r.bounds(1), "len("+x+r.bounds(1)+")", "cap("+x+"[1:])")
	case 2:
		return r.boolean(3)
	}
	types := append([]string{"string", "num", "ratio", "word"}, basics...)
	return r.expr(r.pick(types...), 3)
}

// lookShow defines what shows an expression as the end of a cell does, with
// its type, or its panic.
const lookShow = `func lookShow(f func() any) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Print("panic: ", r, "\x1f")
		}
	}()
	v, typ := f(), ""
	for _, x := range []any{v, reflect.TypeOf(v)} {
		b := display.Of(x)
		if !b.Plain() {
			fmt.Print("[show ", b.Text(), "]")
			continue
		}
		typ += " " + b.Text()
	}
	typ = string([]rune(typ)) // as messages have bytes that are no UTF-8
	fmt.Print("=>", typ, "\x1f")
}`

// The short way must show what compiled code shows: value, type and display,
// or leave the cell to the compiler.
func TestLookEqualsCompiled(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, lookState)
	execute(t, e, 2, lookShow)
	r := grammar{rand.New(rand.NewPCG(1, uint64(*looks)))}
	var valid, invalid []string
	for made := map[string]bool{}; len(valid) < *looks; {
		x := r.any()
		if len(valid) < len(others) {
			x = others[len(made)%len(others)]
		}
		if made[x] && len(made) > 2*len(others) {
			continue
		}
		made[x] = true
		if _, err := lookUnit(e, "any("+x+")", 0); err != nil {
			invalid = append(invalid, x)
		} else {
			valid = append(valid, x)
		}
		if len(invalid) > 3**looks+500 {
			t.Fatalf("%d of %d expressions are valid", len(valid), len(valid)+len(invalid))
		}
	}
	short, panics := 0, []string{}
	const batch = 500
	for at := 0; at < len(valid); at += batch {
		part := valid[at:min(at+batch, len(valid))]
		var lines []string
		for _, x := range part {
			lines = append(lines, "lookShow(func() any { return "+x+" })")
		}
		_, out := execute(t, e, 3, strings.Join(lines, "\n"))
		for k, want := range strings.Split(strings.TrimSuffix(out, "\x1f"), "\x1f") {
			got, ok := looked(t, e, part[k])
			if ok {
				short++
			}
			if strings.HasPrefix(want, "panic: ") {
				panics = append(panics, part[k]+"\x1f"+strings.TrimPrefix(want, "panic: "))
			}
			if ok && got != want {
				t.Errorf("%s: %q, compiled %q", part[k], got, want)
			}
		}
	}
	t.Logf("%d expressions, %d the short way, %d panic, %d more are invalid", len(valid), short, len(panics), len(invalid))
	if answered := len(valid) - len(panics); short < answered*8/10 {
		t.Errorf("only %d of %d expressions went the short way", short, answered)
	}
	lookFailures(t, e, panics, invalid)
}

// A constant that is assigned the short way is the value that compiled code
// assigns; a constant that does not fit is the same error.
func TestLookAssigns(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, lookState)
	execute(t, e, 2, lookShow)
	constants := []string{"0", "1", "-1", "2.0", "127", "-128", "128", "255", "65535", "1 << 31", "1 << 62", "1<<64 - 1", "1 << 64", "-1 << 63", "0.1", "0.5", "-0.0", "1e300", "1e-46", "3.4e38", "3.5e38",
		"16777217", "1e400", "1.0 / 3", "'a'", "'€'", "math.Pi", "math.MaxUint32", "\"x\" + `y`", "\"\\xff\"", "true", "!true", "3 > 2", "num(3)", "ratio(0.5)", "word(\"w\")", "int8(3)", "float32(0.1)", "nil"}
	var valid [][2]string
	for _, v := range []string{"i", "i8", "i16", "i32", "i64", "u", "u8", "u16", "u32", "u64", "up", "f", "f32", "s", "t", "n", "q", "wd", "any1"} {
		for _, c := range constants {
			if u, err := lookUnit(e, v+" = "+c, 0); err == nil && u.nodes != nil {
				valid = append(valid, [2]string{v, c})
			}
		}
	}
	if len(valid) < 200 {
		t.Errorf("only %d assignments go the short way", len(valid))
	}
	var lines []string
	for _, a := range valid {
		lines = append(lines, "lookShow(func() any { x := "+a[0]+"; x = "+a[1]+"; return x })")
	}
	_, out := execute(t, e, 3, strings.Join(lines, "\n"))
	for k, want := range strings.Split(strings.TrimSuffix(out, "\x1f"), "\x1f") {
		a := valid[k]
		if _, ok := looked(t, e, a[0]+" = "+a[1]+"\n"+a[0]); !ok {
			t.Errorf("%s = %s was left to the compiler", a[0], a[1])
			continue
		}
		if got, _ := looked(t, e, a[0]); got != want {
			t.Errorf("%s = %s: %q, compiled %q", a[0], a[1], got, want)
		}
	}
}

// lookFailures compares whole cells that fail: what the short way leaves to the
// compiler ends as if there was no short way.
func lookFailures(t *testing.T, e *Engine, panics, invalid []string) {
	t.Helper()
	const most = 12
	for _, x := range panics[:min(most, len(panics))] {
		x, want, _ := strings.Cut(x, "\x1f")
		if ce, _ := fails(t, t.Context(), e, 4, x); ce.Name != "Panic" || ce.Message != want || ce.Line != 1 {
			t.Errorf("%s: %v, compiled code panics with %q", x, ce, want)
		}
	}
	compiled := e.opts
	compiled.AlwaysCompile = true
	for _, x := range invalid[:min(4*most, len(invalid))] {
		if strings.HasSuffix(x, ";") || x == "nil" {
			continue // valid as a cell
		}
		_, short := e.Execute(t.Context(), core.Cell{Code: x, Number: 5}, new(output))
		old := e.opts
		e.opts = compiled
		_, long := e.Execute(t.Context(), core.Cell{Code: x, Number: 5}, new(output))
		e.opts = old
		if fmt.Sprint(short) != fmt.Sprint(long) {
			t.Errorf("%s: %v, compiled %v", x, short, long)
		}
	}
}

// looked carries out a cell the short way, and reports false if it has to be
// compiled.
func looked(t *testing.T, e *Engine, x string) (string, bool) {
	t.Helper()
	e.serial++
	code := x
	if !strings.Contains(x, " = ") {
		code += ", reflect.TypeOf(" + x + ")"
	}
	u, err := lookUnit(e, code, e.serial)
	if err != nil {
		return "", false // the type of nil
	}
	if u.nodes == nil {
		return "", false
	}
	out := new(output)
	r := &cellRun{Engine: e, cell: core.Cell{Code: code, Number: 2}, serial: e.serial, out: out, note: newProgressNote(out), host: e.process()}
	res, err := r.run(t.Context(), u, hostwire.Frame{Kind: hostwire.Look, Nodes: u.nodes}, nil)
	if errors.Is(err, errMustCompile) {
		return "", false
	}
	if err != nil {
		t.Fatalf("%s: %v", x, err)
	}
	text := ""
	if res.Value != nil {
		text = " " + res.Value.Text()
	}
	return out.String() + "=>" + text, true
}

// lookUnit analyses a cell up to the choice of the way.
func lookUnit(e *Engine, code string, serial int) (*unit, error) {
	u := newUnit(e.session(), e.packages(), serial, 2, code)
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
