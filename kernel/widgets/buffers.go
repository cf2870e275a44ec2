package widgets

import (
	"maps"
	"slices"
)

// split takes binary values out of a state, as the protocol wants them: the
// key is absent from the state, its path stands in buffer_paths and the bytes
// travel as a raw buffer.
func split(state map[string]any) (rest map[string]any, paths [][]string, buffers [][]byte) {
	rest, paths = map[string]any{}, [][]string{}
	for _, k := range slices.Sorted(maps.Keys(state)) {
		if b, ok := state[k].([]byte); ok {
			paths = append(paths, []string{k})
			buffers = append(buffers, b)
			continue
		}
		rest[k] = state[k]
	}
	return rest, paths, buffers
}

// join is the inverse of split for what arrives from the browser. Paths that
// go deeper than one key are not used by any widget here and are left out.
func join(state map[string]any, paths any, buffers [][]byte) map[string]any {
	all := maps.Clone(state)
	if all == nil {
		all = map[string]any{}
	}
	list, _ := paths.([]any)
	for i, p := range list {
		path, _ := p.([]any)
		if len(path) != 1 || i >= len(buffers) {
			continue
		}
		if key, ok := path[0].(string); ok {
			all[key] = buffers[i]
		}
	}
	return all
}

func isBytes(v any) bool {
	_, ok := v.([]byte)
	return ok
}
