package interp

import (
	"go/ast"
	"go/token"
)

// order sorts the pieces of a cell so that each comes after what it uses:
// statements keep their order, declarations move before the first statement
// that needs them, or after the statement that declares a variable that they
// need. Cycles among declarations are left to forward declarations.
func order(pieces []piece) []piece {
	o := orderer{pieces: pieces, defs: map[string]int{}, state: make([]int, len(pieces)), prev: make([]int, len(pieces))}
	last := -1
	for i, p := range pieces {
		for _, n := range p.defines() {
			o.defs[n] = i
		}
		o.prev[i] = -1
		if !p.movable() {
			o.prev[i] = last
			last = i
		}
	}
	for i := range pieces {
		o.visit(i)
	}
	return o.out
}

type orderer struct {
	pieces []piece
	defs   map[string]int // names to the piece that declares them, last one wins
	prev   []int          // the statement before a statement, or -1
	state  []int          // 0 not visited, 1 in progress, 2 done
	out    []piece
}

func (o *orderer) visit(i int) {
	if o.state[i] != 0 {
		return
	}
	o.state[i] = 1
	if o.prev[i] >= 0 {
		o.visit(o.prev[i])
	}
	p := o.pieces[i]
	for _, n := range p.uses() {
		j, ok := o.defs[n]
		if ok && (o.pieces[j].movable() || p.movable()) {
			o.visit(j)
		}
	}
	o.state[i] = 2
	o.out = append(o.out, p)
}

// movable reports whether a piece is a declaration without effects of its own.
func (p piece) movable() bool {
	_, ok := p.node.(ast.Decl)
	return ok
}

// defines lists the names that a piece declares in the cell's scope; methods
// as ".Name".
func (p piece) defines() []string {
	switch n := p.node.(type) {
	case *ast.FuncDecl:
		if n.Recv != nil {
			return []string{"." + n.Name.Name}
		}
		return []string{n.Name.Name}
	case *ast.GenDecl:
		return declared(n)
	case *ast.DeclStmt:
		if d, ok := n.Decl.(*ast.GenDecl); ok {
			return declared(d)
		}
	case *ast.AssignStmt:
		var out []string
		if n.Tok == token.DEFINE {
			for _, e := range n.Lhs {
				if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
					out = append(out, id.Name)
				}
			}
		}
		return out
	}
	return nil
}

func declared(d *ast.GenDecl) []string {
	var out []string
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			out = append(out, spec.Name.Name)
		case *ast.ValueSpec:
			for _, id := range spec.Names {
				if id.Name != "_" {
					out = append(out, id.Name)
				}
			}
		}
	}
	return out
}

// uses lists the names that a piece takes from outside, and ".Name" for what
// it selects.
func (p piece) uses() []string {
	var out []string
	for _, id := range p.free {
		out = append(out, id.Name)
	}
	p.inspect(func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			out = append(out, "."+s.Sel.Name)
		}
		return true
	})
	return out
}

// inspect calls f for every node of the piece.
func (p piece) inspect(f func(ast.Node) bool) {
	if p.node != nil {
		ast.Inspect(p.node, f)
	}
	for _, v := range p.values {
		ast.Inspect(v, f)
	}
}
