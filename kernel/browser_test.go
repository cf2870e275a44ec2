package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"glownotes/kernel/nb"
)

// browser starts a headless Chromium with a profile of its own, or skips the
// test.
func browser(t *testing.T) context.Context {
	t.Helper()
	found := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			found = path
			break
		}
	}
	if found == "" {
		t.Skip("no Chromium in PATH")
	}
	// Chromium leaves folders where it makes temporary ones, and a process of it may
	// still write there when it is told to end: what cannot be removed stays.
	tmp, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(tmp) })
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(found), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.Env("TMPDIR="+tmp), chromedp.WindowSize(1400, 1000))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// The browser lives as long as the context that starts it.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// menu clicks an item of JupyterLab's menu bar, as a person would.
func menu(bar, item string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		chromedp.Click(fmt.Sprintf(`//div[contains(@class,"lm-MenuBar-itemLabel") and text()=%q]`, bar)),
		point(fmt.Sprintf(`//div[contains(@class,"lm-Menu-itemLabel") and text()=%q]`, item)),
	)
}

// point moves the mouse to an element and clicks: a menu takes a click only
// for the item that the mouse was seen to move over.
func point(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		box, err := chromedp.Run(ctx, chromedp.Dimensions(selector))
		if err != nil {
			return err
		}
		x, y := (box.Content[0]+box.Content[4])/2, (box.Content[1]+box.Content[5])/2
		return chromedp.Do(ctx, chromedp.MouseEvent(chromedp.MouseMoved, x, y), chromedp.MouseClickXY(x, y))
	})
}

// until waits, as long as the browser's context lasts, for a JavaScript
// expression to become true.
func until(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(0), chromedp.WithPollingInterval(100*time.Millisecond))
}

// idle is when the kernel of the open notebook is connected and has nothing to
// do: the status bar says so.
const idle = `[...document.querySelectorAll('#jp-main-statusbar span')].some(e => e.textContent === 'Go (glownotes) | Idle')`

// patience is how long a step in the browser may take.
const patience = 5 * time.Minute

// do carries out one step; if it fails, a screenshot shows where.
func do(t *testing.T, ctx context.Context, step chromedp.Action[chromedp.Void]) {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Do(limited, step); err != nil {
		screenshot(t, ctx, "jupyterlab-failed.png")
		t.Fatal(err)
	}
}

// screenshot keeps a picture of the page in $GLOWNOTES_SCREENSHOTS, if that is
// set.
func screenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("GLOWNOTES_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Logf("no screenshot: %v", err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		t.Log(err)
	}
}

// open starts JupyterLab on a folder, opens a notebook of it and waits for the
// kernel.
func open(t *testing.T, dir, notebook string) context.Context {
	t.Helper()
	jupyterProgram(t, "jupyter-lab")
	ctx := browser(t)
	lab := startLab(t, dir, notebook)
	do(t, ctx, chromedp.Navigate(lab.URL))
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS(`.jp-NotebookPanel .jp-CodeCell`)))
	do(t, ctx, chromedp.Click(chromedp.CSS(`.jp-NotebookPanel .jp-CodeCell`)))
	do(t, ctx, until(idle))
	return ctx
}

// results is true when n cells show a value.
func results(n int) string {
	return fmt.Sprintf(`document.querySelectorAll('.jp-OutputArea-executeResult').length === %d`, n)
}

// look reads what the page shows: the picture's size, whether it is visible,
// its only coloured pixel, and all texts.
const look = `(() => {
	const img = document.querySelector('.jp-OutputArea-output img');
	const c = document.createElement('canvas');
	c.width = img.naturalWidth; c.height = img.naturalHeight;
	const g = c.getContext('2d');
	g.drawImage(img, 0, 0);
	const text = [...document.querySelectorAll('.jp-OutputArea-output pre')].map(e => e.textContent.trim());
	return [img.naturalWidth, img.naturalHeight, img.getBoundingClientRect().width > 0, [...g.getImageData(1, 1, 1, 1).data], text];
})()`

// TestBrowser works with a notebook in JupyterLab as a person does: runs all
// cells, stops a cell that does not end, restarts the kernel.
func TestBrowser(t *testing.T) {
	dir := t.TempDir()
	writeNotebook(t, filepath.Join(dir, "small.ipynb"), append(sources, "fmt.Println(\"looping\")\nfor {\n}")...)
	ctx := open(t, dir, "small.ipynb")
	do(t, ctx, menu("Run", "Run All Cells"))
	do(t, ctx, until(results(2)))
	do(t, ctx, until(`document.querySelector('.jp-Notebook').textContent.includes('looping\n')`))
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS(`.jp-OutputArea-output img`)))
	screenshot(t, ctx, "jupyterlab.png")
	got, err := chromedp.Run(ctx, chromedp.Evaluate[[]any](look))
	if err != nil {
		t.Fatal(err)
	}
	if want := "[48 32 true [200 0 0 255] [hello 42 5 looping]]"; fmt.Sprint(got) != want {
		t.Errorf("the page shows %v, want %s", got, want)
	}

	do(t, ctx, menu("Kernel", "Interrupt Kernel"))
	do(t, ctx, until(idle))
	do(t, ctx, until(`document.querySelector('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')?.textContent.includes('nterrupted')`))

	do(t, ctx, menu("Kernel", "Restart Kernel…"))
	do(t, ctx, chromedp.Click(chromedp.CSS(`.jp-Dialog button.jp-mod-warn`)))
	do(t, ctx, until(`!document.querySelector('.jp-Dialog')`))
	do(t, ctx, until(idle))
	complete(t, ctx)

	const third = `document.querySelectorAll('.jp-CodeCell')[2]`
	do(t, ctx, chromedp.Click(chromedp.JSPath(third+`.querySelector('.jp-InputPrompt')`)))
	do(t, ctx, menu("Run", "Run Selected Cell"))
	do(t, ctx, until(third+`.querySelector('.jp-InputPrompt').textContent.trim() === '[1]:'`))
	do(t, ctx, until(third+`.textContent.includes('undefined: greeting')`)) // a new session
	screenshot(t, ctx, "jupyterlab-restarted.png")
}

