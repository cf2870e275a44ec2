package jupyter

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// oldestLab is the first JupyterLab that is used when it is found in PATH.
var oldestLab = [2]int{4, 0}

// FindLab looks for a JupyterLab 4 or newer in PATH; an empty path means that
// there is none.
func FindLab(ctx context.Context) (path, version string) {
	path, err := exec.LookPath("jupyter-lab")
	if err != nil {
		return "", ""
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	version = strings.TrimSpace(string(out))
	if err != nil || older(version, oldestLab) {
		return "", ""
	}
	return path, version
}

// LabOptions say what to start.
type LabOptions struct {
	Program string   // jupyter-lab
	Dir     string   // the folder to show
	Port    int      // 0 takes the first free one from 8888 on
	Open    string   // file of Dir to open, may be empty
	Args    []string // further arguments for jupyter-lab
	Log     io.Writer
	Env     []string // added to this process's environment
}

// A Lab is a running JupyterLab.
type Lab struct {
	URL  string // with the token
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// StartLab starts JupyterLab on the loopback interface with a fresh token and
// waits until it answers. It stops when ctx ends.
func StartLab(ctx context.Context, o LabOptions) (*Lab, error) {
	first, last := o.Port, o.Port
	if o.Port == 0 {
		first, last = firstPort, lastPort
	}
	for {
		port, err := freePort(first, last)
		if err != nil {
			return nil, err
		}
		l, err := startLab(ctx, o, port)
		if err == nil {
			return l, nil
		}
		if ctx.Err() != nil || l == nil || port == last {
			return nil, err
		}
		// It ended at once. Another server may have taken the port meanwhile:
		// both may have been started at the same time.
		if _, free := freePort(port, port); free == nil {
			return nil, err
		}
		first = port + 1
	}
}

// Jupyter's usual port, and the last that is tried.
const firstPort, lastPort = 8888, 8988

// startLab starts JupyterLab on a port. The Lab is not nil if it was started,
// whatever came of it.
func startLab(ctx context.Context, o LabOptions, port int) (*Lab, error) {
	secret := make([]byte, 24)
	rand.Read(secret) // never fails
	token := hex.EncodeToString(secret)
	args := []string{
		"--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=" + strconv.Itoa(port), "--ServerApp.port_retries=0",
		"--ServerApp.root_dir=" + o.Dir,
	}
	if os.Geteuid() == 0 {
		args = append(args, "--allow-root")
	}
	cmd := exec.Command(o.Program, append(args, o.Args...)...)
	cmd.Dir = o.Dir
	cmd.Stdout, cmd.Stderr = o.Log, o.Log
	// The token goes through the environment: arguments are visible to every
	// user of the machine.
	cmd.Env = append(append(os.Environ(), "JUPYTER_TOKEN="+token), o.Env...)
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("jupyter: %w", err)
	}
	l := &Lab{cmd: cmd, done: make(chan struct{})}
	go func() {
		l.err = cmd.Wait()
		close(l.done)
	}()
	context.AfterFunc(ctx, l.Stop)
	base := "http://127.0.0.1:" + strconv.Itoa(port)
	l.URL = base + "/lab"
	if o.Open != "" {
		l.URL += "/tree/" + (&url.URL{Path: filepath.ToSlash(o.Open)}).EscapedPath()
	}
	l.URL += "?token=" + token
	if err := l.await(ctx, base+"/api/status?token="+token); err != nil {
		l.Stop()
		return l, err
	}
	return l, nil
}

// await polls the server's status page.
func (l *Lab) await(ctx context.Context, status string) error {
	const patience = 5 * time.Minute // a cold disk needs half of one, and the machine may have much else to do
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := http.Client{Timeout: 5 * time.Second}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, status, nil)
		if err != nil {
			return fmt.Errorf("jupyter: %w", err)
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-l.done:
			return fmt.Errorf("jupyter: JupyterLab ended before it answered: %w", orExit(l.err))
		case <-ctx.Done():
			return fmt.Errorf("jupyter: JupyterLab did not answer within %v: %w", patience, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func orExit(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// Wait returns when JupyterLab has ended.
func (l *Lab) Wait() error {
	<-l.done
	if l.err != nil {
		return fmt.Errorf("jupyter: JupyterLab: %w", l.err)
	}
	return nil
}

// Stop ends JupyterLab, its kernels first, and waits for it.
func (l *Lab) Stop() {
	terminate(l.cmd.Process)
	select {
	case <-l.done:
	case <-time.After(10 * time.Second): // its own limit for kernels is 5 s
		l.cmd.Process.Kill()
		<-l.done
	}
}

// freePort returns the first free port of the loopback interface.
func freePort(first, last int) (int, error) {
	var err error
	for port := first; port <= last; port++ {
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("jupyter: no free port: %w", err)
}
