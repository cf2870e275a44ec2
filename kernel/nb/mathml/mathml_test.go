package mathml

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// body is the formula's MathML without what all formulas have around it.
func body(t *testing.T, tex string) string {
	t.Helper()
	ml, err := Convert(tex, false)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, ml)
	_, ml, _ = strings.Cut(ml, "<semantics><mrow>")
	ml, _, _ = strings.Cut(ml, "</mrow><annotation")
	return ml
}

func wellFormed(t *testing.T, ml string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(ml))
	for {
		switch _, err := d.Token(); {
		case err == io.EOF:
			return
		case err != nil:
			t.Fatalf("%v in %s", err, ml)
		}
	}
}

func TestConvert(t *testing.T) {
	tests := []struct{ name, tex, want string }{
		{"letters and numbers", "x+3.14", "<mi>x</mi><mo>+</mo><mn>3.14</mn>"},
		{"full stop", "3.", "<mn>3</mn><mo>.</mo>"},
		{"minus", "a-b", "<mi>a</mi><mo>−</mo><mi>b</mi>"},
		{"less", "a<b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"},
		{"superscript", "x^2", "<msup><mi>x</mi><mn>2</mn></msup>"},
		{"both scripts", "x_i^{ab}", "<msubsup><mi>x</mi><mi>i</mi><mrow><mi>a</mi><mi>b</mi></mrow></msubsup>"},
		{"scripts the other way", "x^a_i", "<msubsup><mi>x</mi><mi>i</mi><mi>a</mi></msubsup>"},
		{"prime", "f''", "<msup><mi>f</mi><mrow><mo>′′</mo></mrow></msup>"},
		{"prime and power", "f'^2", "<msup><mi>f</mi><mrow><mo>′</mo><mn>2</mn></mrow></msup>"},
		{"script of nothing", "{}^2", "<msup><mrow></mrow><mn>2</mn></msup>"},
		{"fraction", `\frac{a}{b}`, "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"},
		{"digits without braces", `\frac12^34`, "<msup><mfrac><mn>1</mn><mn>2</mn></mfrac><mn>3</mn></msup><mn>4</mn>"},
		{"root", `\sqrt{x}`, "<msqrt><mrow><mi>x</mi></mrow></msqrt>"},
		{"cube root", `\sqrt[3]{x}`, "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>"},
		{"sum", `\sum_{i}^n`, "<munderover><mo>∑</mo><mrow><mi>i</mi></mrow><mi>n</mi></munderover>"},
		{"integral", `\int_0^1`, "<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup>"},
		{"integral with limits", `\int\limits_0`, "<munder><mo>∫</mo><mn>0</mn></munder>"},
		{"function before a letter", `\log p`, `<mi>log</mi><mspace width="0.1667em"></mspace><mi>p</mi>`},
		{"function before a bracket", `\log(p)`, `<mi>log</mi><mo stretchy="false">(</mo><mi>p</mi><mo stretchy="false">)</mo>`},
		{"determinant", `\det_{x}(A)`, `<munder><mo lspace="0" rspace="0" movablelimits="true">det</mo><mrow><mi>x</mi></mrow></munder><mo stretchy="false">(</mo>`},
		{"operator name", `\operatorname{diag}(d)`, `<mi mathvariant="normal">diag</mi><mo stretchy="false">(</mo>`},
		{"blackboard", `\mathbb{E}\mathbb R`, "<mrow><mi>𝔼</mi></mrow><mi>ℝ</mi>"},
		{"calligraphic", `\mathcal N(0,I)`, `<mi>𝒩</mi><mo stretchy="false">(</mo><mn>0</mn><mo>,</mo><mi>I</mi>`},
		{"bold greek", `\boldsymbol{\theta}`, "<mrow><mi>𝜽</mi></mrow>"},
		{"roman word", `p_{\mathrm{data}}`, `<msub><mi>p</mi><mrow><mi mathvariant="normal">data</mi></mrow></msub>`},
		{"text", `\text{if } x`, "<mtext>if\u00a0</mtext><mi>x</mi>"},
		{"text with markup", `\text{a<b}`, "<mtext>a&lt;b</mtext>"},
		{"delimiters", `\left(\frac ab\right]`, `<mrow><mo stretchy="true" fence="true" form="prefix">(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo stretchy="true" fence="true" form="postfix">]</mo></mrow>`},
		{"one delimiter", `\left.x\right|`, `<mrow><mi>x</mi><mo stretchy="true" fence="true" form="postfix">|</mo></mrow>`},
		{"braces", `\{x\}`, `<mo stretchy="false">{</mo><mi>x</mi><mo stretchy="false">}</mo>`},
		{"big", `\bigl(`, `<mo stretchy="true" symmetric="true" minsize="1.2em" maxsize="1.2em" form="prefix">(</mo>`},
		{"accent", `\hat y`, `<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>`},
		{"underbrace", `\underbrace{a}_b`, `<munder><munder><mrow><mi>a</mi></mrow><mo stretchy="true">⏟</mo></munder><mi>b</mi></munder>`},
		{"not", `\not\in`, "<mo>∈\u0338</mo>"},
		{"comment", "a%b\n+c", "<mi>a</mi><mo>+</mo><mi>c</mi>"},
		{"nothing", " ", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := body(t, tt.tex); !strings.HasPrefix(got, tt.want) || len(tt.want) == 0 && got != "" {
				t.Errorf("%s\ngot  %s\nwant %s", tt.tex, got, tt.want)
			}
		})
	}
}

