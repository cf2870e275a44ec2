package display

import (
	"errors"
	"sync"
)

// A CommMessage is a message of the Jupyter comm protocol ("Custom messages"
// of the messaging specification): the way widgets talk to the front end.
type CommMessage struct {
	Kind     string // "open", "msg" or "close"
	ID       string // comm_id
	Target   string // target_name, with "open" only
	Data     map[string]any
	Metadata map[string]any
	Buffers  [][]byte
}

// A CommSink is a Sink that also carries comm messages to the front end.
type CommSink interface {
	Sink
	Comm(m CommMessage)
}

// ErrNoComms means that nothing here carries comm messages: the code runs
// outside a notebook.
var ErrNoComms = errors.New("display: no front end here takes comm messages")

// SendComm hands m to the front end.
func SendComm(m CommMessage) error {
	s, ok := currentSink().(CommSink)
	if !ok {
		return ErrNoComms
	}
	s.Comm(m)
	return nil
}

// commHandler receives what the front end sends; like the sink it joins code
// that is compiled apart.
var commHandler struct {
	sync.RWMutex
	f func(CommMessage)
}

// OnComm installs the receiver of comm messages from the front end and
// returns the one before it.
func OnComm(f func(CommMessage)) (old func(CommMessage)) {
	commHandler.Lock()
	defer commHandler.Unlock()
	old, commHandler.f = commHandler.f, f
	return old
}

// DeliverComm passes a message from the front end to the receiver, in the
// order of calls. The cell host calls it. It reports false when nobody
// receives.
func DeliverComm(m CommMessage) bool {
	commHandler.RLock()
	f := commHandler.f
	commHandler.RUnlock()
	if f == nil {
		return false
	}
	f(m)
	return true
}
