package zmq

import (
	"errors"
	"fmt"

	"glownotes/kernel/wire"
)

// ErrNoPeer means that the front end to which a message should go is not
// connected to that channel.
var ErrNoPeer = errors.New("zmq: no such peer")

// route queues m for the peers whose identity is its first one. There may be
// several: all clients of one jupyter_client manager share one. Each finds its
// own messages by the parent header.
func (s *socket) route(m *wire.Message, frames [][]byte) error {
	if len(m.Identities) == 0 {
		return fmt.Errorf("zmq: %s on %s has no identity to go to", m.Header.MsgType, m.Channel)
	}
	to := string(m.Identities[0])
	found := false
	for _, p := range s.all() {
		if p.identity != to {
			continue
		}
		found = true
		if !p.out.put(packet{frames: frames[1:]}, 2*p.limit) {
			s.log.Warn("zmq: a front end does not read its replies", "msg_type", m.Header.MsgType)
		}
	}
	if !found {
		return fmt.Errorf("%w on %s for %s", ErrNoPeer, m.Channel, m.Header.MsgType)
	}
	return nil
}
