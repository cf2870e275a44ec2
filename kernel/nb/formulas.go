package nb

import (
	"html"
	"strconv"
	"strings"

	"glownotes/kernel/nb/mathml"
)

// A formula that was cut out of Markdown.
type formula struct {
	tex     string
	display bool
}

// The place of formula n is marked by its number between two characters of
// the Private Use Area, which Markdown treats as text.
const markStart, markEnd = "\ue000", "\ue001"

// cutFormulas takes the formulas out of Markdown as JupyterLab delimits them:
// $...$, $$...$$, \\(...\\), \\[...\\] and \begin{x}...\end{x}. Code is left
// alone. A dollar sign starts a formula only before, and ends one only after,
// something that is not a space, and no digit follows the closing one, so that
// prices stay prices (the rule of pandoc).
func cutFormulas(source string) (string, []formula) {
	source = strings.NewReplacer(markStart, "\ufffd", markEnd, "\ufffd").Replace(source)
	var b strings.Builder
	var list []formula
	for i := 0; i < len(source); {
		if n := codeAt(source, i); n > 0 {
			b.WriteString(source[i : i+n])
			i += n
			continue
		}
		if f, n := formulaAt(source, i); n > 0 {
			b.WriteString(markStart + strconv.Itoa(len(list)) + markEnd)
			list = append(list, f)
			i += n
			continue
		}
		n := 1
		if source[i] == '\\' && i+1 < len(source) {
			n = 2 // an escaped character starts nothing
		}
		b.WriteString(source[i : i+n])
		i += n
	}
	return b.String(), list
}

// codeAt is the length of the fenced block or code span that starts at i, or
// of a run of backticks that starts none.
func codeAt(s string, i int) int {
	lineStart := i == 0 || s[i-1] == '\n'
	if lineStart {
		rest := s[i:]
		indent := len(rest) - len(strings.TrimLeft(rest, " "))
		for _, mark := range []string{"```", "~~~"} {
			if indent < 4 && strings.HasPrefix(rest[indent:], mark) {
				return fenced(rest, mark)
			}
		}
	}
	if s[i] != '`' {
		return 0
	}
	n := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
	ticks := s[i : i+n]
	for from := i + n; ; {
		j := strings.Index(s[from:], ticks)
		if j < 0 {
			return n
		}
		stop := from + j + n
		longer := stop < len(s) && s[stop] == '`'
		if !longer {
			return stop - i
		}
		from = stop + len(s[stop:]) - len(strings.TrimLeft(s[stop:], "`"))
	}
}

// fenced is the length of a fenced code block at the start of s.
func fenced(s, mark string) int {
	n := strings.IndexByte(s, '\n') + 1
	if n == 0 {
		return len(s)
	}
	for n < len(s) {
		line, _, more := strings.Cut(s[n:], "\n")
		n += len(line)
		if more {
			n++
		}
		if strings.HasPrefix(strings.TrimLeft(line, " "), mark) {
			break
		}
	}
	return n
}

// formulaAt is the formula that starts at i, and its length with delimiters.
func formulaAt(s string, i int) (formula, int) {
	rest := s[i:]
	for _, d := range [][2]string{{"$$", "$$"}, {`\\[`, `\\]`}, {`\\(`, `\\)`}} {
		if inner, ok := between(rest, d[0], d[1]); ok && strings.TrimSpace(inner) != "" {
			return formula{inner, d[0] != `\\(`}, len(inner) + len(d[0]) + len(d[1])
		}
	}
	if name, ok := between(rest, `\begin{`, "}"); ok && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz*") == "" {
		if inner, ok := between(rest, `\begin{`+name+"}", `\end{`+name+"}"); ok {
			whole := `\begin{` + name + "}" + inner + `\end{` + name + "}"
			return formula{whole, true}, len(whole)
		}
	}
	if !strings.HasPrefix(rest, "$") {
		return formula{}, 0
	}
	for j := 1; j < len(rest); j++ {
		switch rest[j] {
		case '\\':
			j++
		case '$':
			inner := rest[1:j]
			digit := j+1 < len(rest) && '0' <= rest[j+1] && rest[j+1] <= '9'
			if inner == "" || strings.Contains(inner, "\n\n") || digit || strings.TrimSpace(inner[:1]) == "" || strings.TrimSpace(inner[len(inner)-1:]) == "" {
				return formula{}, 0
			}
			return formula{inner, false}, j + 1
		}
	}
	return formula{}, 0
}

// between is what stands between open at the start of s and the next close.
func between(s, open, close string) (string, bool) {
	rest, ok := strings.CutPrefix(s, open)
	if !ok {
		return "", false
	}
	inner, _, ok := strings.Cut(rest, close)
	return inner, ok && !strings.Contains(inner, "\n\n")
}

// putFormulas puts the formulas into the page; inside a tag (the alternative
// text of an image) as TeX.
func putFormulas(page string, list []formula) string {
	var b strings.Builder
	inTag := false
	for page != "" {
		i := strings.IndexAny(page, "<>"+markStart)
		if i < 0 {
			b.WriteString(page)
			break
		}
		b.WriteString(page[:i])
		page = page[i:]
		if page[0] == '<' || page[0] == '>' {
			inTag = page[0] == '<'
			b.WriteByte(page[0])
			page = page[1:]
			continue
		}
		number, rest, _ := strings.Cut(strings.TrimPrefix(page, markStart), markEnd)
		if n, err := strconv.Atoi(number); err == nil && n < len(list) {
			if inTag {
				b.WriteString(html.EscapeString(list[n].tex))
			} else {
				b.WriteString(list[n].html())
			}
		}
		page = rest
	}
	return b.String()
}

// html is MathML, or the TeX source where that is not possible.
func (f formula) html() string {
	ml, err := mathml.Convert(f.tex, f.display)
	if err != nil {
		return "<code class=\"tex\" title=\"" + html.EscapeString(err.Error()) + "\">" + html.EscapeString(f.tex) + "</code>"
	}
	return ml
}

// latexHTML shows a text/latex output, which comes with its delimiters.
func latexHTML(text string) string {
	text = strings.TrimSpace(text)
	for _, d := range [][2]string{{`\[`, `\]`}, {`\(`, `\)`}} {
		if inner, ok := between(text, d[0], d[1]); ok && len(inner)+4 == len(text) {
			return formula{inner, d[0] == `\[`}.html()
		}
	}
	if f, n := formulaAt(text, 0); n == len(text) && n > 0 {
		return f.html()
	}
	return formula{text, true}.html()
}
