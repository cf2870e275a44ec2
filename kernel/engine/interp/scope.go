package interp

import "sync"

// A scopeView is what completion knows of the session, while cells run.
type scopeView struct {
	mu sync.Mutex
}

func newScopeView(map[string]Table) *scopeView { return &scopeView{} }
func (v *scopeView) update(s *session)         {}