func TestEnvironments(t *testing.T) {
	tests := []struct {
		name, tex   string
		rows, cells int
		want        string
	}{
		{"matrix", `\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}`, 2, 4, `form="prefix">(</mo><mtable>`},
		{"last line ended", `\begin{bmatrix} 1 \\ 2 \\ \end{bmatrix}`, 2, 2, `form="prefix">[</mo>`},
		{"cases", `\begin{cases} 1 & x>0 \\ 0 & \text{otherwise} \end{cases}`, 2, 4, `text-align:left`},
		{"aligned", `\begin{aligned} a &= b \\[2pt] &= c \end{aligned}`, 2, 4, `text-align:right;padding-right:0`},
		{"array", `\begin{array}{l|r} a & b \\ \hline c & d \end{array}`, 2, 4, `text-align:left"><mi>a</mi></mtd><mtd style="text-align:right`},
		{"nested", `\begin{matrix} \begin{matrix} a \\ b \end{matrix} & c \end{matrix}`, 3, 4, "<mtable>"},
		{"lines without one", `a \\ b`, 2, 2, "<mtable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := body(t, tt.tex)
			if r, c := strings.Count(got, "<mtr>"), strings.Count(got, "<mtd"); r != tt.rows || c != tt.cells {
				t.Errorf("got %d rows and %d cells, want %d and %d: %s", r, c, tt.rows, tt.cells, got)
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("%s is missing in %s", tt.want, got)
			}
		})
	}
}

// The formulas of the literature on flows.
func TestFormulas(t *testing.T) {
	for _, tex := range []string{
		`\log p(y\mid x) = \log p_Z\bigl(f_\phi(x,y)\bigr) + \sum_{i=1}^{L}\log\left|\det\frac{\partial f_{\phi_i}}{\partial r_{i-1}}\right|`,
		`\hat{y} \approx \frac{1}{M}\sum_{i=1}^{M} g_\phi(x, z_i), \qquad z_i \sim p_Z(z\mid x)`,
		`u_{i,j} = s \odot v_{i,j} + b`,
		`W = W_0\,\prod_{j=1}^{k}\left(I - 2\frac{v_j v_j^\top}{v_j^\top v_j + \varepsilon}\right)\operatorname{diag}\!\left(e^{a\tanh d}\right)`,
		`\mathcal{L}(\theta) = -\mathbb{E}_{(x,y)\sim\mathcal D}\left[\log p_\theta(y\mid x)\right]`,
		`\mathrm{bits/dim} = \frac{-\log_2 p(y\mid x)}{C\,H\,W}`,
		`\mathrm{IoU} = \frac{|A\cap B|}{|A\cup B|}`,
		`\begin{aligned} v_1, v_2 &= \mathrm{split}(v) \\ s_2, b_2 &= F(x, v_1) \end{aligned}`,
		`y^\ast = \operatorname*{arg\,max}_y \; p_\theta(y\mid x)`,
		`\|x\|_2^2 \le \|y\|\;\forall x\in\mathbb R^{C\times H\times W}`,
	} {
		t.Run(tex[:12], func(t *testing.T) {
			ml, err := Convert(tex, true)
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, ml)
			if !strings.HasPrefix(ml, `<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">`) {
				t.Errorf("got %s", ml)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		tex    string
		offset int
		msg    string
	}{
		{`a + \unheard{x}`, 4, `\unheard is not known`},
		{`\frac{1}{`, 9, "want } here"},
		{`\frac{1}`, 8, "something is missing"},
		{`}`, 0, "unexpected }"},
		{`x_a_b`, 3, "two subscripts"},
		{`x^`, 2, "something is missing"},
		{`\left(`, 6, `has no \right`},
		{`\left x\right)`, 6, "is no delimiter"},
		{`\begin{matrix}a`, 15, `want \end{matrix}`},
		{`\begin{matrix}a\end{cases}`, 26, `ends with \end{cases}`},
		{`\begin{tikz}`, 12, `"tikz" is not known`},
		{`a & b`, 2, "unexpected &"},
		{`\color{red;x:y}a`, 15, "is no colour"},
		{strings.Repeat("{", 300), 200, "nested too deeply"},
	}
	for _, tt := range tests {
		t.Run(tt.tex[:min(12, len(tt.tex))], func(t *testing.T) {
			_, err := Convert(tt.tex, false)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if e.Offset != tt.offset || !strings.Contains(e.Msg, tt.msg) {
				t.Errorf("got %v, want %q at %d", err, tt.msg, tt.offset)
			}
		})
	}
}

func FuzzConvert(f *testing.F) {
	for _, s := range []string{`\frac{a}{b}^2_1`, `\begin{matrix}a&b\\c\end{matrix}`, `\left(\sqrt[3]{x}\right)`, `\mathbb{R}\text{a }`, "\xff\\", `\not\in%`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tex string) {
		ml, err := Convert(tex, true)
		if err != nil {
			return
		}
		if !strings.ContainsFunc(tex, func(r rune) bool { return r < ' ' || r == 0xfffe || r == 0xffff }) {
			wellFormed(t, ml)
		}
	})
}
