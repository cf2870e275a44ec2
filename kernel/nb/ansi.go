package nb

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// A textStyle is what the escape sequences so far have set ("Select Graphic
// Rendition", ECMA-48 8.3.117).
type textStyle struct {
	bold, dim, italic, underline, inverse bool
	fg, bg                                string // "a1" for a colour of the palette, "#rrggbb", or ""
}

// ansiHTML turns text with ANSI colours into HTML. Sequences that do not
// colour are left out.
func ansiHTML(text string) string {
	var b strings.Builder
	var style textStyle
	for text != "" {
		i := strings.IndexByte(text, 0x1b)
		if i < 0 {
			i = len(text)
		}
		if i > 0 {
			b.WriteString(style.span(text[:i]))
			text = text[i:]
			continue
		}
		params, final, n := sequence(text)
		if final == 'm' {
			style.set(params)
		}
		text = text[n:]
	}
	return b.String()
}

// sequence reads the control sequence at the start of text: its parameters,
// its final byte (0 if it is another kind of escape) and its length.
func sequence(text string) (params string, final byte, n int) {
	if len(text) < 2 || text[1] != '[' {
		return "", 0, min(2, len(text))
	}
	for i := 2; i < len(text); i++ {
		if c := text[i]; c >= 0x40 && c <= 0x7e {
			return text[2:i], c, i + 1
		} else if c < 0x20 || c > 0x7e {
			return "", 0, i
		}
	}
	return "", 0, len(text)
}

func (s *textStyle) set(params string) {
	codes := strings.Split(params, ";")
	for i := 0; i < len(codes); i++ {
		n, _ := strconv.Atoi(codes[i]) // an empty parameter is 0
		switch {
		case n == 0:
			*s = textStyle{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.dim = true
		case n == 3:
			s.italic = true
		case n == 4:
			s.underline = true
		case n == 7:
			s.inverse = true
		case n == 22:
			s.bold, s.dim = false, false
		case n == 23:
			s.italic = false
		case n == 24:
			s.underline = false
		case n == 27:
			s.inverse = false
		case n == 39:
			s.fg = ""
		case n == 49:
			s.bg = ""
		case 30 <= n && n <= 37, 90 <= n && n <= 97:
			s.fg = palette(n)
		case 40 <= n && n <= 47, 100 <= n && n <= 107:
			s.bg = palette(n - 10)
		case n == 38 || n == 48:
			color, used := extended(codes[i+1:])
			if n == 38 {
				s.fg = color
			} else {
				s.bg = color
			}
			i += used
		}
	}
}

func palette(n int) string {
	if n >= 90 {
		return "a" + strconv.Itoa(n-90+8)
	}
	return "a" + strconv.Itoa(n-30)
}

// extended reads 5;n (a palette of 256) or 2;r;g;b, and tells how many
// parameters it took.
func extended(codes []string) (color string, used int) {
	number := func(i int) int {
		if i >= len(codes) {
			return 0
		}
		n, _ := strconv.Atoi(codes[i])
		return min(max(n, 0), 255)
	}
	switch number(0) {
	case 2:
		return fmt.Sprintf("#%02x%02x%02x", number(1), number(2), number(3)), 4
	case 5:
		n := number(1)
		switch {
		case n < 16:
			return "a" + strconv.Itoa(n), 2
		case n >= 232: // greys
			v := 8 + 10*(n-232)
			return fmt.Sprintf("#%02x%02x%02x", v, v, v), 2
		}
		level := func(k int) int { // a cube of 6 levels: 0, 95, 135, ... 255
			if k == 0 {
				return 0
			}
			return 55 + 40*k
		}
		n -= 16
		return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6)), 2
	}
	return "", len(codes)
}

func (s textStyle) span(text string) string {
	text = html.EscapeString(text)
	fg, bg := s.fg, s.bg
	if s.inverse {
		fg, bg = bg, fg
	}
	var classes, styles []string
	add := func(on bool, class string) {
		if on {
			classes = append(classes, class)
		}
	}
	add(s.bold, "bold")
	add(s.dim, "dim")
	add(s.italic, "italic")
	add(s.underline, "underline")
	add(s.inverse && fg == "" && bg == "", "inverse")
	for _, c := range []struct{ color, class, property string }{{fg, "", "color"}, {bg, "bg-", "background"}} {
		switch {
		case strings.HasPrefix(c.color, "#"):
			styles = append(styles, c.property+":"+c.color)
		case c.color != "":
			classes = append(classes, c.class+c.color)
		}
	}
	attr := ""
	if len(classes) > 0 {
		attr += ` class="` + strings.Join(classes, " ") + `"`
	}
	if len(styles) > 0 {
		attr += ` style="` + strings.Join(styles, ";") + `"`
	}
	if attr == "" {
		return text
	}
	return "<span" + attr + ">" + text + "</span>"
}