// complete asks for completions in the first cell with the Tab key, and for a
// tooltip with Shift and Tab.
func complete(t *testing.T, ctx context.Context) {
	t.Helper()
	do(t, ctx, chromedp.Click(chromedp.CSS(`.jp-CodeCell .cm-content`)))
	do(t, ctx, chromedp.KeyEvent(kb.End, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	do(t, ctx, chromedp.KeyEvent("\rstrings.ToU\t"))
	do(t, ctx, until(`[...document.querySelectorAll('.jp-Completer code')].some(e => e.textContent === 'ToUpper')`))
	screenshot(t, ctx, "jupyterlab-completion.png")
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	do(t, ctx, chromedp.KeyEvent("pper"))
	do(t, ctx, chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	do(t, ctx, until(`document.querySelector('.jp-Tooltip')?.textContent.includes('ToUpper returns s')`))
	screenshot(t, ctx, "jupyterlab-tooltip.png")
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
}

// TestBrowserQuickstart runs the project's first notebook in its short form and
// counts the pictures that appear.
func TestBrowserQuickstart(t *testing.T) {
	n := shortQuickstart(t)
	dir := t.TempDir()
	if err := n.WriteFile(filepath.Join(dir, quickstart)); err != nil {
		t.Fatal(err)
	}
	ctx := open(t, dir, quickstart)
	do(t, ctx, menu("Run", "Run All Cells"))
	last := fmt.Sprintf(`[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].some(e => e.textContent.trim() === '[%d]:')`, nb.Runnable(n))
	do(t, ctx, until(last))
	do(t, ctx, until(idle))
	screenshot(t, ctx, "quickstart.png")
	// An error shows like other output on stderr; a note that cells can be faster now is none.
	const count = `[document.querySelectorAll('.jp-OutputArea-output img, .jp-RenderedSVG svg').length,
		[...document.querySelectorAll('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')].
			filter(e => !e.textContent.startsWith('note: ')).length]`
	got, err := chromedp.Run(ctx, chromedp.Evaluate[[]int](count))
	if err != nil {
		t.Fatal(err)
	}
	if want := pictures(committedQuickstart(t)); want == 0 || got[0] < want || got[1] != 0 {
		t.Errorf("%d pictures and %d errors, want %d pictures and no error", got[0], got[1], want)
	}
}

// TestBrowserSlider moves a slider while a flow trains: the plot follows. Then
// it reloads the page: the widgets come back with their values.
func TestBrowserSlider(t *testing.T) {
	dir := t.TempDir()
	writeNotebook(t, filepath.Join(dir, "slider.ipynb"), `n := widgets.NewIntSlider("power", 1, 10, 2)
widgets.Interact(func() any {
	xs, ys := make([]float64, 50), make([]float64, 50)
	for i := range xs {
		xs[i] = float64(i) / 49
		ys[i] = math.Pow(xs[i], float64(n.Value()))
	}
	return viz.NewCurve(fmt.Sprint("x to the power ", n.Value()), "x", "y").Line("power", xs, ys)
}, n)`,
		`set := Must(data.Silhouettes(data.Silhouettes32()))
m := Must(cglow.New(cglow.Quick32(), 1))
bar := display.NewProgress("training", 100000)
result, err := train.Run(ctx, m, set, train.Quick(100000), func(p train.Progress) { bar.Set(p.Step) })
bar.End()
fmt.Println("kept", result.Steps > 0, err != nil)`)
	ctx := open(t, dir, "slider.ipynb")
	do(t, ctx, menu("Run", "Run All Cells"))
	const handle = `.jp-OutputArea-output .widget-slider [role="slider"], .jp-OutputArea-output .noUi-handle`
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS(handle)))
	const plot = `document.querySelector('.jp-OutputArea-output .jp-RenderedImage img')?.src`
	do(t, ctx, until(`!!`+plot))
	const training = `/training.* [1-9][0-9]*\/100000/.test(document.querySelector('.jp-Notebook').textContent)`
	do(t, ctx, until(training))
	do(t, ctx, chromedp.Focus(chromedp.CSS(handle)))
	for _, want := range []string{"3", "4", "5"} {
		before, err := chromedp.Run(ctx, chromedp.Evaluate[string](plot))
		if err != nil {
			t.Fatal(err)
		}
		do(t, ctx, chromedp.KeyEvent(kb.ArrowRight))
		do(t, ctx, until(fmt.Sprintf(`document.querySelector('.widget-readout')?.textContent.trim() === %q && %s !== %q`, want, plot, before)))
	}
	const running = `document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')[1].textContent.trim() === '[*]:'`
	do(t, ctx, until(running)) // all this while the second cell trains
	screenshot(t, ctx, "slider.png")

	do(t, ctx, menu("Kernel", "Interrupt Kernel"))
	do(t, ctx, until(idle))
	do(t, ctx, menu("File", "Save Notebook"))
	do(t, ctx, until(`!document.querySelector('.jp-mod-current.jp-mod-dirty')`))
	do(t, ctx, chromedp.Reload())
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS(handle)))
	do(t, ctx, until(`!!`+plot))
	do(t, ctx, until(`document.querySelector('.widget-readout')?.textContent.trim() === '5'`))
	screenshot(t, ctx, "slider-reloaded.png")
}
