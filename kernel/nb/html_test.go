package nb

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFormulas(t *testing.T) {
	tests := []struct{ name, in, out, tex string }{
		{"inline", "a $x_1$ b", "a \ue0000\ue001 b", "x_1"},
		{"display", "$$\na_b\n$$", "\ue0000\ue001", "\na_b\n"},
		{"double backslash", `\\(a\\) and \\[b\\]`, "\ue0000\ue001 and \ue0001\ue001", "a|b"},
		{"environment", `\begin{align*}a\end{align*}`, "\ue0000\ue001", `\begin{align*}a\end{align*}`},
		{"prices", "$5 and $6", "$5 and $6", ""},
		{"a price and a formula", "5$ or $x$", "5$ or \ue0000\ue001", "x"},
		{"spaces", "a $ b $ c", "a $ b $ c", ""},
		{"escaped", `\$x$ y`, `\$x$ y`, ""},
		{"escaped inside", `$a\$b$`, "\ue0000\ue001", `a\$b`},
		{"over a paragraph", "$a\n\nb$", "$a\n\nb$", ""},
		{"code span", "`$x$` $y$", "`$x$` \ue0000\ue001", "y"},
		{"two ticks", "``a ` $x$`` $y$", "``a ` $x$`` \ue0000\ue001", "y"},
		{"lonely tick", "` $y$", "` \ue0000\ue001", "y"},
		{"fence", "```sh\necho $a $b\n```\n$y$", "```sh\necho $a $b\n```\n\ue0000\ue001", "y"},
		{"open fence", "~~~\n$a$", "~~~\n$a$", ""},
		{"forged mark", "\ue0005\ue001", "\ufffd5\ufffd", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, list := cutFormulas(tt.in)
			var tex []string
			for _, f := range list {
				tex = append(tex, f.tex)
			}
			if out != tt.out || strings.Join(tex, "|") != tt.tex {
				t.Errorf("got %q with %q, want %q with %q", out, tex, tt.out, tt.tex)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a b.png"), []byte("hi"), 0o644); err != nil {
		t.Fatal(err)
	}
	attached := map[string]any{"c.png": map[string]any{"image/png": "aGk=\n"}}
	tests := []struct{ name, in, want string }{
		{"heading", "# A *b*", `<h1 id="a-b">A <em>b</em></h1>`},
		{"table", "|a|b|\n|-|-|\n|1|2|", "<td>1</td>"},
		{"formula", "$x_1$ and $y_1$", "<msub><mi>x</mi><mn>1</mn></msub>"},
		{"formula with markup", "$a<b$", "<mo>&lt;</mo>"},
		{"formula that is not known", `$\zzz$`, `<code class="tex" title="mathml: offset 0: \zzz is not known">\zzz</code>`},
		{"formula in an alternative text", "![$x$](u.png)", `alt="x"`},
		{"go", "```go\nfunc f() {}\n```", `<pre class="go"><span class="k">func</span> <span class="f">f</span>`},
		{"other code", "```\na < b\n```", "<pre class=\"go\">a &lt; b\n</pre>"},
		{"attachment", "![c](attachment:c.png)", `src="data:image/png;base64,aGk="`},
		{"file", "![c](<a b.png>)", `src="data:image/png;base64,aGk="`},
		{"file in HTML", `<img width="3" src="a%20b.png">`, `<img width="3" src="data:image/png;base64,aGk=">`},
		{"file outside", "![c](../secret.png)", `src="../secret.png"`},
		{"missing file", "![c](none.png)", `src="none.png"`},
		{"raw HTML", "<div class=\"x\">a</div>", `<div class="x">a</div>`},
	}
	md := newMarkdown(dir)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := md.render(tt.in, attached)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("%s is missing in\n%s", tt.want, got)
			}
		})
	}
}

