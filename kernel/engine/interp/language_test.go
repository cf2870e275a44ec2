package interp

import "testing"

// TestLanguage runs small notebooks; cells are separated by lines of "---",
// and the value of the last one is compared.
func TestLanguage(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"sum", "1 + 2", "3"},
		{"keep", "x := 41\n---\nx++\n---\nx", "42"},
		{"string", `"a" + "b"`, "ab"},
		{"two values on one line", "1, \"b\"", "1 b"},
		{"function", "func f(x int) int { return 2 * x }\nf(21)", "42"},
		{"functions in any order", "a := f(1)\nfunc f(x int) int { return g(x) + 1 }\nfunc g(x int) int { return 10 * x }\na", "11"},
		{"mutual recursion", "func even(n int) bool { if n == 0 { return true }; return odd(n - 1) }\nfunc odd(n int) bool { if n == 0 { return false }; return even(n - 1) }\neven(10)", "true"},
		{"function uses a variable below", "func show() int { return n }\nn := 7\nshow()", "7"},
		{"local names do not reorder", "func f() int { x := 5; return x }\nr := f()\nx := 1\nr + x", "6"},
		{"struct and method", "type P struct { x, y int }\nfunc (p P) Sum() int { return p.x + p.y }\nP{1, 2}.Sum()", "3"},
		{"method before the type", "func (p *Q) Inc() { p.n++ }\ntype Q struct { n int }\nq := Q{1}\nq.Inc()\nq.n", "2"},
		{"methods that call each other", "type M int\nfunc (m M) A(n int) int { if n == 0 { return 0 }; return m.B(n - 1) + 1 }\nfunc (m M) B(n int) int { if n == 0 { return 0 }; return m.A(n - 1) + 1 }\nM(0).A(5)", "5"},
		{"method in a later cell", "type PT struct { x int }\npv := PT{3}\n---\nfunc (p *PT) Inc() { p.x++ }\npv.Inc()\npv.x", "4"},
		{"recursive type", "type Tree struct { l, r *Tree; v int }\nfunc sum(t *Tree) int { if t == nil { return 0 }; return t.v + sum(t.l) + sum(t.r) }\nt := &Tree{&Tree{nil, nil, 1}, &Tree{nil, nil, 2}, 3}\nsum(t)", "6"},
		{"types that hold each other", "type A struct { b *B }\ntype B struct { a *A; n int }\nx := A{&B{nil, 4}}\nx.b.n", "4"},
		{"interface", "type Shape interface { Area() float64 }\ntype Sq struct { s float64 }\nfunc (q Sq) Area() float64 { return q.s * q.s }\nvar sh Shape = Sq{3}\nsh.Area()", "9"},
		{"embedding", "type Dog struct { name string }\nfunc (d Dog) Sound() string { return d.name + \" woof\" }\ntype Pup struct { Dog; age int }\nPup{Dog{\"rex\"}, 1}.Sound()", "rex woof"},
		{"closure", "c := 0\ninc := func() int { c++; return c }\n---\ninc()\n---\ninc()", "2"},
		{"defer and recover", "func safe() (s string) { defer func() { s = fmt.Sprint(\"rec \", recover()) }(); var m map[string]int; m[\"a\"] = 1; return \"\" }\nsafe()", "rec assignment to entry in nil map"},
		{"goroutine and select", "ch := make(chan int)\ngo func() { ch <- 5 }()\nr := 0\nselect { case r = <-ch: }\nr", "5"},
		{"goroutine with arguments", "ch := make(chan float64)\nfunc send(c chan float64, v float64) { c <- v }\ngo send(ch, 2)\n<-ch", "2"},
		{"labels", "k := 0\nouter: for i := 0; i < 3; i++ { for j := 0; j < 3; j++ { if j == 1 { continue outer }; if i == 2 { break outer }; k++ } }\nk", "2"},
		{"switch", "s := \"\"\nfor i := range 3 { switch { case i == 0: s += \"a\"; fallthrough; case i == 1: s += \"b\"; default: s += \"c\" } }\ns", "abbc"},
		{"type switch", "func kind(v any) string { switch v := v.(type) { case int: return \"int\"; case string: return v; default: return \"?\" } }\nkind(3) + kind(\"x\") + kind(1.5)", "intx?"},
		{"maps", "m := map[string]int{\"a\": 1}\nm[\"b\"] = 2\nv, ok := m[\"b\"]\nfmt.Sprint(len(m), v, ok)", "2 2 true"},
		{"const and iota", "const ( A = iota; B; C )\n---\nA + B + C", "3"},
		{"typed constants", "type Day int\nconst ( Mon Day = iota + 1; Tue )\nint(Tue)", "2"},
		{"numbers", "0b101 + 0o17 + 1_000", "1020"},
		{"var", "var a, b = 1, \"x\"\n---\nfmt.Sprint(a, b)", "1x"},
		{"unused variable", "u := 1\nv, w := 2, 3\nw", "3"},
		{"sort.Interface", "type by []int\nfunc (b by) Len() int { return len(b) }\nfunc (b by) Less(i, j int) bool { return b[i] < b[j] }\nfunc (b by) Swap(i, j int) { b[i], b[j] = b[j], b[i] }\nbb := by{3, 1, 2}\nsort.Sort(bb)\nbb[0]", "1"},
		{"error type", "type E struct { n int }\nfunc (e E) Error() string { return fmt.Sprintf(\"code %d\", e.n) }\nfunc f() error { return E{3} }\nf().Error()", "code 3"},
		{"errors.Is", "base := errors.New(\"base\")\nerr := fmt.Errorf(\"top: %w\", base)\nerrors.Is(err, base)", "true"},
		{"any", "var a any = 3\na", "3"},
		{"type alias", "type I = int\nvar i I = 3\ni", "3"},
		{"variadic", "func sum(xs ...int) (s int) { for _, x := range xs { s += x }; return }\nsum([]int{1, 2, 3}...)", "6"},
		{"slices", "xs := []int{1, 2, 3, 4}\nxs = append(xs[:1], xs[2:]...)\nxs", "[1 3 4]"},
		{"unicode names", "größe := 2\nπ := 3.0\nfloat64(größe) * π", "6"},
		{"init function", "var ready bool\nfunc init() { ready = true }\nready", "true"},
		{"package clause", "package main\nimport \"fmt\"\nfmt.Sprint(1)", "1"},
		{"import with a name", "import str \"strings\"\n---\nstr.ToUpper(\"a\")", "A"},
		{"dot import", "import . \"math\"\n---\nSqrt(4)", "2"},
		{"no import needed", "strings.Repeat(\"ab\", 2) + filepath.Base(\"/a/b\")", "ababb"},
		{"preferred package", "rand.New(rand.NewSource(1)).Intn(1)", "0"},
		{"a name shadows a package", "strings := []string{\"x\"}\n---\nlen(strings)", "1"},
		{"method value", "f := strings.NewReader(\"abc\").Len\nf()", "3"},
		{"anonymous struct", "p := struct{ X, Y int }{1, 2}\np.X + p.Y", "3"},
		{"pointer to variable", "x := 1\np := &x\n---\n*p = 5\n---\nx", "5"},
		{"arrays", "a := [3]int{1, 2, 3}\nb := a\nb[0] = 9\nfmt.Sprint(a, b)", "[1 2 3] [9 2 3]"},
		{"runes", "n := 0\nfor _, r := range \"aé\" { n += int(r) }\nn", "330"},
		{"call of a literal", "func(x int) int { return x * x }(4)", "16"},
		{"defer in a cell", "x := 1\ndefer func() { x = 10 }()\nx = 2\n---\nx", "10"},

		// What gomacro alone lacks or does otherwise.
		{"range over an integer", "s := 0\nfor i := range 4 { s += i }\ns", "6"},
		{"range over a variable", "n, s := 3, 0\nfor i := range n { s += i * n }\nfor range n { s++ }\ns", "12"},
		{"loop variables of three clauses", "var fs []func() int\nfor i := 0; i < 3; i++ { fs = append(fs, func() int { return i }) }\nfs[0]()*100 + fs[1]()*10 + fs[2]()", "12"},
		{"loop variable changed in the body", "var ps []*int\nfor i := 0; i < 6; i++ { ps = append(ps, &i); if i == 2 { i++; continue } }\nfmt.Sprint(len(ps), *ps[0], *ps[2], *ps[4])", "5 0 3 5"},
		{"loop variables of range", "var fs []func() int\nfor _, v := range []int{1, 2, 3} { fs = append(fs, func() int { return v }) }\nfs[0]()*100 + fs[1]()*10 + fs[2]()", "123"},
		{"captured loop with labels", "var fs []func() int\nouter:\nfor i := 0; i < 4; i++ { for j := 0; ; j++ { if j == 1 { continue outer }; if i == 3 { break outer }; fs = append(fs, func() int { return 10*i + j }) } }\nfmt.Sprint(len(fs), fs[0](), fs[2]())", "3 0 20"},
		{"min and max", "fmt.Sprint(min(3, 1, 2), max(1.5, 2), min(\"b\", \"a\"), max(len(\"abc\"), 2))", "1 2a3"},
		{"min of floats", "x := 0.5\nmin(x, 1)", "0.5"},
		{"clear", "m := map[int]int{1: 1}\nclear(m)\nlen(m)", "0"},
		{"Stringer of a cell's type", "type C float64\nfunc (c C) String() string { return fmt.Sprintf(\"%.1f°\", float64(c)) }\nc := C(3)\nfmt.Sprint(c, \" and \", &c)", "3.0° and 3.0°"},
		{"result with a String method", "type C float64\nfunc (c C) String() string { return fmt.Sprintf(\"%.1f°\", float64(c)) }\nC(3)", "3.0°"},
		{"new with an expression", "p := new(40 + 2)\nq := new([]int)\nfmt.Sprint(*p, len(*q))", "42 0"},
		{"unexported fields", "type T struct { A int; b string }\nt := T{1, \"x\"}\n---\nt", "{A:1 b:\"x\"}"},
		{"printed unexported fields", "fmt.Sprintf(\"%+v\", struct{ X, y int }{1, 2})", "{X:1 y:2}"},
		{"constants of a type with methods", "type Day int\nconst ( Sun Day = iota; Mon )\nfunc (d Day) String() string { return []string{\"Sun\", \"Mon\"}[d] }\nfmt.Sprintln(Mon, Day(0))", "Mon Sun\n"},
		{"generic function", "func Map[T, U any](xs []T, f func(T) U) []U { var out []U; for _, x := range xs { out = append(out, f(x)) }; return out }\n---\nMap([]int{1, 2}, func(i int) float64 { return float64(i) / 2 })", "[0.5 1]"},
		{"generic function with type argument", "func Zero[T any]() T { var z T; return z }\nZero[string]() + \"x\"", "x"},
		{"generic type", "type Pair[K comparable, V any] struct { Key K; Val V }\n---\np := Pair[string, int]{\"a\", 1}\np.Val", "1"},
		{"constraint", "type Num interface { ~int | ~float64 }\nfunc Sum[T Num](xs []T) T { var s T; for _, x := range xs { s += x }; return s }\nSum([]float64{1, 2.5})", "3.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nb := newNotebook(t, Options{})
			var got string
			for _, cell := range cells(c.code) {
				got, _ = nb.must(cell)
			}
			if got != c.want {
				t.Errorf("got %q, want %q\n%s", got, c.want, c.code)
			}
		})
	}
}
