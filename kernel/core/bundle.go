package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"glownotes/kernel/display"
)

// bundle returns data and metadata as they go into a message: never nil, and a
// representation that JSON cannot hold replaced by the reason.
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
	if _, err := json.Marshal(metadata); err != nil {
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
	_, err := json.Marshal(v)
	return v, err
}

// document returns text as JSON if it is an object or a list, else v.
func document(text []byte, v any) any {
	t := bytes.TrimSpace(text)
	if len(t) > 0 && (t[0] == '{' || t[0] == '[') && json.Valid(t) {
		return json.RawMessage(t)
	}
	return v
}
