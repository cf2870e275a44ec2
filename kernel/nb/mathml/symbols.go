package mathml

// letters are set in italics, as variables are.
var letters = map[string]string{
	"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
	"theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
	"varpi": "ϖ", "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "ϕ",
	"varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "ell": "ℓ", "imath": "ı", "jmath": "ȷ", "hbar": "ℏ", "wp": "℘",
}

// upright letters and symbols that behave like letters.
var upright = map[string]string{
	"Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ",
	"Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "infty": "∞", "partial": "∂", "nabla": "∇", "emptyset": "∅", "varnothing": "∅",
	"aleph": "ℵ", "Re": "ℜ", "Im": "ℑ", "top": "⊤", "bot": "⊥", "angle": "∠", "triangle": "△", "prime": "′", "degree": "°",
	"ldots": "…", "dots": "…", "dotsc": "…", "cdots": "⋯", "dotsb": "⋯", "vdots": "⋮", "ddots": "⋱",
	"%": "%", "$": "$", "#": "#", "_": "_", "forall": "∀", "exists": "∃", "nexists": "∄", "neg": "¬", "lnot": "¬",
	"checkmark": "✓", "dagger": "†", "ddagger": "‡", "square": "□", "blacksquare": "■", "clubsuit": "♣", "hearts": "♥",
}

// operators are binary operators, relations and arrows.
var operators = map[string]string{
	"pm": "±", "mp": "∓", "times": "×", "div": "÷", "cdot": "⋅", "ast": "∗", "star": "⋆", "circ": "∘", "bullet": "∙",
	"oplus": "⊕", "ominus": "⊖", "otimes": "⊗", "oslash": "⊘", "odot": "⊙", "cap": "∩", "cup": "∪", "setminus": "∖",
	"wedge": "∧", "land": "∧", "vee": "∨", "lor": "∨", "sqcap": "⊓", "sqcup": "⊔", "amalg": "⨿", "wr": "≀", "uplus": "⊎",
	"leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "ll": "≪", "gg": "≫", "neq": "≠", "ne": "≠", "equiv": "≡", "sim": "∼",
	"simeq": "≃", "approx": "≈", "cong": "≅", "propto": "∝", "doteq": "≐", "triangleq": "≜", "coloneqq": "≔", "prec": "≺",
	"succ": "≻", "preceq": "⪯", "succeq": "⪰", "leqslant": "⩽", "geqslant": "⩾", "lesssim": "≲", "gtrsim": "≳",
	"in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "supseteq": "⊇", "perp": "⟂",
	"parallel": "∥", "models": "⊨", "vdash": "⊢", "dashv": "⊣", "asymp": "≍", "bowtie": "⋈", "colon": ":", "And": "&amp;", "&": "&amp;",
	"to": "→", "rightarrow": "→", "leftarrow": "←", "gets": "←", "leftrightarrow": "↔", "Rightarrow": "⇒", "Leftarrow": "⇐",
	"Leftrightarrow": "⇔", "iff": "⟺", "implies": "⟹", "impliedby": "⟸", "mapsto": "↦", "longmapsto": "⟼",
	"longrightarrow": "⟶", "longleftarrow": "⟵", "Longrightarrow": "⟹", "uparrow": "↑", "downarrow": "↓", "updownarrow": "↕",
	"hookrightarrow": "↪", "rightharpoonup": "⇀", "rightleftharpoons": "⇌", "nearrow": "↗", "searrow": "↘", "leadsto": "⇝",
	"therefore": "∴", "because": "∵", "lt": "&lt;", "gt": "&gt;", "cdotp": "·", "surd": "√", "backslash": "∖",
}

// bigOperators grow in display style and take limits, integrals beside them.
var bigOperators = map[string]string{
	"sum": "∑", "prod": "∏", "coprod": "∐", "int": "∫", "iint": "∬", "iiint": "∭", "oint": "∮", "bigcup": "⋃",
	"bigcap": "⋂", "bigoplus": "⨁", "bigotimes": "⨂", "bigodot": "⨀", "bigvee": "⋁", "bigwedge": "⋀", "bigsqcup": "⨆",
}

// fences are delimiters; after \left, \right and \big also (, ), [, ], | and /.
var fences = map[string]string{
	"{": "{", "}": "}", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]", "langle": "⟨", "rangle": "⟩",
	"lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "vert": "|", "lvert": "|", "rvert": "|", "Vert": "‖",
	"lVert": "‖", "rVert": "‖", "|": "‖", "uparrow": "↑", "downarrow": "↓", "backslash": "∖", "lgroup": "⟮", "rgroup": "⟯",
}

var spaces = map[string]string{
	",": "0.1667em", ":": "0.2222em", ">": "0.2222em", ";": "0.2778em", "!": "-0.1667em", " ": "0.333em", "quad": "1em",
	"qquad": "2em", "thinspace": "0.1667em", "medspace": "0.2222em", "thickspace": "0.2778em", "enspace": "0.5em",
}

// functions are set upright; their scripts stand beside them.
const functions = " arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan tanh sgn "

// limitFunctions take what is below them in display style.
var limitFunctions = map[string]string{
	"det": "det", "gcd": "gcd", "inf": "inf", "lim": "lim", "liminf": "lim inf", "limsup": "lim sup", "max": "max",
	"min": "min", "Pr": "Pr", "sup": "sup", "argmax": "arg max", "argmin": "arg min",
}

// An accent is set above its base, or below.
type accent struct {
	sign    string
	stretch bool
	under   bool
}

func (a accent) mark() string {
	if a.stretch {
		return `<mo stretchy="true">` + a.sign + "</mo>"
	}
	return `<mo stretchy="false">` + a.sign + "</mo>"
}

var accents = map[string]accent{
	"hat": {"^", false, false}, "widehat": {"^", true, false}, "tilde": {"~", false, false}, "widetilde": {"~", true, false},
	"bar": {"‾", false, false}, "overline": {"‾", true, false}, "underline": {"_", true, true}, "vec": {"→", false, false},
	"overrightarrow": {"→", true, false}, "dot": {"˙", false, false}, "ddot": {"¨", false, false}, "check": {"ˇ", false, false},
	"breve": {"˘", false, false}, "acute": {"´", false, false}, "grave": {"`", false, false}, "mathring": {"˚", false, false},
}

// sizes of the delimiters that are sized by hand.
var sizes = map[string]string{
	"big": "1.2em", "Big": "1.8em", "bigg": "2.4em", "Bigg": "3em", "bigl": "1.2em", "Bigl": "1.8em", "biggl": "2.4em",
	"Biggl": "3em", "bigr": "1.2em", "Bigr": "1.8em", "biggr": "2.4em", "Biggr": "3em", "bigm": "1.2em", "Bigm": "1.8em",
	"biggm": "2.4em", "Biggm": "3em",
}
