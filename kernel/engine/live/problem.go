package live

import (
	"fmt"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"glownotes/kernel/core"
)

// A problem is one error in the source of a cell.
type problem struct {
	message   string
	number    int // of the cell
	line, col int // 1-based, col in bytes; 0 when unknown
	hint      string
}

// problems are all errors of a cell, in the order of the source.
type problems []problem

func (p problems) Error() string {
	var lines []string
	for _, x := range p {
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", cellFile(x.number), x.line, x.col, x.message))
	}
	return strings.Join(lines, "\n")
}

// addProblem converts an error of the type checker. A message that starts with
// a tab continues the one before.
func (u *unit) addProblem(list problems, e types.Error) problems {
	msg := u.cleanMessage(e.Msg)
	if strings.HasPrefix(msg, "\t") && len(list) > 0 {
		list[len(list)-1].message += "\n" + msg
		return list
	}
	p := problem{message: msg, number: u.number}
	if at := u.fset.Position(e.Pos); at.IsValid() {
		if n, ok := cellOf(at.Filename); ok {
			p.number, p.line, p.col = n, at.Line, at.Column
		} else if at.Filename == endFile {
			p.line, p.col = endOf(u.src)
		}
	}
	return append(list, p)
}

// explain sorts the problems, removes repetitions and adds hints.
func (u *unit) explain(list problems) problems {
	slices.SortStableFunc(list, func(a, b problem) int {
		if a.number != b.number {
			return a.number - b.number
		}
		if a.line != b.line {
			return a.line - b.line
		}
		return a.col - b.col
	})
	list = slices.CompactFunc(list, func(a, b problem) bool {
		return a.number == b.number && a.line == b.line && a.message == b.message
	})
	for i := range list {
		list[i].hint = u.hint(list[i].message)
	}
	return list
}

var quotedCell = regexp.MustCompile(`"` + cellPrefix + `(\d+)"\.` + mark + `?(\w+)`)

// cleanMessage cuts the marks from a message of the checker and names cells
// where it names the packages of cells.
func (u *unit) cleanMessage(msg string) string {
	msg = quotedCell.ReplaceAllStringFunc(msg, func(s string) string {
		m := quotedCell.FindStringSubmatch(s)
		serial, _ := strconv.Atoi(m[1])
		if serial == u.serial {
			return fmt.Sprintf("%s (of this cell)", m[2])
		}
		return fmt.Sprintf("%s (of cell %d)", m[2], u.sess.numbers[serial])
	})
	return cleanC(plain(msg))
}

var (
	undefinedName   = regexp.MustCompile(`^undefined: (\w+)$`)
	undefinedMember = regexp.MustCompile(`^undefined: (\w+)\.(\w+)$`)
)

// hint suggests what a person may have meant.
func (u *unit) hint(msg string) string {
	if m := undefinedMember.FindStringSubmatch(msg); m != nil {
		path := u.auto[m[1]]
		if p := u.importNames[m[1]]; p != "" {
			path = p
		}
		if near := nearest(m[2], keys(u.pkgs.exportedNames(path))); near != "" {
			return "did you mean " + m[1] + "." + near + "?"
		}
		return ""
	}
	if m := undefinedName.FindStringSubmatch(msg); m != nil {
		if paths := u.pkgs.pathsOf(m[1]); len(paths) > 0 {
			return m[1] + " is a package (" + strings.Join(paths, ", ") + "), and has no member of that name"
		}
		var names []string
		for n := range u.sess.symbols {
			if !isC(n) {
				names = append(names, plain(n))
			}
		}
		for n := range u.tops {
			names = append(names, plain(n))
		}
		if near := nearest(m[1], names); near != "" {
			return "did you mean " + near + "?"
		}
		return ""
	}
	if strings.HasSuffix(msg, "is not used") {
		return "only the last line of a cell shows its value; use Display(...) or assign it to _"
	}
	return ""
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// nearest returns the name with the smallest edit distance, if that is small.
func nearest(name string, names []string) string {
	best, at := "", 3
	if len(name) < 4 {
		at = min(2, len(name))
	}
	slices.Sort(names)
	for _, n := range names {
		if n == name || n == "" {
			continue
		}
		if d := core.EditDistance(strings.ToLower(name), strings.ToLower(n)); d < at {
			best, at = n, d
		}
	}
	return best
}

// chunkErrors converts the errors of parsing one chunk, of which a prefix of
// the first line is not the person's.
func (u *unit) chunkErrors(c chunk, prefix int, err error) error {
	perr := u.syntaxErrors(err)
	list, ok := perr.(problems)
	if !ok {
		return perr
	}
	for i := range list {
		if list[i].line == 1 {
			list[i].col += c.col - 1 - prefix
		}
		list[i].line += c.line - 1
	}
	return list
}
