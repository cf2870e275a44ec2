package widgets

import "maps"

// valued is a control with one value of type T under the attribute key.
type valued[T any] struct {
	*model
	key  string
	conv func(any) (T, bool) // checks and converts a value from the browser

	hooks []func(T)
	anys  []func()
}

// newValued makes the model of a control; conv also bounds the value.
func newValued[T any](name, view, style, key string, conv func(any) (T, bool), state map[string]any) *valued[T] {
	all := map[string]any{"disabled": false, "tooltip": nil, "layout": ref(newLayout()), "style": ref(newStyle(style))}
	maps.Copy(all, state)
	v := &valued[T]{model: newModel(controls, controlsVersion, name, view, all), key: key, conv: conv}
	v.accept = func(k string, x any) (any, bool) {
		if k != key {
			return x, true
		}
		t, ok := conv(x)
		return t, ok
	}
	v.changed = func(keys map[string]any) {
		if _, ok := keys[key]; ok {
			queue.do(v, v.notify)
		}
	}
	v.open()
	return v
}

// Value returns the current value.
func (v *valued[T]) Value() T {
	t, _ := v.conv(v.get(v.key))
	return t
}

// SetValue changes the value here and in the browser; callbacks do not run.
// A value outside the bounds is brought to the nearest bound.
func (v *valued[T]) SetValue(x T) {
	if t, ok := v.conv(any(x)); ok {
		x = t
	}
	v.update(map[string]any{v.key: x})
}

// OnChange calls f with the new value after a person changed it.
func (v *valued[T]) OnChange(f func(T)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hooks = append(v.hooks, f)
}

func (v *valued[T]) onAny(f func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.anys = append(v.anys, f)
}

func (v *valued[T]) notify() {
	defer guard(v.name)
	v.mu.Lock()
	hooks, anys := v.hooks, v.anys
	v.mu.Unlock()
	x := v.Value()
	for _, f := range hooks {
		f(x)
	}
	for _, f := range anys {
		f()
	}
}

// newLayout opens a LayoutModel, whose attributes are CSS properties.
func newLayout() *model {
	m := newModel(base, baseVersion, "LayoutModel", "LayoutView", nil)
	m.open()
	return m
}

// newStyle opens a style model; name is its _model_name.
func newStyle(name string) *model {
	m := newModel(controls, controlsVersion, name, "StyleView", map[string]any{
		"_view_module": base, "_view_module_version": baseVersion})
	m.open()
	return m
}

// ref is how one model names another in its state.
func ref(w interface{ ModelID() string }) string { return "IPY_MODEL_" + w.ModelID() }

func asFloat(v any) (float64, bool) { return number(v) }

func asInt(v any) (int, bool) {
	f, ok := number(v)
	return int(f), ok && f == float64(int(f))
}

func asString(v any) (string, bool) { s, ok := v.(string); return s, ok }

func asBool(v any) (bool, bool) { b, ok := v.(bool); return b, ok }

// within bounds a converter's result.
func within[T int | float64](conv func(any) (T, bool), lo, hi T) func(any) (T, bool) {
	return func(v any) (T, bool) {
		x, ok := conv(v)
		return min(max(x, lo), hi), ok
	}
}
