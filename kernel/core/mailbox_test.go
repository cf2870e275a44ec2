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
	before := time.Now().Add(-2 * time.Millisecond)
	b.abort()
	for _, tc := range []struct {
		name string
		r    *request
		late bool // it comes when the failure is long past
		want bool
	}{
		{"waiting", waiting, false, true},
		{"on its way", at(before), false, true},
		{"sent after", at(time.Now()), false, false},
		{"sent after, in milliseconds", at(time.Now().Truncate(time.Millisecond)), false, false},
		{"without a date", at(time.Time{}), false, false},
		{"clock behind", at(before.Add(-time.Hour)), true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.late {
				b.failed = b.failed.Add(-2 * abortTime)
			}
			if tc.r != waiting {
				b.put(tc.r)
			}
			if got := b.take(); got != tc.r || got.aborted != tc.want {
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
