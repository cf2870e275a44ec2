package zmq

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"time"
)

// A peer is one connection after its handshake.
type peer struct {
	conn     net.Conn
	identity string // of the remote socket; made up here when it gave none
	out      *queue
	limit    int // of out
	log      *slog.Logger
}

// readBuffer and writeBuffer are the sizes of the buffers in front of a
// connection: a message of small frames costs one system call.
const (
	readBuffer  = 16 << 10
	writeBuffer = 64 << 10
)

// lingerTime is how long a closing connection waits for its peer to take what
// was written.
const lingerTime = 250 * time.Millisecond

// writeLoop writes what is queued until the queue is closed and empty or the
// connection fails.
func (p *peer) writeLoop() {
	w := bufio.NewWriterSize(p.conn, writeBuffer)
	for {
		items := p.out.take()
		if len(items) == 0 {
			return
		}
		if err := p.write(w, items); err != nil {
			p.out.kill()
			_ = p.conn.Close() // ends the reader, which reports the end
			return
		}
	}
}

func (p *peer) write(w *bufio.Writer, items []packet) error {
	pending := 0
	for i, it := range items {
		var err error
		if it.command {
			err = writeFrame(w, flagCommand, it.frames[0])
		} else {
			err = writeMessage(w, it.frames)
		}
		if err != nil {
			return err
		}
		items[i] = packet{} // its memory may go
		if pending += it.size(); pending >= writeBuffer || i == len(items)-1 {
			if err := w.Flush(); err != nil {
				return err
			}
			p.out.wrote(pending)
			pending = 0
		}
	}
	return nil
}

// readLoop hands every message to handle until the connection ends; it
// answers pings itself. Other commands go to command, which may be nil.
func (p *peer) readLoop(handle func([][]byte), command func(name string, data []byte)) error {
	r := bufio.NewReaderSize(p.conn, readBuffer)
	for {
		frames, isCommand, err := readMessage(r, defaultLimits)
		if err != nil {
			return err
		}
		if !isCommand {
			handle(frames)
			continue
		}
		name, data, err := splitCommand(frames[0])
		switch {
		case err != nil:
			return err
		case name == "PING":
			p.out.put(packet{[][]byte{pong(data)}, true}, p.limit)
		case command != nil:
			command(name, data)
		}
	}
}

// finish lets the writer write what is queued, then ends the connection in a
// way that does not lose what the peer has not read yet.
func (p *peer) finish(ctx context.Context) {
	p.out.close()
	err := p.out.drained(ctx)
	if half, ok := p.conn.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite()
		// The reader sees the end when the peer has closed its side.
		_ = p.conn.SetReadDeadline(time.Now().Add(lingerTime))
		return
	}
	_ = p.conn.Close()
}
