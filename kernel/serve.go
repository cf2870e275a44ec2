package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/live"
	"glownotes/kernel/history"
	"glownotes/kernel/jupyter"
	"glownotes/kernel/magic"
	"glownotes/kernel/zmq"
)

// helpLinks are in the Help menu of front ends.
var helpLinks = []core.HelpLink{
	{Text: "Go: documentation", URL: "https://go.dev/doc/"},
	{Text: "Go: standard library", URL: "https://pkg.go.dev/std"},
	{Text: "Gorgonia", URL: "https://pkg.go.dev/gorgonia.org/gorgonia"},
	{Text: "Gonum", URL: "https://pkg.go.dev/gonum.org/v1/gonum"},
}

type serveCommand struct {
	File  string `arg:"" name:"connection-file" help:"Connection file, or registration file, that the client wrote." type:"existingfile"`
	GoBin string `help:"Folder of the go command, used where PATH has none." placeholder:"DIR"`
	Debug bool   `help:"Log every message."`
	engineFlag
}

// Run serves one session until a client asks for shutdown, SIGTERM comes or
// the process that started this one ends. SIGINT interrupts the running cell.
func (s serveCommand) Run(c *cli) error {
	level := slog.LevelWarn
	if s.Debug {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if _, err := exec.LookPath("go"); err != nil && s.GoBin != "" {
		os.Setenv("PATH", os.Getenv("PATH")+string(filepath.ListSeparator)+s.GoBin)
	}
	root, err := c.moduleRoot()
	if err != nil && !s.interpreted() {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)

	transport, err := zmq.Open(ctx, s.File, logger)
	if err != nil {
		return err
	}
	engine, err := s.open(live.Options{ModuleRoot: root, Warm: true, Logger: logger})
	if err != nil {
		return errors.Join(err, transport.Close())
	}
	options := core.Options{Transport: transport, Engine: magic.Wrap(engine, ""), Logger: logger, Version: version, HelpLinks: helpLinks}
	if host, err := jupyter.Host(); err == nil {
		options.History = history.New(filepath.Join(host.ShareDir(), "history.sqlite"), logger)
		options.OverflowDir = filepath.Join(host.CacheDir(), "output")
	}
	kernel := core.New(options)
	go func() {
		for range interrupts {
			kernel.Interrupt()
		}
	}()
	if orphaned := parentGone(); orphaned != nil {
		go func() {
			<-orphaned
			kernel.Shutdown()
		}()
	}
	err = kernel.Serve(ctx)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// firstParent is the parent when the program began: it may be gone by the time somebody asks.
var firstParent = os.Getppid()

// parentGone returns a channel that closes when the Jupyter client that
// started this process is gone: jupyter_client tells its process id in
// JPY_PARENT_PID. It is nil where that is not this process's parent.
func parentGone() <-chan struct{} {
	parent, err := strconv.Atoi(os.Getenv("JPY_PARENT_PID"))
	if err != nil || parent <= 1 || firstParent != parent {
		return nil
	}
	gone := make(chan struct{})
	go func() {
		for os.Getppid() == parent { // an orphan gets another parent
			time.Sleep(time.Second)
		}
		close(gone)
	}()
	return gone
}
