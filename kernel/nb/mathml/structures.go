package mathml

import (
	"fmt"
	"strings"
)

// A structure reads the arguments of the command name, which is behind it.
type structure func(p *parser, name string) string

// findStructure returns the function for a command with arguments of its own,
// or nil.
func findStructure(name string) structure {
	if _, ok := accents[name]; ok {
		return accented
	}
	if _, ok := alphabets[name]; ok {
		return lettered
	}
	if _, ok := sizes[name]; ok {
		return sized
	}
	switch name {
	case "frac", "dfrac", "tfrac", "cfrac":
		return fraction
	case "binom":
		return binomial
	case "sqrt":
		return root
	case "left":
		return delimited
	case "begin":
		return environment
	case "not":
		return negation
	case "text", "textrm", "textbf", "textit", "texttt", "textsf", "textnormal", "mbox", "hbox":
		return text
	case "mathrm", "rm":
		return roman
	case "overset", "underset", "stackrel":
		return stack
	case "substack", "boxed", "phantom":
		return framed
	case "bmod", "pmod":
		return modulo
	case "tag", "label":
		return tagged
	case "color", "textcolor":
		return colored
	case "mid", "vert", "lvert", "rvert", "Vert", "lVert", "rVert", "|":
		return line
	case "displaystyle", "textstyle", "scriptstyle", "nonumber", "notag":
		return styled
	}
	return nil
}

func fraction(p *parser, name string) string {
	ml := wrap("mfrac", p.argument()+p.argument())
	switch name {
	case "dfrac", "cfrac":
		return `<mstyle displaystyle="true">` + ml + `</mstyle>`
	case "tfrac":
		return `<mstyle displaystyle="false">` + ml + `</mstyle>`
	}
	return ml
}

func binomial(p *parser, _ string) string {
	return group(`<mo>(</mo><mfrac linethickness="0">` + p.argument() + p.argument() + `</mfrac><mo>)</mo>`)
}

func root(p *parser, _ string) string {
	if !p.is("[") {
		return wrap("msqrt", p.argument())
	}
	p.next()
	degree := group(p.row("]"))
	if !p.is("]") {
		p.fail("want ] here, not %s", p.tok.text)
	}
	p.next()
	return wrap("mroot", p.argument()+degree)
}

// delimiter reads what follows \left, \right, \middle or \big.
func (p *parser) delimiter() string {
	t := p.tok
	switch {
	case t.kind == end:
		p.fail("a delimiter is missing")
	case t.kind == command && fences[t.text] != "":
		p.next()
		return fences[t.text]
	case t.kind == char && t.text == ".":
		p.next()
		return ""
	case t.kind == char && strings.Contains("()[]|/<>", t.text):
		p.next()
		if i := strings.Index("<>", t.text); i >= 0 {
			return [2]string{"⟨", "⟩"}[i]
		}
		return t.text
	}
	p.fail("%s is no delimiter", t.text)
	return ""
}

func fence(d, form string) string {
	if d == "" {
		return ""
	}
	return `<mo stretchy="true" fence="true" form="` + form + `">` + d + "</mo>"
}

func delimited(p *parser, _ string) string {
	ml := fence(p.delimiter(), "prefix") + p.rows("")
	for p.isCommand("middle") {
		p.next()
		ml += fence(p.delimiter(), "infix") + p.rows("")
	}
	if !p.isCommand("right") {
		p.fail(`this \left has no \right`)
	}
	p.next()
	return group(ml + fence(p.delimiter(), "postfix"))
}

func sized(p *parser, name string) string {
	form := "infix"
	switch name[len(name)-1] {
	case 'l':
		form = "prefix"
	case 'r':
		form = "postfix"
	}
	size := sizes[name]
	return fmt.Sprintf(`<mo stretchy="true" symmetric="true" minsize="%s" maxsize="%s" form="%s">%s</mo>`, size, size, form, p.delimiter())
}

// negation strikes the next symbol out with U+0338.
func negation(p *parser, _ string) string {
	ml := p.atom().ml
	i := strings.LastIndex(ml, "</")
	if i < 0 {
		p.fail(`\not has nothing to negate`)
	}
	return ml[:i] + "\u0338" + ml[i:]
}

