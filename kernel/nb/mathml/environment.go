package mathml

import "strings"

// environments with their delimiters and column alignment: l, c, r repeated
// from left to right.
var environments = map[string]struct{ open, close, align string }{
	"matrix": {"", "", "c"}, "pmatrix": {"(", ")", "c"}, "bmatrix": {"[", "]", "c"}, "Bmatrix": {"{", "}", "c"},
	"vmatrix": {"|", "|", "c"}, "Vmatrix": {"‖", "‖", "c"}, "smallmatrix": {"", "", "c"},
	"cases": {"{", "", "l"}, "array": {"", "", "c"},
	"aligned": {"", "", "rl"}, "align": {"", "", "rl"}, "align*": {"", "", "rl"}, "split": {"", "", "rl"},
	"alignat": {"", "", "rl"}, "eqnarray": {"", "", "rcl"}, "eqnarray*": {"", "", "rcl"},
	"gathered": {"", "", "c"}, "gather": {"", "", "c"}, "gather*": {"", "", "c"}, "multline": {"", "", "c"},
	"equation": {"", "", "c"}, "equation*": {"", "", "c"},
}

// environment reads \begin{name} ... \end{name}.
func environment(p *parser, _ string) string {
	name := p.braced()
	env, ok := environments[name]
	if !ok {
		p.fail("the environment %q is not known", name)
	}
	if name == "array" {
		if columns := strings.Trim(strings.ReplaceAll(p.braced(), " ", ""), "|"); columns != "" && strings.Trim(columns, "lcr|") == "" {
			env.align = strings.ReplaceAll(columns, "|", "")
		}
	}
	lines := strings.HasPrefix(env.align, "r") && name != "array" || strings.HasPrefix(name, "gather") || strings.HasPrefix(name, "equation")
	var b strings.Builder
	for {
		cells := p.cells(env.align, lines)
		if p.tok.kind == newline {
			p.next()
			p.skipSpacing()
			b.WriteString(wrap("mtr", cells))
			continue
		}
		if cells != "" { // \\ before \end starts no row
			b.WriteString(wrap("mtr", cells))
		}
		break
	}
	if !p.isCommand("end") {
		p.fail("want \\end{%s} here, not %s", name, p.tok.text)
	}
	p.next()
	if closing := p.braced(); closing != name {
		p.fail(`\begin{%s} ends with \end{%s}`, name, closing)
	}
	style := ""
	if lines {
		style = ` displaystyle="true"`
	}
	return group(fence(env.open, "prefix") + "<mtable" + style + ">" + b.String() + "</mtable>" + fence(env.close, "postfix"))
}

// cells reads a row of a table. Columns of equations touch: their space is
// that of the relation.
func (p *parser) cells(align string, equations bool) string {
	var b strings.Builder
	for i := 0; ; i++ {
		content := p.row("")
		side := map[byte]string{'l': "left", 'c': "center", 'r': "right"}[align[i%len(align)]]
		style := "text-align:" + side
		if equations {
			style += map[byte]string{'l': ";padding-left:0", 'c': ";padding-left:0;padding-right:0", 'r': ";padding-right:0"}[align[i%len(align)]]
		}
		if !p.is("&") && i == 0 && content == "" {
			return ""
		}
		if equations && i > 0 && strings.HasPrefix(content, "<mo>") {
			content = "<mrow></mrow>" + content // so that the relation is infix
		}
		b.WriteString(`<mtd style="` + style + `">` + content + "</mtd>")
		if !p.is("&") {
			return b.String()
		}
		p.next()
	}
}

// skipSpacing leaves out the [2pt] and the \hline that may follow \\.
func (p *parser) skipSpacing() {
	if p.is("[") {
		if i := strings.IndexByte(p.src[p.pos:], ']'); i >= 0 {
			p.pos += i + 1
			p.next()
		}
	}
	for p.isCommand("hline") {
		p.next()
	}
}
