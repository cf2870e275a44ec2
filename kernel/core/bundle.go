package core

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"glownotes/kernel/display"
	"glownotes/kernel/wire"
)

// bundle returns data and metadata as they go into a message: never nil, and a
// representation that JSON cannot hold replaced by the reason. The data are
// strings, bytes, which are written in base64, and JSON.
func (k *Kernel) bundle(b display.Bundle) (data, metadata map[string]any) {
	data, metadata = maps.Clone(b.Data), maps.Clone(b.Metadata)
	if data == nil {
		data = map[string]any{}
	}
	if metadata == nil {
		metadata = map[string]any{}
	}
	for mime, v := range data {
		v, err := representation(mime, v)
		if err != nil {
			k.log.Warn("core: a value cannot be shown", "mime", mime, "err", err)
			delete(data, mime)
			data["text/plain"] = fmt.Sprintf("(cannot be shown as %s: %v)", mime, err)
			continue
		}
		data[mime] = v
	}
	if _, err := wire.Marshal(metadata); err != nil {
		k.log.Warn("core: metadata of a display", "err", err)
		metadata = map[string]any{}
	}
	return data, metadata
}

// representation returns v in the form that front ends expect for its type:
// text as a string, JSON as an object, not as a string that holds one, and
// everything else as a string or as bytes, which are written in base64.
func representation(mime string, v any) (any, error) {
	isJSON := mime == "application/json" || strings.HasSuffix(mime, "+json")
	switch x := v.(type) {
	case nil:
		return json.RawMessage("null"), nil
	case []byte:
		switch {
		case isJSON:
			return document(x, v), nil
		case strings.HasPrefix(mime, "text/"), mime == "image/svg+xml", mime == "application/javascript":
			return string(x), nil
		}
		return v, nil
	case string:
		if isJSON {
			return document([]byte(x), v), nil
		}
		return v, nil
	}
	return wire.Marshal(v)
}

// appendBundle appends the fields data and metadata of a message, which are
// what bundle returned. A picture is copied once, into base64.
func appendBundle(b []byte, data, metadata map[string]any) []byte {
	size := 64
	for mime, v := range data {
		size += len(mime) + 8
		switch v := v.(type) {
		case string:
			size += len(v) + len(v)/16
		case []byte:
			size += base64.StdEncoding.EncodedLen(len(v))
		case json.RawMessage:
			size += len(v)
		}
	}
	b = append(slices.Grow(b, size), `"data":{`...)
	for i, mime := range slices.Sorted(maps.Keys(data)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(wire.AppendString(b, mime), ':')
		switch v := data[mime].(type) {
		case string:
			b = wire.AppendString(b, v)
		case []byte:
			b = wire.AppendBase64(b, v)
		case json.RawMessage:
			b = append(b, v...)
		}
	}
	b = append(b, `},"metadata":`...)
	m, err := wire.Marshal(metadata)
	if err != nil { // not after bundle
		m = json.RawMessage("{}")
	}
	return append(b, m...)
}

// document returns text as JSON if it is an object or a list, else v.
func document(text []byte, v any) any {
	t := bytes.TrimSpace(text)
	if len(t) > 0 && (t[0] == '{' || t[0] == '[') && json.Valid(t) {
		return json.RawMessage(bytes.ToValidUTF8(t, []byte("\uFFFD")))
	}
	return v
}
