package widgets

import (
	"encoding/base64"
	"maps"
	"slices"

	"glownotes/kernel/display"
)

// shown is a widget that only shows.
func shown(name, view string, state map[string]any) *model {
	m := newModel(controls, controlsVersion, name, view, nil)
	m.state["layout"] = ref(newLayout())
	maps.Copy(m.state, state)
	m.open()
	return m
}

// An HTML shows HTML text.
type HTML struct{ *model }

// NewHTML makes an HTML view.
func NewHTML(value string) *HTML {
	return &HTML{shown("HTMLModel", "HTMLView", map[string]any{
		"value": value, "description": "", "placeholder": "", "style": ref(newStyle("HTMLStyleModel"))})}
}

// SetValue replaces the text.
func (h *HTML) SetValue(s string) { h.update(map[string]any{"value": s}) }

// A Label shows plain text; $...$ is typeset as a formula.
type Label struct{ *model }

// NewLabel makes a label.
func NewLabel(value string) *Label {
	return &Label{shown("LabelModel", "LabelView", map[string]any{
		"value": value, "description": "", "placeholder": "", "style": ref(newStyle("LabelStyleModel"))})}
}

// SetValue replaces the text.
func (l *Label) SetValue(s string) { l.update(map[string]any{"value": s}) }

// An Image shows a picture whose bytes travel as they are, without base64.
type Image struct{ *model }

// NewImage makes an image view of a PNG, which may be empty at first.
func NewImage(png []byte) *Image {
	return &Image{shown("ImageModel", "ImageView", map[string]any{
		"value": slices.Clone(png), "format": "png", "width": "", "height": ""})}
}

// SetPNG replaces the picture.
func (i *Image) SetPNG(png []byte) { i.update(map[string]any{"value": slices.Clone(png)}) }

// Show replaces the picture by v, a value with a PNG form: an image.Image or
// anything with a PNG method. Other values leave the picture as it is and
// report false.
func (i *Image) Show(v any) bool {
	png, ok := display.Of(v).Data[display.MIMEPNG].([]byte)
	if ok {
		i.SetPNG(png)
	}
	return ok
}

// A Progress is a bar that fills.
type Progress struct{ *model }

// NewIntProgress makes a bar from 0 to total.
func NewIntProgress(description string, total int) *Progress {
	return &Progress{bar("IntProgressModel", description, 0, total)}
}

// NewFloatProgress makes a bar from 0 to total.
func NewFloatProgress(description string, total float64) *Progress {
	return &Progress{bar("FloatProgressModel", description, 0.0, total)}
}

func bar(name, description string, value, total any) *model {
	return shown(name, "ProgressView", map[string]any{"description": description, "description_allow_html": false,
		"value": value, "min": value, "max": total, "bar_style": "", "orientation": "horizontal",
		"style": ref(newStyle("ProgressStyleModel"))})
}

// SetValue fills the bar up to v.
func (p *Progress) SetValue(v float64) {
	if _, whole := p.get("max").(int); whole {
		p.update(map[string]any{"value": int(v)})
		return
	}
	p.update(map[string]any{"value": v})
}

// An Output shows what it is given as a cell's output would show it.
type Output struct{ *model }

// NewOutput makes an empty output.
func NewOutput() *Output {
	m := newModel(output, outputVersion, "OutputModel", "OutputView", map[string]any{
		"msg_id": "", "outputs": []any{}, "layout": ref(newLayout())})
	m.open()
	return &Output{m}
}

// Show replaces what the output shows by the values, one below the other.
func (o *Output) Show(vs ...any) {
	outputs := []any{}
	for _, v := range vs {
		b := display.Of(v)
		data := map[string]any{}
		for mime, d := range b.Data {
			if raw, ok := d.([]byte); ok {
				d = base64.StdEncoding.EncodeToString(raw)
			}
			data[mime] = d
		}
		outputs = append(outputs, map[string]any{
			"output_type": "display_data", "data": data, "metadata": nonNil(b.Metadata)})
	}
	o.update(map[string]any{"outputs": outputs})
}

// Clear empties the output.
func (o *Output) Clear() { o.update(map[string]any{"outputs": []any{}}) }

func nonNil(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
