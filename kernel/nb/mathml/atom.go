package mathml

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// atom reads one character, group or command with its arguments.
func (p *parser) atom() node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.fail("this is nested too deeply")
	}
	if p.tok.kind == command {
		return p.command()
	}
	t := p.tok.text
	if t == "{" {
		return node{ml: p.braces()}
	}
	p.next()
	return node{ml: character(t)}
}

// character is the MathML of a character that stands for itself.
func character(t string) string {
	switch t {
	case "-":
		return "<mo>−</mo>"
	case "*":
		return "<mo>∗</mo>"
	case "~":
		return `<mspace width="0.333em"></mspace>`
	case "(", ")", "[", "]":
		return `<mo stretchy="false">` + t + "</mo>"
	case "|":
		return bar("|")
	case "/":
		return `<mo lspace="0" rspace="0">/</mo>`
	case ":":
		return `<mo>:</mo>`
	}
	r, _ := utf8.DecodeRuneInString(t)
	switch {
	case isDigit(t[0]):
		return "<mn>" + t + "</mn>"
	case unicode.IsLetter(r):
		return "<mi>" + t + "</mi>"
	}
	return "<mo>" + escape(t) + "</mo>"
}

// bar is a vertical line as in |x| or p(y|x): browsers would stretch it.
func bar(t string) string {
	return `<mo stretchy="false" lspace="0.05em" rspace="0.05em">` + t + "</mo>"
}

// command reads a command with its arguments.
func (p *parser) command() node {
	name := p.tok.text
	if read := findStructure(name); read != nil {
		p.next()
		return node{ml: read(p, name)}
	}
	p.tok.text = strings.TrimSuffix(name, "*")
	switch s := p.tok.text; {
	case letters[s] != "":
		p.next()
		return node{ml: "<mi>" + letters[s] + "</mi>"}
	case upright[s] != "":
		p.next()
		return node{ml: `<mi mathvariant="normal">` + upright[s] + "</mi>"}
	case operators[s] != "":
		p.next()
		return node{ml: "<mo>" + operators[s] + "</mo>"}
	case bigOperators[s] != "":
		p.next()
		return node{ml: "<mo>" + bigOperators[s] + "</mo>", limits: !strings.Contains(s, "int")}
	case fences[s] != "":
		p.next()
		return node{ml: `<mo stretchy="false">` + fences[s] + "</mo>"}
	case spaces[s] != "":
		p.next()
		return node{ml: `<mspace width="` + spaces[s] + `"></mspace>`}
	case strings.Contains(functions, " "+s+" "):
		p.next()
		return node{ml: "<mi>" + s + "</mi>", name: true}
	case limitFunctions[s] != "":
		p.next()
		return node{ml: `<mo lspace="0" rspace="0" movablelimits="true">` + limitFunctions[s] + "</mo>", limits: true, name: true}
	case s == "operatorname":
		p.next()
		return p.operatorName(name != s)
	case s == "underbrace" || s == "overbrace":
		p.next()
		return p.brace(s)
	}
	p.fail(`\%s is not known`, name)
	return node{}
}

// operatorName reads the argument of \operatorname; with a star its scripts
// go above and below.
func (p *parser) operatorName(limits bool) node {
	text := strings.NewReplacer(`\,`, "\u2009", " ", "").Replace(p.braced())
	if limits {
		return node{ml: `<mo lspace="0" rspace="0" movablelimits="true">` + escape(text) + "</mo>", limits: true, name: true}
	}
	return node{ml: `<mi mathvariant="normal">` + escape(text) + "</mi>", name: true}
}

// brace reads the argument of \underbrace; the script after it is its label.
func (p *parser) brace(name string) node {
	arg := p.argument()
	if name == "underbrace" {
		return node{ml: "<munder>" + arg + `<mo stretchy="true">⏟</mo></munder>`, limits: true}
	}
	return node{ml: "<mover>" + arg + `<mo stretchy="true">⏞</mo></mover>`, limits: true}
}
