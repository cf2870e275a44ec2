package mathml

import "strings"

// An alphabet is a run of the block Mathematical Alphanumeric Symbols
// (U+1D400), which MathML Core uses in place of fonts: the first capital, the
// first small letter, the first digit, 0 where there is none.
type alphabet struct{ capital, small, digit rune }

var alphabets = map[string]alphabet{
	"mathbf": {0x1D400, 0x1D41A, 0x1D7CE}, "bf": {0x1D400, 0x1D41A, 0x1D7CE},
	"boldsymbol": {0x1D468, 0x1D482, 0x1D7CE}, "bm": {0x1D468, 0x1D482, 0x1D7CE},
	"mathbb":  {0x1D538, 0x1D552, 0x1D7D8},
	"mathcal": {0x1D49C, 0x1D4B6, 0}, "mathscr": {0x1D49C, 0x1D4B6, 0},
	"mathfrak": {0x1D504, 0x1D51E, 0}, "mathsf": {0x1D5A0, 0x1D5BA, 0x1D7E2},
	"mathtt": {0x1D670, 0x1D68A, 0x1D7F6}, "mathit": {0, 0, 0},
}

// elsewhere are the letters that Unicode had before that block.
var elsewhere = map[rune]rune{
	0x1D53A: 'ℂ', 0x1D53F: 'ℍ', 0x1D545: 'ℕ', 0x1D547: 'ℙ', 0x1D548: 'ℚ', 0x1D549: 'ℝ', 0x1D551: 'ℤ',
	0x1D49D: 'ℬ', 0x1D4A0: 'ℰ', 0x1D4A1: 'ℱ', 0x1D4A3: 'ℋ', 0x1D4A4: 'ℐ', 0x1D4A7: 'ℒ', 0x1D4A8: 'ℳ', 0x1D4AD: 'ℛ',
	0x1D4BA: 'ℯ', 0x1D4BC: 'ℊ', 0x1D4C4: 'ℴ',
	0x1D506: 'ℭ', 0x1D50B: 'ℌ', 0x1D50C: 'ℑ', 0x1D515: 'ℜ', 0x1D51D: 'ℨ',
}

// boldGreek maps α to bold italic α and Α to bold italic Α.
const boldSmallAlpha, boldCapitalAlpha = 0x1D736, 0x1D71C

// lettered sets its argument in another alphabet.
func lettered(p *parser, name string) string {
	a := alphabets[name]
	ml := p.argument()
	bold := name == "boldsymbol" || name == "bm" || name == "mathbf" || name == "bf"
	var b strings.Builder
	for ml != "" { // only the content of <mi> and <mn> changes
		i := strings.Index(ml, ">") + 1
		tag := ml[:i]
		b.WriteString(tag)
		ml = ml[i:]
		end := strings.Index(ml, "<")
		if end < 0 {
			break
		}
		content := ml[:end]
		if strings.HasPrefix(tag, "<mi") || strings.HasPrefix(tag, "<mn") {
			content = strings.Map(func(r rune) rune { return a.letter(r, bold) }, content)
		}
		b.WriteString(content)
		ml = ml[end:]
	}
	return b.String()
}

func (a alphabet) letter(r rune, bold bool) rune {
	switch {
	case a.capital != 0 && 'A' <= r && r <= 'Z':
		r = a.capital + r - 'A'
	case a.small != 0 && 'a' <= r && r <= 'z':
		r = a.small + r - 'a'
	case a.digit != 0 && '0' <= r && r <= '9':
		r = a.digit + r - '0'
	case bold && 'α' <= r && r <= 'ω':
		r = boldSmallAlpha + r - 'α'
	case bold && 'Α' <= r && r <= 'Ω':
		r = boldCapitalAlpha + r - 'Α'
	}
	if other, ok := elsewhere[r]; ok {
		return other
	}
	return r
}
