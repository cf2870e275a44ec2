package nb

import (
	"encoding/json"
	"maps"
	"strconv"
)

// object reads the fields of one JSON object and removes them, so that rest
// holds those that nobody asked for.
type object struct {
	r      *reader
	path   string
	fields map[string]any
}

func (o object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

func (o object) take(name string, required bool) (any, bool) {
	v, ok := o.fields[name]
	delete(o.fields, name)
	if !ok && required {
		o.r.fail(o.path, "the required field %q is missing", name)
	}
	return v, ok
}

func (o object) rest() map[string]any {
	if len(o.fields) == 0 {
		return nil
	}
	return o.fields
}

func (o object) text(name string, required bool) string {
	v, ok := o.take(name, required)
	s, isText := v.(string)
	if ok && !isText {
		o.r.fail(o.at(name), "%s, want a string", kindOf(v))
	}
	return s
}

// lines reads a string or a list of strings that belong together
// (multiline_string in the schema).
func (o object) lines(name string, required bool) string {
	v, ok := o.take(name, required)
	switch v := v.(type) {
	case string:
		return v
	case []any:
		s, allText := joinLines(v)
		if !allText {
			o.r.fail(o.at(name), "a list with something else than strings in it")
		}
		return s
	}
	if ok {
		o.r.fail(o.at(name), "%s, want a string or a list of strings", kindOf(v))
	}
	return ""
}

func (o object) integer(name string, required bool) (int, bool) {
	v, ok := o.take(name, required)
	if !ok {
		return 0, false
	}
	if num, isNum := v.(json.Number); isNum {
		if i, err := strconv.Atoi(num.String()); err == nil {
			return i, true
		}
	}
	o.r.fail(o.at(name), "%s, want a whole number", kindOf(v))
	return 0, false
}

// count reads an execution count; null and absent are 0.
func (o object) count(name string) int {
	if v, ok := o.fields[name]; !ok || v == nil {
		delete(o.fields, name)
		return 0
	}
	n, _ := o.integer(name, false)
	return n
}

func (o object) object(name string, required bool) map[string]any {
	v, ok := o.take(name, required)
	m, isMap := v.(map[string]any)
	if ok && !isMap {
		o.r.fail(o.at(name), "%s, want an object", kindOf(v))
	}
	return m
}

func (o object) list(name string, required bool) []any {
	v, ok := o.take(name, required)
	l, isList := v.([]any)
	if ok && !isList {
		o.r.fail(o.at(name), "%s, want a list", kindOf(v))
	}
	return l
}

func (o object) element(list string, i int, v any) (object, bool) {
	path := o.at(list + "[" + strconv.Itoa(i) + "]")
	m, ok := v.(map[string]any)
	if !ok {
		o.r.fail(path, "%s, want an object", kindOf(v))
	}
	return object{r: o.r, path: path, fields: maps.Clone(m)}, ok
}

// kindOf names a JSON value for an error message.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	}
	return "an object"
}
