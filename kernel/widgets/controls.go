package widgets

import "slices"

// An IntSlider chooses an integer between two bounds.
type IntSlider struct{ *valued[int] }

// NewIntSlider makes a slider from low to high inclusive.
func NewIntSlider(description string, low, high, value int) *IntSlider {
	return &IntSlider{newValued("IntSliderModel", "IntSliderView", "SliderStyleModel", "value",
		within(asInt, low, high), slider(description, low, high, min(max(value, low), high), 1, "d"))}
}

// A FloatSlider chooses a number between two bounds.
type FloatSlider struct{ *valued[float64] }

// NewFloatSlider makes a slider with 100 steps from low to high; Set("step",
// x) changes the step.
func NewFloatSlider(description string, low, high, value float64) *FloatSlider {
	return &FloatSlider{newValued("FloatSliderModel", "FloatSliderView", "SliderStyleModel", "value",
		within(asFloat, low, high), slider(description, low, high, min(max(value, low), high), (high-low)/100, ".2f"))}
}

func slider(description string, low, high, value, step any, format string) map[string]any {
	return map[string]any{
		"description": description, "description_allow_html": false,
		"min": low, "max": high, "value": value, "step": step,
		"continuous_update": true, "orientation": "horizontal",
		"readout": true, "readout_format": format, "behavior": "drag-tap",
	}
}

// A Checkbox chooses between true and false.
type Checkbox struct{ *valued[bool] }

// NewCheckbox makes a checkbox with its text beside it.
func NewCheckbox(description string, value bool) *Checkbox {
	return &Checkbox{newValued("CheckboxModel", "CheckboxView", "CheckboxStyleModel", "value", asBool,
		map[string]any{"description": description, "description_allow_html": false, "value": value, "indent": true})}
}

// A Text is a line of text that a person types.
type Text struct{ *valued[string] }

// NewText makes a text field. It reports each keystroke; Set("continuous_update",
// false) reports only finished lines.
func NewText(description, value string) *Text {
	return &Text{newValued("TextModel", "TextView", "TextStyleModel", "value", asString,
		map[string]any{"description": description, "description_allow_html": false, "value": value,
			"placeholder": "\u200b", "continuous_update": true})}
}

// A Dropdown chooses one of a list of strings. Its value is the index.
type Dropdown struct {
	*valued[int]
	options []string
}

// NewDropdown makes a menu with options[selected] chosen.
func NewDropdown(description string, options []string, selected int) *Dropdown {
	options = slices.Clone(options)
	last := len(options) - 1
	return &Dropdown{newValued("DropdownModel", "DropdownView", "DescriptionStyleModel", "index",
		within(asInt, 0, last), map[string]any{"description": description, "description_allow_html": false,
			"_options_labels": options, "index": min(max(selected, 0), last)}), options}
}

// Label returns the chosen option, "" when there is none.
func (d *Dropdown) Label() string {
	if i := d.Value(); i >= 0 && i < len(d.options) {
		return d.options[i]
	}
	return ""
}

// A Button runs functions when a person clicks it.
type Button struct {
	*model
	clicks hooks
}

// NewButton makes a button.
func NewButton(description string) *Button {
	b := &Button{model: newModel(controls, controlsVersion, "ButtonModel", "ButtonView", map[string]any{
		"description": description, "disabled": false, "tooltip": nil, "icon": "", "button_style": "",
		"layout": ref(newLayout()), "style": ref(newStyle("ButtonStyleModel"))})}
	b.custom = func(content map[string]any) {
		if content["event"] == "click" {
			queue.do(b, b.click)
		}
	}
	b.open()
	return b
}

// OnClick calls f after each click.
func (b *Button) OnClick(f func()) { b.onAny(f) }

func (b *Button) onAny(f func()) { b.clicks.add(f) }

func (b *Button) click() { b.clicks.call(b.name) }
