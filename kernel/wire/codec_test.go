package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func signer(t testing.TB, key string) Signer {
	t.Helper()
	s, err := NewSigner(SignatureScheme, key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSignature compares with a value computed by Python:
// hmac.new(b"key", b'{"a":1}{}{}{"code":"x"}', "sha256").hexdigest().
func TestSignature(t *testing.T) {
	const want = "a5aaacf20fe2368de7cecf9f9c9894a75358cb8420fc39c7b1e5717154ec2743"
	s := signer(t, "key")
	parts := [][]byte{[]byte(`{"a":1}`), []byte(`{}`), []byte(`{}`), []byte(`{"code":"x"}`)}
	if got := string(s.Sign(parts...)); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
	for _, tc := range []struct {
		name      string
		signature string
		want      bool
	}{
		{"right", want, true},
		{"upper case", strings.ToUpper(want), true},
		{"one digit differs", "0" + want[1:], want[0] == '0'},
		{"short", want[:62], false},
		{"long", want + "00", false},
		{"empty", "", false},
		{"not hexadecimal", strings.Repeat("z", 64), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := s.Verify([]byte(tc.signature), parts...); got != tc.want {
				t.Errorf("Verify(%q) = %t, want %t", tc.signature, got, tc.want)
			}
		})
	}
	t.Run("no key", func(t *testing.T) {
		var s Signer
		if got := s.Sign(parts...); len(got) != 0 || !s.Verify([]byte("anything"), parts...) {
			t.Errorf("without a key: Sign = %q, Verify = %t", got, s.Verify(nil, parts...))
		}
	})
	if _, err := NewSigner("hmac-md5", "key"); err == nil {
		t.Error("NewSigner(hmac-md5) succeeded")
	}
}

func TestRoundTrip(t *testing.T) {
	s, session := signer(t, "secret"), NewSession("me")
	request := session.Header("execute_request")
	for _, tc := range []struct {
		name    string
		message Message
	}{
		{"full", Message{
			Channel: Shell, Identities: [][]byte{{0, 1, 2}, []byte("b")}, Header: session.Header("execute_reply"),
			Parent: request, Metadata: map[string]any{"started": "now"}, Content: json.RawMessage(`{"a":[1,"<b>"]}`),
			Buffers: [][]byte{{1}, {}, bytes.Repeat([]byte{7}, 1000)},
		}},
		{"empty", Message{Channel: IOPub, Header: session.Header("status")}},
		{"subshell", Message{Channel: Shell, Header: Header{MsgID: "1", MsgType: "x", SubshellID: "s"}, Content: json.RawMessage(`{}`)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			frames, err := s.Encode(&tc.message)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range frames {
				if string(f) == "null" {
					t.Errorf("frame %d is null", i)
				}
			}
			got, err := s.Decode(tc.message.Channel, frames)
			if err != nil {
				t.Fatal(err)
			}
			again, err := s.Encode(got)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(frames, again) {
				t.Errorf("encoded again:\n got %q\nwant %q", again, frames)
			}
			if got.Header.MsgID != tc.message.Header.MsgID || got.Parent.MsgID != tc.message.Parent.MsgID ||
				got.Header.SubshellID != tc.message.Header.SubshellID || len(got.Buffers) != len(tc.message.Buffers) {
				t.Errorf("got %+v, want %+v", got, tc.message)
			}
		})
	}
}

// TestParentEcho: what the front end wrote into its header comes back in
// parent_header byte for byte.
func TestParentEcho(t *testing.T) {
	s := signer(t, "")
	header := `{"msg_id": "a", "msg_type":"execute_request","date":"2026-01-02T03:04:05.6+01:00", "extra": {"x": null},"session":"s"}`
	m, err := s.Decode(Shell, [][]byte{[]byte(delimiter), {}, []byte(header), []byte(" null "), []byte("null"), []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 1, 2, 2, 4, 5, 600e6, time.UTC); !m.Header.Date.Equal(want) {
		t.Errorf("date = %v, want %v", m.Header.Date, want)
	}
	if !m.Parent.IsZero() || m.Metadata != nil {
		t.Errorf("parent %+v and metadata %v, want none", m.Parent, m.Metadata)
	}
	frames, err := s.Encode(&Message{Header: NewSession("k").Header("execute_reply"), Parent: m.Header})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(frames[3]); got != header {
		t.Errorf("parent_header = %s, want %s", got, header)
	}
}

func TestDates(t *testing.T) {
	want := time.Date(2026, 11, 23, 14, 0, 1, 250e6, time.UTC)
	for name, tc := range map[string]struct {
		json string
		want time.Time
	}{
		"utc":       {`"2026-11-23T14:00:01.25Z"`, want},
		"offset":    {`"2026-11-23T15:00:01.250000+01:00"`, want},
		"no colon":  {`"2026-11-23T15:00:01.250+0100"`, want},
		"naive":     {`"2026-11-23T14:00:01.250000"`, want},
		"space":     {`"2026-11-23 14:00:01.25"`, want},
		"empty":     {`""`, time.Time{}},
		"null":      {`null`, time.Time{}},
		"a number":  {`17`, time.Time{}},
		"an object": {`{"$date":1}`, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			var h Header
			if err := json.Unmarshal([]byte(`{"msg_id":"1","date":`+tc.json+`}`), &h); err != nil {
				t.Fatal(err)
			}
			if !h.Date.Equal(tc.want) || h.MsgID != "1" {
				t.Errorf("%s: got %v of %q, want %v", tc.json, h.Date, h.MsgID, tc.want)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	s := signer(t, "secret")
	const header = `{"msg_id":"1","msg_type":"x"}`
	signed := func(parts ...string) [][]byte {
		var p [][]byte
		for _, x := range parts {
			p = append(p, []byte(x))
		}
		return slices.Concat([][]byte{[]byte("id"), []byte(delimiter), s.Sign(p...)}, p)
	}
	forged := signed(header, "{}", "{}", "{}")
	forged[6] = []byte(`{"code":"rm"}`)
	for _, tc := range []struct {
		name   string
		frames [][]byte
		part   string
	}{
		{"nothing", nil, "frames"},
		{"no delimiter", [][]byte{[]byte("hello")}, "frames"},
		{"too few", [][]byte{[]byte(delimiter), []byte("00"), []byte("{}")}, "frames"},
		{"wrong signature", forged, "signature"},
		{"header is text", signed("{not", "{}", "{}", "{}"), "header"},
		{"header is a list", signed("[]", "{}", "{}", "{}"), "header"},
		{"header is null", signed("null", "{}", "{}", "{}"), "header"},
		{"no msg_id", signed(`{"msg_type":"x"}`, "{}", "{}", "{}"), "header"},
		{"msg_type is a number", signed(`{"msg_id":"1","msg_type":3}`, "{}", "{}", "{}"), "header"},
		{"parent is a string", signed(header, `"x"`, "{}", "{}"), "parent_header"},
		{"metadata is a list", signed(header, "{}", "[1]", "{}"), "metadata"},
		{"content is null", signed(header, "{}", "{}", "null"), "content"},
		{"content is a list", signed(header, "{}", "{}", "[]"), "content"},
		{"content is empty", signed(header, "{}", "{}", ""), "content"},
		{"content is cut", signed(header, "{}", "{}", `{"a":`), "content"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := s.Decode(Shell, tc.frames)
			var d *DecodeError
			if !errors.As(err, &d) {
				t.Fatalf("Decode = %+v, %v, want a *DecodeError", m, err)
			}
			if d.Part != tc.part || errors.Is(err, ErrSignature) != (tc.part == "signature") {
				t.Errorf("error %v in part %q, want part %q", err, d.Part, tc.part)
			}
		})
	}
}

func TestSessionNew(t *testing.T) {
	s := NewSession("kernel")
	m, err := s.New(IOPub, "stream", Header{}, map[string]string{"text": "a<b>&\xff"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(m.Content), "{\"text\":\"a<b>&\ufffd\"}"; got != want && got != `{"text":"a<b>&\ufffd"}` {
		t.Errorf("content = %s, want %s", got, want)
	}
	other, err := s.New(IOPub, "stream", Header{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(other.Content) != "{}" || other.Header.MsgID == m.Header.MsgID || other.Header.Session != s.ID() {
		t.Errorf("second message: %+v", other)
	}
	if s.ID() == NewSession("kernel").ID() {
		t.Error("two sessions with one id")
	}
	if _, err := s.New(IOPub, "stream", Header{}, func() {}); err == nil {
		t.Error("a function as content: no error")
	}
}

// FuzzDecode: whatever arrives, Decode returns a message that can be written
// again and reads back the same, or a *DecodeError.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"msg_id":"1","msg_type":"x"}`), []byte(`{}`), []byte(`{}`), []byte(`{"code":"1"}`), []byte("buf"))
	f.Add([]byte(`{"msg_id":"1","msg_type":"x","date":3,"subshell_id":null}`), []byte(`null`), []byte(`null`), []byte(` {} `), []byte(delimiter))
	f.Add([]byte(`{"msg_id":"1","msg_type":"x"}`), []byte(`{"date":"2026-01-01T00:00:00"}`), []byte(`{"a":{"b":[1e400]}}`), []byte(`{"a":1}{`), []byte{})
	s := signer(f, "k")
	f.Fuzz(func(t *testing.T, header, parent, metadata, content, extra []byte) {
		frames := [][]byte{extra, []byte(delimiter), s.Sign(header, parent, metadata, content), header, parent, metadata, content, extra}
		m, err := s.Decode(Shell, frames)
		if err != nil {
			var d *DecodeError
			if !errors.As(err, &d) {
				t.Fatalf("error %T %v, want *DecodeError", err, err)
			}
			return
		}
		again, err := s.Encode(m)
		if err != nil {
			t.Fatalf("Encode of what Decode gave: %v", err)
		}
		n, err := s.Decode(Shell, again)
		if err != nil {
			t.Fatalf("Decode of what Encode gave: %v", err)
		}
		n.Metadata, m.Metadata = nil, nil // {} and null are the same
		if !reflect.DeepEqual(m, n) {
			t.Errorf("read again:\n got %+v\nwant %+v", n, m)
		}
	})
}

// FuzzFrames gives Decode frames of any number, without a valid signature.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("id\n<IDS|MSG>\n\n{}\n{}\n{}\n{}"))
	f.Add([]byte("<IDS|MSG>"))
	var open Signer // accepts every signature: more of the decoder is reached
	f.Fuzz(func(t *testing.T, data []byte) {
		frames := bytes.Split(data, []byte("\n"))
		if m, err := open.Decode(Control, frames); (m == nil) == (err == nil) {
			t.Errorf("Decode = %v, %v", m, err)
		}
	})
}
