package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Header identifies a message ("General message format" of the messaging
// specification). The zero Header is written as {}.
//
// A Header that was decoded is written exactly as it arrived, with fields that
// this package does not know and the sender's form of the date: that is what a
// front end expects to find in parent_header. To send a changed header, build
// a new one.
type Header struct {
	MsgID      string
	Session    string
	Username   string
	Date       time.Time // zero when the sender gave none that can be read
	MsgType    string
	Version    string
	SubshellID string // "": the main shell

	raw string // JSON as received, "" for a header made here
}

// headerFields is a Header as JSON.
type headerFields struct {
	MsgID      string `json:"msg_id"`
	Session    string `json:"session"`
	Username   string `json:"username"`
	Date       string `json:"date"`
	MsgType    string `json:"msg_type"`
	Version    string `json:"version"`
	SubshellID string `json:"subshell_id,omitempty"`
}

// dateLayout has six digits of a second and no more: jupyter_client reads
// dates with a pattern that allows no more.
const dateLayout = "2006-01-02T15:04:05.000000Z07:00"

// dateLayouts are the forms in which front ends write the date. The last two
// lack a zone, which the specification calls deprecated; they count as UTC.
var dateLayouts = [...]string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999-0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
}

// IsZero reports whether h is the header of no message.
func (h Header) IsZero() bool { return h == Header{} }

// MarshalJSON writes h as it arrived, or as this package writes headers.
func (h Header) MarshalJSON() ([]byte, error) {
	switch {
	case h.raw != "":
		return []byte(h.raw), nil
	case h.IsZero():
		return []byte("{}"), nil
	}
	return json.Marshal(headerFields{
		MsgID: h.MsgID, Session: h.Session, Username: h.Username,
		Date: h.Date.UTC().Format(dateLayout), MsgType: h.MsgType,
		Version: h.Version, SubshellID: h.SubshellID,
	})
}

// UnmarshalJSON reads a header. It is lenient where nothing depends on the
// field: a date that cannot be read is the zero time.
func (h *Header) UnmarshalJSON(data []byte) error {
	var f struct {
		headerFields
		Date any `json:"date"`
	}
	text := strings.TrimSpace(string(data))
	if text == "null" {
		*h = Header{}
		return nil
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("wire: header: %w", err)
	}
	date, _ := f.Date.(string)
	*h = Header{
		MsgID: f.MsgID, Session: f.Session, Username: f.Username,
		Date: parseDate(date), MsgType: f.MsgType, Version: f.Version,
		SubshellID: f.SubshellID,
	}
	if !h.IsZero() {
		h.raw = text
	}
	return nil
}

func parseDate(s string) time.Time {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
