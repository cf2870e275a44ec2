package zmq

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// queueLimit bounds the bytes of output queued for one peer. What a cell
// prints is bounded by the core well below this, so that only pictures and
// many cells whose output nobody reads can reach it. Replies and status
// messages may take as much again.
const queueLimit = 64 << 20

// maxPeers bounds the connections to one socket.
const maxPeers = 512

// A socket accepts connections and serves each on its own goroutines, so that
// a peer that is slow, silent or malicious holds up nobody else. (The sockets
// of go-zeromq shake hands in their accept loop and write to their peers in
// turn: one silent or stalled connection would block all.)
type socket struct {
	name     string // for the log
	typ      zmq4.SocketType
	listener net.Listener
	log      *slog.Logger
	limit    int               // queueLimit, less in tests
	serve    func(*peer) error // reads from the peer until it ends

	mu      sync.Mutex
	pending map[net.Conn]bool // connections in their handshake
	peers   map[*peer]bool
	closed  bool
	running sync.WaitGroup
}

func newSocket(name string, typ zmq4.SocketType, l net.Listener, log *slog.Logger) *socket {
	return &socket{
		name: name, typ: typ, listener: l, log: log.With("socket", name), limit: queueLimit,
		pending: map[net.Conn]bool{}, peers: map[*peer]bool{},
	}
}

// start accepts connections in the background.
func (s *socket) start(serve func(*peer) error) {
	s.serve = serve
	s.running.Go(s.acceptLoop)
}

func (s *socket) acceptLoop() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Too many open files, or the connection ended already.
			s.log.Warn("zmq: accepting a connection failed", "err", err)
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if !s.admit(conn) {
			_ = conn.Close()
			continue
		}
		s.running.Go(func() { s.open(conn) })
	}
}

// admit notes a connection unless there are too many or the socket closes.
func (s *socket) admit(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if len(s.pending)+len(s.peers) >= maxPeers {
		s.log.Warn("zmq: too many connections", "limit", maxPeers)
		return false
	}
	s.pending[conn] = true
	return true
}

// open shakes hands and serves one connection to its end.
func (s *socket) open(conn net.Conn) {
	identity, err := handshake(conn, s.typ)
	if identity == "" {
		identity = "\x00" + rand.Text() // as ZeroMQ: a made-up identity starts with 0
	}
	p := &peer{conn: conn, identity: identity, out: newQueue(), limit: s.limit, log: s.log}

	s.mu.Lock()
	delete(s.pending, conn)
	if err != nil || s.closed {
		s.mu.Unlock()
		if err != nil && !errors.Is(err, io.EOF) {
			s.log.Warn("zmq: connection refused", "peer", conn.RemoteAddr(), "err", err)
		}
		_ = conn.Close()
		return
	}
	s.peers[p] = true
	s.mu.Unlock()

	s.running.Go(p.writeLoop)
	err = s.serve(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !s.isClosed() {
		s.log.Warn("zmq: connection ended", "peer", conn.RemoteAddr(), "err", err)
	}
	s.mu.Lock()
	delete(s.peers, p)
	s.mu.Unlock()
	p.out.kill()
	_ = conn.Close()
}

func (s *socket) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// all returns the peers of this moment.
func (s *socket) all() []*peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*peer, 0, len(s.peers))
	for p := range s.peers {
		list = append(list, p)
	}
	return list
}

// flush waits until what is queued has been written to all peers.
func (s *socket) flush(ctx context.Context) error {
	var errs error
	for _, p := range s.all() {
		errs = errors.Join(errs, p.out.drained(ctx))
	}
	return errs
}

// close writes what is queued as long as ctx allows, and ends all connections.
func (s *socket) close(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	for conn := range s.pending {
		_ = conn.Close()
	}
	s.mu.Unlock()
	_ = s.listener.Close()
	var group sync.WaitGroup
	for _, p := range s.all() {
		group.Go(func() { p.finish(ctx) })
	}
	group.Wait()
	s.running.Wait()
}
