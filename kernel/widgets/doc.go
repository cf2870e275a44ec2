// Package widgets speaks the Jupyter widgets protocol (version 2.1, models
// @jupyter-widgets/controls 2.0.0) from Go: sliders, menus, buttons, images
// and boxes that live in the browser while their values live here. Front ends
// that know ipywidgets (JupyterLab with jupyterlab_widgets, VS Code) show
// them; no JavaScript is injected.
//
//	steps := widgets.NewIntSlider("steps", 0, 100, 10)
//	steps.OnChange(func(v int) { fmt.Println(v) })
//	steps // last line of a cell: shows it
//
//	t := widgets.NewFloatSlider("temperature", 0, 1.5, 0.7)
//	widgets.Interact(func() any { return grid(t.Value()) }, t)
//
// # Callbacks
//
// Callbacks run one at a time on their own goroutine, also while a cell runs,
// and never hold up the protocol. When a person drags a slider faster than
// its callback can follow, values in between are skipped and the last one is
// always delivered. A panic in a callback is reported on standard error; the
// widget stays alive.
//
// Every method may be called from any goroutine.
package widgets
