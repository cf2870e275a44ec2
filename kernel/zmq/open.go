package zmq

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/go-zeromq/zmq4"

	"glownotes/kernel/wire"
)

// registerTime is how long a kernel tries to register: whoever started it
// listens already.
const registerTime = 10 * time.Second

// Open listens as the file says that a kernel is started with: at the
// addresses of a connection file, or, with a registration file, at ports of
// its own choice, which it tells to the registration service.
func Open(ctx context.Context, path string, logger *slog.Logger) (*Transport, error) {
	info, registration, err := wire.ReadStartupFile(path)
	if err != nil {
		return nil, err
	}
	if f, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && f.Mode().Perm()&0o077 != 0 {
		logger.Warn("zmq: others on this machine may read the key of this session", "file", path, "mode", f.Mode().Perm())
	}
	if registration == nil {
		return Listen(ctx, info, logger)
	}
	return Register(ctx, registration, logger)
}

// Register listens on free ports of the interface that leads to the
// registration service, and tells the service the ports.
func Register(ctx context.Context, r *wire.Registration, logger *slog.Logger) (*Transport, error) {
	ctx, cancel := context.WithTimeout(ctx, registerTime)
	defer cancel()
	ip, err := localIP(ctx, r.Address())
	if err != nil {
		return nil, fmt.Errorf("zmq: registering: %w", err)
	}
	t, err := Listen(ctx, wire.ConnectionInfo{
		Transport: "tcp", IP: ip, Key: r.Key, SignatureScheme: r.SignatureScheme,
	}, logger)
	if err != nil {
		return nil, err
	}
	if err := announce(ctx, r, t.Info()); err != nil {
		_ = t.Close()
		return nil, fmt.Errorf("zmq: registering: %w", err)
	}
	return t, nil
}

// localIP returns the address from which this machine reaches another.
func localIP(ctx context.Context, address string) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	host, _, err := net.SplitHostPort(conn.LocalAddr().String())
	return host, err
}

// announce sends the ports and waits for the acknowledgement.
func announce(ctx context.Context, r *wire.Registration, info wire.ConnectionInfo) error {
	frames, err := r.Frames(info)
	if err != nil {
		return err
	}
	s := zmq4.NewDealer(ctx, zmq4.WithID(zmq4.SocketIdentity(r.KernelID)))
	defer s.Close()
	if err := s.Dial("tcp://" + r.Address()); err != nil {
		return err
	}
	if err := s.Send(zmq4.NewMsgFrom(frames...)); err != nil {
		return err
	}
	ack, err := s.Recv()
	if err != nil {
		return fmt.Errorf("no acknowledgement: %w", err)
	}
	return r.CheckAck(ack.Frames)
}
