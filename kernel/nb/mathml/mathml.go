// Package mathml turns the TeX formulas of notebooks into MathML Core, which
// browsers show without any script.
//
// It knows the mathematics of LaTeX and amsmath that MathJax users write:
// scripts, fractions, roots, accents, delimiters of all sizes, alphabets,
// text, operators with limits, matrices, cases and aligned equations. It does
// not expand macros. What it does not know is an error, so that a caller can
// show the TeX source instead of half a formula.
package mathml

import (
	"fmt"
	"strings"
)

// An Error says where a formula could not be understood.
type Error struct {
	Offset int // in bytes
	Msg    string
}

func (e *Error) Error() string { return fmt.Sprintf("mathml: offset %d: %s", e.Offset, e.Msg) }

// Convert returns a <math> element for the formula, without the dollar signs
// around it. display chooses the style of a formula on its own line. The TeX
// source is kept in an annotation, so that it can be copied. The error is an
// *Error.
func Convert(tex string, display bool) (ml string, err error) {
	tex = strings.ToValidUTF8(tex, "\ufffd")
	p := &parser{src: tex}
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *Error:
			ml, err = "", v
		default:
			panic(v)
		}
	}()
	p.next()
	body := p.rows("")
	if p.tok.kind != end {
		p.fail("unexpected %s", p.tok.text)
	}
	attr := ""
	if display {
		attr = ` display="block"`
	}
	return `<math xmlns="http://www.w3.org/1998/Math/MathML"` + attr + `><semantics><mrow>` + body +
		`</mrow><annotation encoding="application/x-tex">` + escape(tex) + `</annotation></semantics></math>`, nil
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "\x00", "\ufffd")

func escape(s string) string { return escaper.Replace(s) }

// A tokenKind tells what a piece of TeX is.
type tokenKind int

const (
	end     tokenKind = iota
	command           // \name or \c; text is the name without the backslash
	char              // anything else, one character; digits and a decimal point together
	newline           // two backslashes
)

type token struct {
	kind tokenKind
	text string
	at   int
}

// A parser reads a formula token by token. Its methods panic with *Error.
type parser struct {
	src   string
	pos   int
	tok   token // the current one
	depth int
}

// maxDepth bounds the nesting of groups and arguments, and with it the stack.
const maxDepth = 200

func (p *parser) fail(format string, args ...any) {
	panic(&Error{Offset: p.tok.at, Msg: fmt.Sprintf(format, args...)})
}

// next reads the next token; white space does not count in mathematics, and a
// percent sign hides the rest of its line.
func (p *parser) next() {
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		if c == '%' {
			if i := strings.IndexByte(p.src[p.pos:], '\n'); i >= 0 {
				p.pos += i
				continue
			}
			p.pos = len(p.src)
		} else if strings.IndexByte(" \t\r\n", c) >= 0 {
			p.pos++
		} else {
			break
		}
	}
	start := p.pos
	if start >= len(p.src) {
		p.tok = token{end, "the end of the formula", start}
		return
	}
	if p.src[start] == '\\' {
		p.control(start)
		return
	}
	for _, r := range p.src[start:] { // the first character
		p.pos += len(string(r))
		break
	}
	if isDigit(p.src[start]) {
		for p.pos < len(p.src) && (isDigit(p.src[p.pos]) ||
			p.src[p.pos] == '.' && p.pos+1 < len(p.src) && isDigit(p.src[p.pos+1])) {
			p.pos++
		}
	}
	p.tok = token{char, p.src[start:p.pos], start}
}

// control reads a command.
func (p *parser) control(start int) {
	i := start + 1
	for i < len(p.src) && isLetter(p.src[i]) {
		i++
	}
	switch {
	case i > start+1:
		if i < len(p.src) && p.src[i] == '*' {
			i++ // \operatorname*, or a star that nobody minds
		}
	case i < len(p.src):
		i++
	}
	p.pos = i
	p.tok = token{command, p.src[start+1 : i], start}
	if p.tok.text == `\` {
		p.tok.kind = newline
	}
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func (p *parser) is(text string) bool { return p.tok.kind == char && p.tok.text == text }

func (p *parser) isCommand(name string) bool { return p.tok.kind == command && p.tok.text == name }

// braced returns the source between { and } that follow, as it stands: for
// names and for text.
func (p *parser) braced() string {
	if !p.is("{") {
		p.fail("want { here, not %s", p.tok.text)
	}
	depth := 1
	for i := p.pos; i < len(p.src); i++ {
		switch p.src[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				text := p.src[p.pos:i]
				p.pos = i + 1
				p.next()
				return text
			}
		}
	}
	p.fail("this { has no }")
	return ""
}
