package hostwire

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestConn(t *testing.T) {
	frames := []Frame{
		{Kind: Run, Cell: 3, Path: "/x.so"},
		{Kind: Display, Mark: 7, ID: "a", Data: map[string]any{"image/png": []byte{0, 1, 2}, "text/plain": "x"}, Metadata: map[string]any{"k": 1.5}},
		{Kind: Done, Failure: &Failure{Kind: FailPanic, Message: "boom", Calls: []Call{{"f", "cell[1]", 2}}}},
		{Kind: Comm, Text: "msg", Parts: [][]byte{{9}, {}}, Data: map[string]any{"v": []byte("b")}},
	}
	var pipe bytes.Buffer
	c := NewConn(&pipe, &pipe)
	for _, f := range frames {
		before := fmt.Sprint(f)
		if err := c.Send(f); err != nil {
			t.Fatal(err)
		}
		if after := fmt.Sprint(f); after != before {
			t.Errorf("Send changed its argument: %s, was %s", after, before)
		}
	}
	for _, want := range frames {
		got, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		got.Sizes = nil
		if len(want.Parts) == 0 {
			got.Parts = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
	if _, err := c.Receive(); err != io.EOF {
		t.Errorf("at the end: %v, want EOF", err)
	}
}

func TestConnRejects(t *testing.T) {
	for name, in := range map[string]string{
		"huge header": "\xff\xff\xff\xff",
		"no JSON":     "\x02\x00\x00\x00xx",
		"bad size":    "\x1d\x00\x00\x00" + `{"kind":"run","sizes":[-100]}`,
		"keys":        "\x1b\x00\x00\x00" + `{"kind":"run","keys":["a"]}`,
		"cut":         "\x1d\x00\x00\x00{",
	} {
		if _, err := NewConn(strings.NewReader(in), io.Discard).Receive(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSplitter(t *testing.T) {
	m := Mark{Nonce: "n0nce"}
	in := "a" + string(m.Place(12)) + "b" + NameMark + "c\x00\x01d" + string(m.Cell(3)) + "Ꞌꞌé\xea" + "\x00\x01n0ncez\x03" + "\x00\x01n0ncem12345678901234567890123" + string(m.Place(-1))
	want := "a|m12|bc\x00\x01d|c3|ꞌé\xea\x00\x01n0ncez\x03\x00\x01n0ncem12345678901234567890123|m-1|"
	for size := 1; size <= len(in); size++ {
		var out strings.Builder
		s := Splitter{Mark: m, Text: func(p []byte) { out.Write(p) },
			Found: func(verb byte, n int64) { fmt.Fprintf(&out, "|%c%d|", verb, n) }}
		for i := 0; i < len(in); i += size {
			s.Write([]byte(in[i:min(i+size, len(in))]))
		}
		s.Flush()
		if out.String() != want {
			t.Fatalf("in pieces of %d:\n%q, want\n%q", size, out.String(), want)
		}
	}
}

func BenchmarkSplitter(b *testing.B) {
	p := bytes.Repeat([]byte("a line of ordinary output with some text\n"), 1600)
	b.SetBytes(int64(len(p)))
	s := Splitter{Mark: Mark{"n"}, Text: func([]byte) {}, Found: func(byte, int64) {}}
	for b.Loop() {
		s.Write(p)
	}
}