func TestHighlight(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"keyword", "if x", `<span class="k">if</span> x`},
		{"string", `"<a>"`, `<span class="s">&#34;&lt;a&gt;&#34;</span>`},
		{"raw string over lines", "`a\r\nb` 1", "<span class=\"s\">`a\r\nb`</span> <span class=\"n\">1</span>"},
		{"type and builtin", "len([]int{})", `<span class="b">len</span>([]<span class="t">int</span>{})`},
		{"method named like a builtin", "x.len()", `x.<span class="f">len</span>()`},
		{"comment", "x // c\ny", "x <span class=\"c\">// c</span>\ny"},
		{"no Go", "!ls 'a b' $x \x00", "'a b'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := highlight(tt.in)
			if tt.name == "no Go" { // whole, whatever the colours
				got = strip(got)
			}
			if !strings.Contains(got, strings.ReplaceAll(tt.want, "'", "&#39;")) && got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// strip removes the tags.
func strip(s string) string {
	var b strings.Builder
	for s != "" {
		text, rest, _ := strings.Cut(s, "<")
		b.WriteString(text)
		_, s, _ = strings.Cut(rest, ">")
	}
	return b.String()
}

func FuzzHighlight(f *testing.F) {
	f.Add("x := `a\r\nb` /* c\r */ // d")
	f.Add("\"unterminated\n'x")
	f.Fuzz(func(t *testing.T, in string) {
		want := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(in)
		if got := strip(highlight(in)); got != want {
			t.Errorf("got %q, want the same text %q", got, want)
		}
	})
}

func TestANSI(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "a<b", "a&lt;b"},
		{"red and back", "\x1b[31mx\x1b[0my", `<span class="a1">x</span>y`},
		{"bold bright on blue", "\x1b[1;92;44mx", `<span class="bold a10 bg-a4">x</span>`},
		{"empty parameter", "\x1b[1mx\x1b[my", `<span class="bold">x</span>y`},
		{"256", "\x1b[38;5;208mx\x1b[38;5;240my", `<span style="color:#ff8700">x</span><span style="color:#585858">y</span>`},
		{"24 bits", "\x1b[48;2;1;2;300mx", `<span style="background:#0102ff">x</span>`},
		{"inverse", "\x1b[7mx\x1b[27my", `<span class="inverse">x</span>y`},
		{"others are dropped", "a\x1b[2Kb\x1b[?25lc\x1bMd\x1b[", "abcd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ansiHTML(tt.in); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestHTML(t *testing.T) {
	n := New()
	add := func(kind CellType, source string, outs ...*Output) *Cell {
		c := NewCell(kind, source, len(n.Cells))
		c.Outputs = outs
		n.Cells = append(n.Cells, c)
		return c
	}
	add(Markdown, "# The *title* & more")
	add(Raw, "<raw>")
	code := add(Code, "fmt.Println(1)\n",
		&Output{Type: Stream, Name: "stdout", Text: "1 < 2\n"},
		&Output{Type: DisplayData, Data: map[string]any{"image/png": []byte("hi"), "text/plain": "a \"plot\"\nmore"},
			Metadata: map[string]any{"image/png": map[string]any{"width": 10}}},
		&Output{Type: DisplayData, Data: map[string]any{"image/svg+xml": "<svg/>", "image/png": "x"}},
		&Output{Type: DisplayData, Data: map[string]any{"text/latex": "$x^2$", "text/plain": "p"}},
		&Output{Type: DisplayData, Data: map[string]any{"application/vnd.custom": "x"}},
		&Output{Type: ExecuteResult, Data: map[string]any{"text/html": "<b>r</b>", "text/plain": "p"}},
		&Output{Type: ErrorOutput, EName: "Panic", EValue: "boom", Traceback: []string{"\x1b[31mboom\x1b[0m"}})
	code.ExecutionCount = 7
	add(Code, "hidden()").Metadata["tags"] = []any{"remove-input"}
	add(Code, "secret()").Metadata["tags"] = []any{"remove-cell"}
	add(Code, "folded()").Metadata["jupyter"] = map[string]any{"source_hidden": true}
	page, err := HTML(n, HTMLOptions{Title: "file"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<title>The *title* &amp; more</title>", "<pre class=\"raw\">&lt;raw&gt;</pre>", `<span class="count">7</span>`,
		`<pre class="stdout">1 &lt; 2`, `<img alt="a &#34;plot&#34;" width="10" src="data:image/png;base64,aGk=">`,
		`src="data:image/svg+xml;base64,PHN2Zy8+"`, "<msup><mi>x</mi><mn>2</mn></msup>", "<b>r</b>",
		`<pre class="error"><span class="a1">boom</span></pre>`, "<details><summary>code</summary>", "prefers-color-scheme: dark",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, no := range []string{"hidden()", "secret()", "<script", "http-equiv", `src="http`} {
		if strings.Contains(string(page), no) {
			t.Errorf("%s is in the page", no)
		}
	}
	// The page is well-formed apart from void elements: every other tag closes.
	d := xml.NewDecoder(strings.NewReader(string(page)))
	d.Strict, d.AutoClose, d.Entity = false, append(xml.HTMLAutoClose, "meta"), xml.HTMLEntity
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
