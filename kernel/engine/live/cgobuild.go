package live

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A cTools runs what turns C code into Go declarations and objects: the C
// compiler and the cgo tool.
type cTools struct {
	*builder
	dir     string // of the cell
	work    string // folder of the notebook: include files are looked for there
	path    string // of the cell's package
	cc      []string
	cFlags  []string
	ldFlags []string
}

// translateC has cgo translate the assembled text of a cell with C code. A cell
// that only uses what earlier cells have needs no C compiler.
func (e *Engine) translateC(ctx context.Context, u *unit) error {
	if u.c == nil {
		text := u.assemble()
		if u.sess.c == nil || !usesC(text) || u.importNames["C"] != "" || u.sess.symbols["C"] != nil {
			return nil
		}
		u.text = u.knownC(text)
		if !u.leftC() {
			return nil
		}
		u.text, u.c = nil, &cgoCell{implicit: true, text: u.sess.c.heads}
	}
	b := e.link.Load().builder
	dir := filepath.Join(b.dir, fmt.Sprint("c", u.serial))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	t := &cTools{builder: b, dir: dir, path: cellPath(u.serial), work: e.workDir()}
	if err := t.findC(); err != nil {
		return problems{{message: err.Error(), number: u.number}}
	}
	if err := t.flags(u); err != nil {
		return err
	}
	return t.translate(ctx, u)
}

// leftC tells whether names of C are left in the text that no earlier cell has.
func (u *unit) leftC() bool { return usesC(hideText(u.text)) }

// hideText puts spaces in place of comments and strings, so that only code is
// searched.
func hideText(text []byte) []byte {
	return textAndComments.ReplaceAllFunc(text, func(t []byte) []byte {
		return bytes.Map(func(r rune) rune {
			if r == '\n' {
				return r
			}
			return ' '
		}, t)
	})
}

var textAndComments = regexp.MustCompile("(?s)//[^\n]*|/\\*.*?\\*/|\"(?:\\\\.|[^\"\\\\\n])*\"|`[^`]*`")

// findC finds the C compiler.
func (t *cTools) findC() error {
	t.cc = strings.Fields(t.tc.env["CC"])
	if len(t.cc) == 0 {
		t.cc = []string{"gcc"}
	}
	if _, err := exec.LookPath(t.cc[0]); err != nil {
		return fmt.Errorf("the C code of this cell needs the C compiler %s, which is missing: install it (sudo apt-get install gcc libc6-dev), or name another one in the variable CC and restart the kernel", t.cc[0])
	}
	return nil
}

// flags reads the #cgo lines, by the rules of go build.
func (t *cTools) flags(u *unit) error {
	t.cFlags = slices.Concat(strings.Fields(t.tc.env["CGO_CFLAGS"]), []string{"-I", t.work})
	if !strings.Contains(u.c.text, "#cgo") {
		return nil
	}
	dir := filepath.Join(t.dir, "flags")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	defer os.RemoveAll(dir)
	text := strings.ReplaceAll(u.c.text, "${SRCDIR}", t.work)
	if err := os.WriteFile(filepath.Join(dir, "flags.go"), []byte("package flags\n\n"+text+"import \"C\"\n"), 0o600); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	ctxt := build.Default
	ctxt.CgoEnabled = true
	p, err := ctxt.ImportDir(dir, 0)
	if err != nil {
		return problems{{message: err.Error(), number: u.number}}
	}
	t.cFlags = slices.Concat(t.cFlags, p.CgoCPPFLAGS, p.CgoCFLAGS)
	t.ldFlags = p.CgoLDFLAGS
	for _, name := range p.CgoPkgConfig {
		for _, to := range []struct {
			what  string
			flags *[]string
		}{{"--cflags", &t.cFlags}, {"--libs", &t.ldFlags}} {
			out, err := exec.Command("pkg-config", to.what, name).CombinedOutput()
			if err != nil {
				return problems{{message: fmt.Sprintf("#cgo pkg-config: %s: %v %s", name, err, strings.TrimSpace(string(out))), number: u.number}}
			}
			*to.flags = append(*to.flags, strings.Fields(string(out))...)
		}
	}
	return nil
}

