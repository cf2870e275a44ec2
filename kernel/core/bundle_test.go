package core

import (
	"encoding/json"
	"log/slog"
	"math"
	"testing"

	"glownotes/kernel/display"
)

func TestBundle(t *testing.T) {
	k := &Kernel{log: slog.New(slog.DiscardHandler)}
	for _, tc := range []struct {
		name string
		mime string
		v    any
		want string // JSON of the data
	}{
		{"text", "text/plain", "a<b", `{"text/plain":"a<b"}`},
		{"bytes of text", "text/html", []byte("<b>"), `{"text/html":"<b>"}`},
		{"bytes of a picture", "image/png", []byte("ABC"), `{"image/png":"QUJD"}`},
		{"bytes of SVG", "image/svg+xml", []byte("<svg/>"), `{"image/svg+xml":"<svg/>"}`},
		{"value as JSON", "application/json", map[string]int{"a": 1}, `{"application/json":{"a":1}}`},
		{"text of JSON", "application/vnd.vega.v5+json", ` {"a":1}`, `{"application/vnd.vega.v5+json":{"a":1}}`},
		{"bytes of JSON", "application/json", []byte("[1]"), `{"application/json":[1]}`},
		{"a string as JSON", "application/json", "word", `{"application/json":"word"}`},
		{"cut JSON", "application/json", `{"a":`, `{"application/json":"{\"a\":"}`},
		{"not a number", "application/json", math.NaN(), `{"text/plain":"(cannot be shown as application/json: json: unsupported value: NaN)"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := display.Bundle{Data: map[string]any{tc.mime: tc.v}}
			data, metadata := k.bundle(in)
			got, err := json.Marshal(data)
			if err != nil {
				t.Fatal(err)
			}
			var a, b any
			if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(tc.want), &b) != nil {
				t.Fatalf("got %s, want %s", got, tc.want)
			}
			x, _ := json.Marshal(a)
			y, _ := json.Marshal(b)
			if string(x) != string(y) || metadata == nil {
				t.Errorf("got %s and metadata %v, want %s", got, metadata, tc.want)
			}
			if len(in.Data) != 1 || in.Data[tc.mime] == nil {
				t.Errorf("the bundle was changed: %v", in.Data)
			}
		})
	}
	data, metadata := k.bundle(display.Bundle{Metadata: map[string]any{"x": func() {}}})
	if data == nil || len(metadata) != 0 {
		t.Errorf("empty bundle: %v, %v", data, metadata)
	}
}
