// Package display turns Go values into what a notebook can show.
package display

// A Bundle is a mimebundle: representations of one value by MIME type, of
// which the front end shows the richest that it knows. Binary data ([]byte)
// is base64-encoded where the bundle is written as JSON; JSON types hold
// objects, not strings.
type Bundle struct {
	Data     map[string]any
	Metadata map[string]any
}
