package core

import (
	"testing"
	"time"

	"glownotes/kernel/wire"
)

func TestMailboxAbort(t *testing.T) {
	at := func(date time.Time) *request {
		return &request{Message: &wire.Message{Header: wire.Header{MsgID: "1", Date: date}}}
	}
	b := newMailbox()
	waiting := at(time.Now())
	b.put(waiting)
	b.abort()
	if got := b.take(); got != waiting || !got.aborted {
		t.Error("a cell that waits is not aborted")
	}
	for _, tc := range []struct {
		name string
		sent func() time.Time // called after the failure
		late bool             // it comes when the failure is long past
		want bool
	}{
		{"on its way", func() time.Time { return b.failed.Add(-time.Millisecond) }, false, true},
		{"sent after", time.Now, false, false},
		{"sent after, in milliseconds", func() time.Time { return time.Now().Truncate(time.Millisecond) }, false, false},
		{"without a date", func() time.Time { return time.Time{} }, false, false},
		{"clock behind", func() time.Time { return b.failed.Add(-time.Hour) }, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var r, got *request
			for range 1000 { // until this process is not held up for abortTime right here
				b.abort()
				if tc.late {
					b.failed = b.failed.Add(-2 * abortTime)
				}
				r = at(tc.sent())
				b.put(r)
				soon := time.Since(b.failed) < abortTime
				if got = b.take(); soon || tc.late {
					break
				}
			}
			if got != r || got.aborted != tc.want {
				t.Errorf("aborted = %t, want %t", got.aborted, tc.want)
			}
		})
	}
	b.put(waiting)
	b.close()
	if b.put(waiting) {
		t.Error("put after close succeeded")
	}
	if b.take() != waiting || b.take() != nil {
		t.Error("a closed mailbox gives what it holds, then nil")
	}
}