func text(p *parser, name string) string {
	t := strings.NewReplacer(`\ `, " ", `\,`, "\u2009", `\%`, "%", `\_`, "_", `\&`, "&", `\#`, "#", "~", "\u00a0", "$", "").Replace(p.braced())
	// MathML drops white space at both ends.
	if strings.HasPrefix(t, " ") {
		t = "\u00a0" + t[1:]
	}
	if strings.HasSuffix(t, " ") {
		t = t[:len(t)-1] + "\u00a0"
	}
	style := map[string]string{"textbf": "font-weight:bold", "textit": "font-style:italic", "texttt": "font-family:monospace", "textsf": "font-family:sans-serif"}[name]
	if style != "" {
		return `<mtext style="` + style + `">` + escape(t) + "</mtext>"
	}
	return wrap("mtext", escape(t))
}

// roman sets letters upright: \mathrm.
func roman(p *parser, _ string) string {
	const uprightTag = `<mi mathvariant="normal">`
	if word, _, ok := strings.Cut(p.src[p.pos:], "}"); ok && p.is("{") && !strings.ContainsAny(word, `\{^_&$`) {
		p.braced()
		return uprightTag + escape(strings.ReplaceAll(word, " ", "")) + "</mi>"
	}
	return strings.ReplaceAll(p.argument(), "<mi>", uprightTag)
}

func stack(p *parser, name string) string {
	over, base := p.argument(), p.argument()
	if name == "underset" {
		return wrap("munder", base+over)
	}
	return wrap("mover", base+over)
}

func accented(p *parser, name string) string {
	a := accents[name]
	base := p.argument()
	if a.under {
		return `<munder accentunder="true">` + base + a.mark() + "</munder>"
	}
	return `<mover accent="true">` + base + a.mark() + "</mover>"
}

// colored sets an argument, or after \color the rest of the row.
func colored(p *parser, name string) string {
	color := strings.TrimSpace(p.braced())
	if strings.ContainsAny(color, `"<>&;:()`) {
		p.fail("%q is no colour", color)
	}
	tag := `<mstyle style="color:` + color + `">`
	if name == "color" {
		return tag + p.row("") + "</mstyle>"
	}
	return tag + p.argument() + "</mstyle>"
}

func framed(p *parser, name string) string {
	arg := p.argument()
	switch name {
	case "boxed":
		return `<mrow style="border:1px solid;padding:.2em">` + arg + `</mrow>`
	case "phantom":
		return wrap("mphantom", arg)
	}
	return arg
}

func modulo(p *parser, name string) string {
	if name == "bmod" {
		return `<mo lspace="0.222em" rspace="0.222em">mod</mo>`
	}
	return `<mspace width="1em"></mspace><mo stretchy="false">(</mo><mi>mod</mi><mspace width="0.333em"></mspace>` +
		p.argument() + `<mo stretchy="false">)</mo>`
}

// tagged shows \tag{1} as (1); a label shows nothing.
func tagged(p *parser, name string) string {
	arg := p.braced()
	if name == "label" {
		return ""
	}
	return `<mspace width="2em"></mspace><mtext>(` + escape(arg) + `)</mtext>`
}

// line is a vertical line that is not a fence.
func line(_ *parser, name string) string {
	switch name {
	case "mid":
		return `<mo lspace="0.278em" rspace="0.278em" stretchy="false">∣</mo>`
	case "vert", "lvert", "rvert":
		return bar("|")
	}
	return bar("‖")
}

// styled sets the rest of the row in another style.
func styled(p *parser, name string) string {
	switch name {
	case "displaystyle":
		return `<mstyle displaystyle="true">` + p.row("") + "</mstyle>"
	case "textstyle":
		return `<mstyle displaystyle="false">` + p.row("") + "</mstyle>"
	case "scriptstyle":
		return `<mstyle displaystyle="false" scriptlevel="1">` + p.row("") + "</mstyle>"
	}
	return ""
}