// translate goes through the steps: what the C code defines, cgo, the C
// compiler.
func (t *cTools) translate(ctx context.Context, u *unit) error {
	if !u.c.implicit {
		refs, err := t.definitions(ctx, u)
		if err != nil {
			return t.explain(u, err)
		}
		u.c.refs = refs
	}
	obj := filepath.Join(t.dir, "cgo")
	if err := os.MkdirAll(obj, 0o700); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	err := t.cgo(ctx, u, obj)
	if err != nil && u.c.refs != "" && ctx.Err() == nil {
		u.c.refs = "" // something that Go cannot use, perhaps
		err = t.cgo(ctx, u, obj)
	}
	if err != nil {
		return t.explain(u, err)
	}
	out, err := os.ReadFile(filepath.Join(obj, "cell.cgo1.go"))
	if err != nil {
		return fmt.Errorf("live: %w", err)
	}
	if err := u.adoptC(out); err != nil {
		return err
	}
	if u.c.goText, err = os.ReadFile(filepath.Join(obj, "_cgo_gotypes.go")); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	sources := []string{"cell.cgo2"}
	if len(u.c.exports) > 0 || bytes.Contains(u.c.goText, []byte("_Cfunc__Cmalloc")) {
		sources = append(sources, "_cgo_export")
	}
	for _, s := range sources {
		o := filepath.Join(obj, s+".o")
		args := slices.Concat(t.cc[1:], t.cFlags, []string{"-I", obj, "-fPIC", "-pthread", "-fvisibility=hidden", "-w", "-g0", "-c", "-o", o, filepath.Join(obj, s+".c")})
		if _, err := t.run(ctx, obj, t.cc[0], args...); err != nil {
			return t.explain(u, err)
		}
		u.c.objects = append(u.c.objects, o)
	}
	return nil
}

// cgo runs the cgo tool.
func (t *cTools) cgo(ctx context.Context, u *unit, obj string) error {
	u.c.exports = nil
	text := u.knownC(u.assemble())
	if err := os.WriteFile(filepath.Join(t.dir, "cell.go"), text, 0o600); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	args := []string{"-objdir", obj, "-importpath", t.path}
	if len(t.ldFlags) > 0 {
		args = append(args, "-ldflags", strings.Join(quoteAll(t.ldFlags), " "))
	}
	args = slices.Concat(args, []string{"--", "-I", obj}, t.cFlags, []string{"cell.go"})
	_, err := t.run(ctx, t.dir, filepath.Join(t.tc.toolDir, "cgo"), args...)
	return err
}

func quoteAll(list []string) []string {
	out := slices.Clone(list)
	for i, s := range out {
		if strings.ContainsAny(s, " \t") {
			out[i] = "'" + s + "'"
		}
	}
	return out
}

func (t *cTools) run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	return t.tool(ctx, dir, []string{"CC=" + strings.Join(t.cc, " "), "LC_ALL=C", "GOARCH=" + t.tc.env["GOARCH"], "GOOS=" + t.tc.env["GOOS"]}, name, args...)
}

