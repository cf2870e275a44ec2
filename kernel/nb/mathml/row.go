package mathml

import "strings"

// A node is the MathML of one atom, with what matters for the atoms next to
// it.
type node struct {
	ml     string
	limits bool // scripts go above and below in display style
	name   bool // a function's name such as log: a thin space follows it
}

// rows reads up to stop ("" is the end of the formula) and wraps several
// lines, separated by \\, into a table.
func (p *parser) rows(stop string) string {
	first := p.row(stop)
	if p.tok.kind != newline {
		return first
	}
	table := `<mtable displaystyle="true"><mtr><mtd>` + first + `</mtd></mtr>`
	for p.tok.kind == newline {
		p.next()
		table += `<mtr><mtd>` + p.row(stop) + `</mtd></mtr>`
	}
	return table + `</mtable>`
}

// row reads atoms with their scripts up to a token that ends a row: }, &, \\,
// \right, \end, the end, or stop.
func (p *parser) row(stop string) string {
	var b strings.Builder
	for !p.rowEnds(stop) {
		b.WriteString(p.scripted())
	}
	return b.String()
}

func (p *parser) rowEnds(stop string) bool {
	switch p.tok.kind {
	case end, newline:
		return true
	case command:
		switch p.tok.text {
		case "right", "middle", "end":
			return true
		}
		return false
	}
	return p.tok.text == "}" || p.tok.text == "&" || stop != "" && p.tok.text == stop
}

// scripted reads an atom with its sub- and superscripts.
func (p *parser) scripted() string {
	base := node{ml: "<mrow></mrow>"} // {}^2 and a formula that starts with ^
	if !p.is("^") && !p.is("_") && !p.is("'") {
		base = p.atom()
	}
	for p.isCommand("limits") || p.isCommand("nolimits") {
		base.limits = p.tok.text == "limits"
		p.next()
	}
	var sub, sup string
	for {
		switch {
		case p.is("_"):
			if sub != "" {
				p.fail("two subscripts")
			}
			p.next()
			sub = p.argument()
			continue
		case p.is("^"):
			if sup != "" {
				p.fail("two superscripts")
			}
			p.next()
			sup = p.argument()
			continue
		case p.is("'"):
			sup = group(p.primes() + sup)
			continue
		}
		break
	}
	ml := attach(base, sub, sup)
	if base.name && !p.opens() {
		ml += `<mspace width="0.1667em"></mspace>`
	}
	return ml
}

// primes reads ' and the superscript that may follow them.
func (p *parser) primes() string {
	n := 0
	for p.is("'") {
		n++
		p.next()
	}
	ml := "<mo>" + strings.Repeat("′", n) + "</mo>"
	if p.is("^") {
		p.next()
		ml += p.argument()
	}
	return ml
}

func attach(base node, sub, sup string) string {
	tag := map[bool][3]string{false: {"msub", "msup", "msubsup"}, true: {"munder", "mover", "munderover"}}[base.limits]
	switch {
	case sub != "" && sup != "":
		return wrap(tag[2], base.ml+sub+sup)
	case sub != "":
		return wrap(tag[0], base.ml+sub)
	case sup != "":
		return wrap(tag[1], base.ml+sup)
	}
	return base.ml
}

// opens reports whether a bracket, a script or nothing follows: then a
// function's name needs no space.
func (p *parser) opens() bool {
	switch p.tok.kind {
	case end, newline:
		return true
	case command:
		switch p.tok.text {
		case "right", "big", "Big", "bigg", "Bigg", "bigl", "Bigl", "biggl", "Biggl", "end", ",", ";", "!", "quad", "{", "|", "lvert", "lVert":
			return true
		}
		return false
	}
	return strings.Contains("([|}&,.;:)]=+-", p.tok.text)
}

func wrap(tag, content string) string { return "<" + tag + ">" + content + "</" + tag + ">" }

// group makes one element of several.
func group(ml string) string { return wrap("mrow", ml) }

// argument reads what a command or a script applies to: a group, or one atom.
func (p *parser) argument() string {
	if p.is("{") {
		return p.braces()
	}
	if p.rowEnds("") {
		p.fail("something is missing before %s", p.tok.text)
	}
	if p.tok.kind == char && isDigit(p.tok.text[0]) { // one digit: x^12 is x^1 followed by 2
		p.tok.text, p.pos = p.tok.text[:1], p.tok.at+1
	}
	return p.atom().ml
}

// braces reads a group.
func (p *parser) braces() string {
	p.next()
	ml := p.rows("")
	if !p.is("}") {
		p.fail("want } here, not %s", p.tok.text)
	}
	p.next()
	return group(ml)
}
