package zmq

import (
	"bytes"
	"sync"

	"glownotes/kernel/wire"
)

// A publisher is the XPUB socket of IOPub. go-zeromq's own swallows the
// subscriptions, which the kernel must see to welcome subscribers (JEP 65),
// and lets one stalled subscriber block the others.
type publisher struct {
	*socket
	encode func(*wire.Message) ([][]byte, error)

	mu      sync.Mutex
	subs    map[*peer]*subscriber
	welcome func(topic string) *wire.Message
	lost    func(first *wire.Message, n int) *wire.Message
}

type subscriber struct {
	topics map[string]int // subscribed prefixes, counted as XPUB does
	first  *wire.Message  // the first of the messages that were dropped
	n      int            // how many
}

func newPublisher(s *socket, encode func(*wire.Message) ([][]byte, error)) *publisher {
	return &publisher{socket: s, encode: encode, subs: map[*peer]*subscriber{}}
}

// serve reads the subscriptions of one peer.
func (b *publisher) serve(p *peer) error {
	b.mu.Lock()
	b.subs[p] = &subscriber{topics: map[string]int{}}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.subs, p)
		b.mu.Unlock()
	}()
	return p.readLoop(func(frames [][]byte) {
		// ZMTP 3.0 writes a subscription as a message: 1 or 0, then the topic.
		if f := frames[0]; len(frames) == 1 && len(f) > 0 && f[0] <= 1 {
			b.subscribe(p, string(f[1:]), f[0] == 1)
		}
	}, func(name string, data []byte) {
		// ZMTP 3.1 has commands for it.
		if name == "SUBSCRIBE" || name == "CANCEL" {
			b.subscribe(p, string(data), name == "SUBSCRIBE")
		}
	})
}

// maxTopics bounds what one subscriber may make us remember.
const maxTopics = 1024

func (b *publisher) subscribe(p *peer, topic string, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	topics := b.subs[p].topics
	if !on {
		if topics[topic]--; topics[topic] <= 0 {
			delete(topics, topic)
		}
		return
	}
	if topics[topic] == 0 && len(topics) >= maxTopics {
		b.log.Warn("zmq: too many subscriptions of one peer", "limit", maxTopics)
		return
	}
	if topics[topic]++; topics[topic] > 1 || b.welcome == nil {
		return
	}
	b.sendTo(p, b.welcome(topic))
}

func (b *publisher) onSubscribe(welcome func(topic string) *wire.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.welcome = welcome
	for p, sub := range b.subs {
		for topic := range sub.topics {
			b.sendTo(p, welcome(topic))
		}
	}
}

// sendTo encodes m for one peer; b.mu is held. A nil message is none.
func (b *publisher) sendTo(p *peer, m *wire.Message) bool {
	if m == nil {
		return true
	}
	frames, err := b.encode(m)
	if err != nil {
		b.log.Error("zmq: encoding failed", "msg_type", m.Header.MsgType, "err", err)
		return true
	}
	return p.out.put(packet{frames: frames}, 2*p.limit)
}

// publish queues m for all who subscribed to its topic. Output that a
// subscriber does not read is dropped for this subscriber once too much is
// queued, and it is told so when it reads again; what tells the state of the
// kernel and the end of a cell is queued still.
func (b *publisher) publish(m *wire.Message, frames [][]byte) {
	limit := b.limit
	if !isBulk(m.Header.MsgType) {
		limit *= 2
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for p, sub := range b.subs {
		if !sub.wants(frames[0]) {
			continue
		}
		b.report(p, sub)
		if p.out.put(packet{frames: frames}, limit) {
			continue
		}
		if sub.n++; sub.n == 1 {
			sub.first = m
			b.log.Warn("zmq: a front end does not read its output: dropping", "peer", p.conn.RemoteAddr())
		}
	}
}

// report tells a subscriber that reads again what it missed; b.mu is held.
func (b *publisher) report(p *peer, sub *subscriber) {
	if sub.n == 0 || p.out.held() > p.limit/2 {
		return
	}
	if b.lost == nil || b.sendTo(p, b.lost(sub.first, sub.n)) {
		sub.first, sub.n = nil, 0
	}
}

func (s *subscriber) wants(topic []byte) bool {
	for t := range s.topics {
		if bytes.HasPrefix(topic, []byte(t)) {
			return true
		}
	}
	return false
}

// isBulk reports whether messages of that type are output, of which there may
// be much.
func isBulk(msgType string) bool {
	switch msgType {
	case "stream", "display_data", "update_display_data", "comm_msg":
		return true
	}
	return false
}
