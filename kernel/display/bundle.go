package display

// A Bundle is a mimebundle: representations of one value by MIME type, of
// which the front end shows the richest that it knows. Binary data ([]byte)
// is base64-encoded where the bundle is written as JSON; JSON types hold
// objects, not strings.
type Bundle struct {
	Data     map[string]any
	Metadata map[string]any
}

// The MIME types that Of produces.
const (
	MIMEText     = "text/plain"
	MIMEHTML     = "text/html"
	MIMEMarkdown = "text/markdown"
	MIMELaTeX    = "text/latex"
	MIMEPNG      = "image/png"
	MIMEJPEG     = "image/jpeg"
	MIMESVG      = "image/svg+xml"
	MIMEJSON     = "application/json"
	MIMEVegaLite = "application/vnd.vegalite.v5+json"
	MIMEPlotly   = "application/vnd.plotly.v1+json"
)

// Text returns the text/plain form, or "" when the bundle has none.
func (b Bundle) Text() string {
	s, _ := b.Data[MIMEText].(string)
	return s
}

// Plain tells whether the bundle has no other form than text/plain.
func (b Bundle) Plain() bool {
	for k := range b.Data {
		if k != MIMEText {
			return false
		}
	}
	return true
}

func newBundle() Bundle {
	return Bundle{Data: map[string]any{}, Metadata: map[string]any{}}
}
