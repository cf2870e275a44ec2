package zmq

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
)

func writeFile(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kernel.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// service is a registration service for one kernel; answer makes its reply
// from what the kernel sent.
func service(t *testing.T, answer func(frames [][]byte) [][]byte) *wire.Registration {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := zmq4.NewRouter(ctx)
	if err := s.Listen("tcp://127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			m, err := s.Recv()
			if ctx.Err() != nil {
				return
			}
			if err != nil || len(m.Frames) == 0 {
				continue // localIP's connection
			}
			_ = s.Send(zmq4.NewMsgFrom(append([][]byte{m.Frames[0]}, answer(m.Frames[1:])...)...))
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = s.Close()
		<-done
	})
	_, port, err := splitPort(s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return &wire.Registration{
		KernelID: "the-kernel", Transport: "tcp", IP: "127.0.0.1", Port: port,
		Key: "secret", SignatureScheme: wire.SignatureScheme,
	}
}

func splitPort(address string) (string, int, error) {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == ':' {
			port, err := strconv.Atoi(address[i+1:])
			return address[:i], port, err
		}
	}
	return "", 0, errors.New("no port in " + address)
}

func TestOpenRegistration(t *testing.T) {
	signer, err := wire.NewSigner(wire.SignatureScheme, "secret")
	if err != nil {
		t.Fatal(err)
	}
	ack := func() [][]byte {
		content := []byte(`{"status":"ok"}`)
		return [][]byte{[]byte("<IDS|MSG>"), signer.Sign(content), content}
	}
	got := make(chan [][]byte, 1)
	r := service(t, func(frames [][]byte) [][]byte {
		got <- frames
		return ack()
	})
	tr, err := Open(t.Context(), writeFile(t, r), quiet)
	if err != nil {
		t.Fatal(err)
	}
	kerneltest.Run(t, core.Options{Transport: tr, Engine: &kerneltest.Engine{}})
	frames := <-got
	if len(frames) != 3 || string(frames[0]) != "<IDS|MSG>" || !signer.Verify(frames[1], frames[2]) {
		t.Fatalf("frames %q, want delimiter, signature, content", frames)
	}
	var told map[string]string
	if err := json.Unmarshal(frames[2], &told); err != nil {
		t.Fatal(err)
	}
	info := tr.Info()
	for field, want := range map[string]string{
		"kernel_id": "the-kernel", "shell_port": strconv.Itoa(info.ShellPort), "control_port": strconv.Itoa(info.ControlPort),
		"stdin_port": strconv.Itoa(info.StdinPort), "iopub_port": strconv.Itoa(info.IOPubPort), "hb_port": strconv.Itoa(info.HBPort),
	} {
		if told[field] != want {
			t.Errorf("%s = %q, want %q", field, told[field], want)
		}
	}
	c := kerneltest.NewClient(t, connect(t, info, "front"))
	welcome(c)
	if x := c.Execute("print registered"); x.Text("stdout") != "registered\n" {
		t.Errorf("output %q", x.Text("stdout"))
	}
}

func TestRegistrationRefused(t *testing.T) {
	forged := service(t, func([][]byte) [][]byte {
		return [][]byte{[]byte("<IDS|MSG>"), []byte("00"), []byte(`{"status":"ok"}`)}
	})
	if _, err := Register(t.Context(), forged, quiet); !errors.Is(err, wire.ErrSignature) {
		t.Errorf("forged acknowledgement: %v, want ErrSignature", err)
	}
	short := service(t, func([][]byte) [][]byte { return [][]byte{[]byte("yes")} })
	var d *wire.DecodeError
	if _, err := Register(t.Context(), short, quiet); !errors.As(err, &d) {
		t.Errorf("an acknowledgement of one frame: %v, want a *DecodeError", err)
	}
	gone := *short
	gone.Port = 1
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := Register(ctx, &gone, quiet); err == nil {
		t.Error("no error without a service")
	}
}

func TestOpenConnectionFile(t *testing.T) {
	first := listenLoopback(t)
	info := first.Info()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	tr, err := Open(t.Context(), writeFile(t, info), quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if tr.Info() != info {
		t.Errorf("listens at %+v, want %+v", tr.Info(), info)
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "none"), quiet); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestOpenWarns: a key that others may read is worth a line in the log.
func TestOpenWarns(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("file modes do not say who may read on Windows")
	}
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o644: true} {
		first := listenLoopback(t)
		info := first.Info()
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		path := writeFile(t, info)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		tr, err := Open(t.Context(), path, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		_ = tr.Close()
		if got := strings.Contains(log.String(), "may read the key"); got != want {
			t.Errorf("mode %v: warned %t, want %t: %s", mode, got, want, &log)
		}
		if strings.Contains(log.String(), loopback.Key) {
			t.Error("the key is in the log")
		}
	}
}
