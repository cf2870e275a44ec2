package display

import (
	"encoding/json"
	"fmt"
)

// addMethods adds the forms that v has methods for. The signatures are matched
// one by one: a type of another package satisfies them without knowing them.
func (b Bundle) addMethods(v any) {
	b.binary(MIMEPNG, "PNG", func() ([]byte, error, bool) { return callPNG(v) })
	b.binary(MIMEJPEG, "JPEG", func() ([]byte, error, bool) { return callJPEG(v) })
	if _, has := b.Data[MIMEPNG]; !has {
		// Both forms of one picture would double the size of the notebook and
		// the work of a live update; front ends show one of them only.
		b.textual(MIMESVG, func() (string, error, bool) { return callSVG(v) })
	}
	b.textual(MIMEHTML, func() (string, error, bool) { return callHTML(v) })
	b.textual(MIMEMarkdown, func() (string, error, bool) { return callMarkdown(v) })
	b.textual(MIMELaTeX, func() (string, error, bool) { return callLaTeX(v) })
	b.try(MIMEJSON, func() (any, error) {
		switch v := v.(type) {
		case interface{ JSON() any }:
			return v.JSON(), nil
		case interface{ JSON() (any, error) }:
			return v.JSON()
		case interface{ JSON() ([]byte, error) }:
			data, err := v.JSON()
			return json.RawMessage(data), err
		case interface{ JSON() []byte }:
			return json.RawMessage(v.JSON()), nil
		case interface{ JSON() string }:
			return json.RawMessage(v.JSON()), nil
		}
		return nil, nil
	})
	b.try(MIMEVegaLite, func() (any, error) {
		switch v := v.(type) {
		case interface{ VegaLite() any }:
			return v.VegaLite(), nil
		case interface{ VegaLite() (any, error) }:
			return v.VegaLite()
		}
		return nil, nil
	})
	b.addOwnBundle(v)
	b.describePicture(v)
}

// describePicture gives a picture that has no words of its own a short text
// form, and front ends the size at which to show it.
func (b Bundle) describePicture(v any) {
	data, ok := b.Data[MIMEPNG].([]byte)
	if !ok {
		return
	}
	if w, h, ok := pngSize(data); ok {
		b.Metadata[MIMEPNG] = map[string]any{"width": w, "height": h}
	}
	if _, has := b.Data[MIMEText]; !has && !hasWords(v) {
		b.Data[MIMEText] = fmt.Sprintf("%T: %s", v, pictureText("PNG", data))
	}
}

// hasWords reports whether v describes itself in text.
func hasWords(v any) bool {
	switch v.(type) {
	case fmt.Stringer, error:
		return true
	}
	return false
}

// addOwnBundle merges what a MIMEBundle method returns over the other forms.
func (b Bundle) addOwnBundle(v any) {
	b.try(MIMEText, func() (any, error) {
		var data map[string]any
		switch v := v.(type) {
		case interface{ MIMEBundle() map[string]any }:
			data = v.MIMEBundle()
		case interface {
			MIMEBundle() (map[string]any, error)
		}:
			d, err := v.MIMEBundle()
			if err != nil {
				return nil, err
			}
			data = d
		case interface{ Bundle() Bundle }:
			own := v.Bundle()
			for k, x := range own.Metadata {
				b.Metadata[k] = x
			}
			data = own.Data
		}
		for k, x := range data {
			b.Data[k] = x
		}
		return nil, nil
	})
}

func (b Bundle) binary(mime, name string, call func() ([]byte, error, bool)) {
	b.try(mime, func() (any, error) {
		data, err, ok := call()
		if !ok || err != nil {
			return nil, err
		}
		if len(data) == 0 {
			return nil, fmt.Errorf("%s returned no data", name)
		}
		return data, nil
	})
}

func (b Bundle) textual(mime string, call func() (string, error, bool)) {
	b.try(mime, func() (any, error) {
		s, err, ok := call()
		if !ok || err != nil {
			return nil, err
		}
		return s, nil
	})
}

func callPNG(v any) ([]byte, error, bool) {
	switch v := v.(type) {
	case interface{ PNG() ([]byte, error) }:
		d, err := v.PNG()
		return d, err, true
	case interface{ PNG() []byte }:
		return v.PNG(), nil, true
	}
	return nil, nil, false
}

func callJPEG(v any) ([]byte, error, bool) {
	switch v := v.(type) {
	case interface{ JPEG() ([]byte, error) }:
		d, err := v.JPEG()
		return d, err, true
	case interface{ JPEG() []byte }:
		return v.JPEG(), nil, true
	}
	return nil, nil, false
}

func callSVG(v any) (string, error, bool) {
	switch v := v.(type) {
	case interface{ SVG() string }:
		return v.SVG(), nil, true
	case interface{ SVG() (string, error) }:
		s, err := v.SVG()
		return s, err, true
	case interface{ SVG() ([]byte, error) }:
		s, err := v.SVG()
		return string(s), err, true
	case interface{ SVG() []byte }:
		return string(v.SVG()), nil, true
	}
	return "", nil, false
}

func callHTML(v any) (string, error, bool) {
	switch v := v.(type) {
	case interface{ HTML() string }:
		return v.HTML(), nil, true
	case interface{ HTML() (string, error) }:
		s, err := v.HTML()
		return s, err, true
	case interface{ HTML() ([]byte, error) }:
		s, err := v.HTML()
		return string(s), err, true
	}
	return "", nil, false
}

func callMarkdown(v any) (string, error, bool) {
	switch v := v.(type) {
	case interface{ Markdown() string }:
		return v.Markdown(), nil, true
	case interface{ Markdown() (string, error) }:
		s, err := v.Markdown()
		return s, err, true
	}
	return "", nil, false
}

func callLaTeX(v any) (string, error, bool) {
	switch v := v.(type) {
	case interface{ LaTeX() string }:
		return v.LaTeX(), nil, true
	case interface{ LaTeX() (string, error) }:
		s, err := v.LaTeX()
		return s, err, true
	}
	return "", nil, false
}
