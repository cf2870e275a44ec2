package display

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // pictureText reads the size of JPEG pictures
	"image/png"
	"maps"
	"reflect"
)

// Of returns the bundle of a value. It never fails: a method that returns an
// error or panics is reported in the text form.
func Of(v any) Bundle {
	switch v := v.(type) {
	case Bundle:
		return v.complete()
	case *Bundle:
		if v != nil {
			return v.complete()
		}
	}
	b := newBundle()
	if b.addKind(v) || isNil(v) {
		return b.withText(v)
	}
	b.addMethods(v)
	if b.Plain() {
		b.addStructure(v)
	}
	return b.withText(v)
}

// complete returns the bundle with the text form that every bundle must have.
func (b Bundle) complete() Bundle {
	c := newBundle()
	maps.Copy(c.Data, b.Data)
	maps.Copy(c.Metadata, b.Metadata)
	if _, ok := c.Data[MIMEText]; !ok {
		c.Data[MIMEText] = ""
	}
	return c
}

func (b Bundle) withText(v any) Bundle {
	if _, ok := b.Data[MIMEText]; !ok {
		b.Data[MIMEText] = Text(v)
	}
	return b
}

func isNil(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan, reflect.Interface, reflect.Slice:
		return r.IsNil()
	}
	return false
}

// addStructure adds what a value shows by what it is: pictures, tables.
func (b Bundle) addStructure(v any) {
	b.try(MIMEPNG, func() (any, error) {
		img, ok := v.(image.Image)
		if !ok {
			return nil, nil
		}
		if img.Bounds().Empty() {
			return nil, nil
		}
		if _, ok := v.(fmt.Stringer); !ok {
			b.Data[MIMEText] = fmt.Sprintf("%T, %d×%d", v, img.Bounds().Dx(), img.Bounds().Dy())
		}
		var buf bytes.Buffer
		err := png.Encode(&buf, img)
		return buf.Bytes(), err
	})
	if b.Plain() {
		b.try(MIMEPNG, func() (any, error) {
			data, text, err := plotPNG(v)
			if data == nil || err != nil {
				return nil, err
			}
			if _, ok := v.(fmt.Stringer); !ok {
				b.Data[MIMEText] = text
			}
			return data, nil
		})
	}
	if _, failed := b.Data[MIMEText]; b.Plain() && !failed {
		b.try(MIMEHTML, func() (any, error) {
			if m, ok := v.(matrix); ok {
				t := matrixTable(m)
				b.Data[MIMEText] = t.text()
				return t.html(), nil
			}
			if t, ok := structTable(v); ok {
				b.Data[MIMEText] = t.text()
				return t.html(), nil
			}
			return nil, nil
		})
	}
	if _, has := b.Data[MIMEText]; !has {
		b.addTensor(v)
	}
}

// try adds the form that f returns; nil means that there is none. Errors and
// panics of user code end in the text form.
func (b Bundle) try(mime string, f func() (any, error)) {
	defer func() {
		if r := recover(); r != nil {
			b.Data[MIMEText] = fmt.Sprintf("display: the %s form panicked: %v", mime, r)
		}
	}()
	x, err := f()
	if err != nil {
		b.Data[MIMEText] = fmt.Sprintf("display: the %s form failed: %v", mime, err)
		return
	}
	if x != nil {
		b.Data[mime] = x
	}
}

// pictureText describes an encoded picture.
func pictureText(kind string, data []byte) string {
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Sprintf("%s picture, %d bytes", kind, len(data))
	}
	return fmt.Sprintf("%s picture, %d×%d", kind, c.Width, c.Height)
}
