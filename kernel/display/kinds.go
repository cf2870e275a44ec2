package display

// HTML is a piece of HTML: display.HTML("<b>bold</b>").
type HTML string

// Markdown is Markdown text.
type Markdown string

// LaTeX is mathematics in LaTeX, with its dollar signs: "$x^2$".
type LaTeX string

// SVG is a picture in SVG.
type SVG string

// PNG is the content of a PNG file.
type PNG []byte

// JPEG is the content of a JPEG file.
type JPEG []byte

// JSON shows a value as a tree that can be folded.
func JSON(v any) Bundle { return typed(MIMEJSON, v, "JSON") }

// VegaLite shows a Vega-Lite v5 specification, given as any value that
// encoding/json writes as the specification's object.
func VegaLite(spec any) Bundle { return typed(MIMEVegaLite, spec, "Vega-Lite chart") }

// Plotly shows a Plotly figure ({"data": ..., "layout": ...}); the front end
// needs its Plotly extension.
func Plotly(figure any) Bundle { return typed(MIMEPlotly, figure, "Plotly figure") }

func typed(mime string, v any, text string) Bundle {
	b := newBundle()
	b.Data[mime] = v
	b.Data[MIMEText] = text
	return b
}

// kind returns the forms of the types of this file.
func (b Bundle) addKind(v any) bool {
	switch v := v.(type) {
	case HTML:
		b.Data[MIMEHTML], b.Data[MIMEText] = string(v), string(v)
	case Markdown:
		b.Data[MIMEMarkdown], b.Data[MIMEText] = string(v), string(v)
	case LaTeX:
		b.Data[MIMELaTeX], b.Data[MIMEText] = string(v), string(v)
	case SVG:
		b.Data[MIMESVG], b.Data[MIMEText] = string(v), "SVG picture"
	case PNG:
		b.Data[MIMEPNG], b.Data[MIMEText] = []byte(v), pictureText("PNG", v)
	case JPEG:
		b.Data[MIMEJPEG], b.Data[MIMEText] = []byte(v), pictureText("JPEG", v)
	default:
		return false
	}
	return true
}
