package live

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// switching returns an engine that has found no image and started in plain
// mode, and a function that ends the building of the image in the background.
func switching(t *testing.T) (e *Engine, built func()) {
	t.Helper()
	ready := engine(t)
	if ready.packages().image == nil {
		t.Skip(ready.noImage)
	}
	t.Setenv(modeVariable, "")
	e, err := New(Options{ModuleRoot: "../../..", CacheDir: t.TempDir(), Warm: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	wait := make(chan struct{})
	e.buildAhead = func(ctx context.Context) error {
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
		return os.Symlink(ready.packages().image.dir, e.imageDir)
	}
	if err := e.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if e.packages().image != nil || e.Plain() == nil || !strings.Contains(e.Info().Banner, "in the background") {
		t.Fatalf("started with the image; banner %q", e.Info().Banner)
	}
	return e, func() { close(wait) }
}

// until waits for something that another goroutine does.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		time.Sleep(5 * time.Millisecond)
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// A session in which no cell has been loaded goes on with the image as soon as
// that is built.
func TestSwitchOver(t *testing.T) {
	e, built := switching(t)
	plainHost := e.process()
	built()
	until(t, func() bool {
		return e.packages().image != nil && e.Plain() == nil && e.process() != plainHost && !plainHost.alive()
	})
	if _, out := execute(t, e, 1, "x := 1\nfmt.Println(x)"); out != "1\n" {
		t.Errorf("the first cell shows %q", out)
	}
	if b := e.Info().Banner; strings.Contains(b, "each") {
		t.Errorf("the banner speaks of slow cells: %q", b)
	}
	if maps := hostMaps(t, e); !strings.Contains(maps, imageName) {
		t.Error("the host does not have the image")
	}
}

// A session that has variables keeps them; one note says how to get the faster
// cells, and a new host has them.
func TestSwitchOverLater(t *testing.T) {
	e, built := switching(t)
	execute(t, e, 1, "x := 41")
	host := e.process()
	built()
	until(t, e.tellFaster.Load)
	if _, out := execute(t, e, 2, "x++\nfmt.Println(x)"); out != "!"+fasterNote+"42\n" {
		t.Errorf("the cell after the image was built shows %q", out)
	}
	if _, out := execute(t, e, 3, "fmt.Println(x)"); out != "42\n" {
		t.Errorf("the cell after that shows %q", out)
	}
	if b := e.Info().Banner; !strings.Contains(b, "restart the kernel") {
		t.Errorf("the banner: %q", b)
	}
	if e.process() != host || e.packages().image != nil {
		t.Error("the session was not kept")
	}
	if err := e.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, out := execute(t, e, 4, "fmt.Println(\"new\")"); out != "new\n" || e.packages().image == nil || !strings.Contains(hostMaps(t, e), imageName) {
		t.Errorf("after the restart the cell shows %q, image %v", out, e.packages().image != nil)
	}
	if err := e.Plain(); err != nil {
		t.Errorf("after the restart cells are said to be plain: %v", err)
	}
}

// hostMaps lists the files that the host has mapped.
func hostMaps(t *testing.T, e *Engine) string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", e.process().cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