// definitions lists what the C code defines, as uses in Go. The compiler's
// debugging information has it. What the compiler warns of is noted.
func (t *cTools) definitions(ctx context.Context, u *unit) (string, error) {
	var c strings.Builder
	for l := range strings.Lines(u.c.text) {
		if l = strings.TrimPrefix(l, "//"); strings.HasPrefix(strings.TrimSpace(l), "#cgo") {
			l = "\n"
		}
		c.WriteString(l)
	}
	src := filepath.Join(t.dir, "preamble.c")
	if err := os.WriteFile(src, []byte(c.String()), 0o600); err != nil {
		return "", fmt.Errorf("live: %w", err)
	}
	o := filepath.Join(t.dir, "preamble.o")
	args := slices.Concat(t.cc[1:], t.cFlags, []string{"-fPIC", "-g", "-O0", "-c", "-o", o, src})
	keep := []string{"-fkeep-static-functions", "-fno-eliminate-unused-debug-types"}
	out, err := t.run(ctx, t.dir, t.cc[0], slices.Concat(args, keep)...)
	if err != nil && strings.Contains(err.Error(), keep[0]) {
		out, err = t.run(ctx, t.dir, t.cc[0], args...) // not GCC
	}
	if err != nil {
		return "", err
	}
	u.c.notes = warnings(string(out))
	f, err := elf.Open(o)
	if err != nil {
		return "", nil // no debugging information: only what the cell uses is wrapped
	}
	defer f.Close()
	data, err := f.DWARF()
	if err != nil {
		return "", nil
	}
	refs, statics := dwarfRefs(data, cellFile(u.number))
	if err := u.staticUses(statics); err != nil {
		return "", err
	}
	for _, m := range simpleMacro.FindAllStringSubmatch(c.String(), -1) {
		refs = append(refs, "_ = C."+m[1])
	}
	return strings.Join(refs, "\n") + "\n", nil
}

// simpleMacro finds the macros that are constants in Go.
var simpleMacro = regexp.MustCompile(`(?m)^\s*#\s*define\s+([A-Za-z]\w*)\s+\(?\s*[-+]?(?:\d[\w.]*|\.\d\w*|"[^"\n]*"|'[^'\n]*')\s*\)?\s*$`)

// cLine is a line of what cgo or the C compiler says of a cell.
var cLine = regexp.MustCompile(`^(?:.*/)?cell\[(\d+)\]:(\d+):(?:(\d+):)? (?:(?:fatal )?(error|warning|note): )?(.*)$`)

func warnings(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		if m := cLine.FindStringSubmatch(strings.TrimSpace(l)); m != nil && m[4] == "warning" {
			out = append(out, fmt.Sprintf("cell[%s]:%s: %s", m[1], m[2], m[5]))
		}
	}
	return out
}

// explain turns the complaints of cgo and the C compiler into problems of the
// cell.
func (t *cTools) explain(u *unit, err error) error {
	var tool *toolError
	if !errors.As(err, &tool) {
		return err
	}
	var list problems
	for l := range strings.Lines(tool.text) {
		m := cLine.FindStringSubmatch(strings.TrimRight(l, "\n"))
		if m == nil || m[4] == "warning" || m[4] == "note" {
			continue
		}
		p := problem{message: cleanC(plain(m[5]))}
		p.number, _ = strconv.Atoi(m[1])
		p.line, _ = strconv.Atoi(m[2])
		p.col, _ = strconv.Atoi(m[3])
		if m[4] == "error" {
			p.message = "C: " + p.message
		}
		p.hint = t.hint(u, p.message)
		list = append(list, p)
	}
	if len(list) == 0 {
		return problems{{message: "the C code was not accepted:\n" + plain(tool.text), number: u.number}}
	}
	return list
}

func (t *cTools) hint(u *unit, message string) string {
	switch {
	case strings.Contains(message, "could not determine what C."):
		if u.c.detached {
			return "the comment with the C code must stand directly above import \"C\", without an empty line"
		}
		return "C code is known that stands in the comment above import \"C\", here or in an earlier cell, and what that includes"
	case strings.Contains(message, "multiple definition"), strings.Contains(message, "redefinition of"):
		return "the C code of a cell with //export is compiled twice: make its definitions static"
	}
	return ""
}

// cleanC writes the names that cgo makes as the person wrote them.
func cleanC(message string) string { return cgoName.ReplaceAllString(message, "C.") }

var cgoName = regexp.MustCompile(`\b_C(?:type|func|2func|iconst|fconst|sconst|var|macro)_`)
