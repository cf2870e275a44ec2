package nb

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// A Notebook is the content of an .ipynb file.
type Notebook struct {
	Cells    []*Cell
	Metadata map[string]any
	Minor    int            // nbformat_minor; the major version is 4
	Extra    map[string]any // fields that nbformat does not define
}

// A CellType tells code from text.
type CellType string

// The cell types of nbformat 4.
const (
	Code     CellType = "code"
	Markdown CellType = "markdown"
	Raw      CellType = "raw"
)

// A Cell is one cell of a notebook.
type Cell struct {
	ID             string
	Type           CellType
	Source         string
	Metadata       map[string]any
	Attachments    map[string]any // file name to mimebundle; Markdown and raw cells
	Outputs        []*Output      // code cells
	ExecutionCount int            // code cells; 0 is null: not executed
	Extra          map[string]any
}

// Tags lists the cell's tags: metadata.tags.
func (c *Cell) Tags() []string {
	list, _ := c.Metadata["tags"].([]any)
	var tags []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			tags = append(tags, s)
		}
	}
	return tags
}

// HasTag reports whether the cell carries the tag.
func (c *Cell) HasTag(tag string) bool { return slices.Contains(c.Tags(), tag) }

// An OutputType names one of the four kinds of output.
type OutputType string

// The output types of nbformat 4.
const (
	Stream        OutputType = "stream"
	DisplayData   OutputType = "display_data"
	ExecuteResult OutputType = "execute_result"
	ErrorOutput   OutputType = "error"
)

// An Output is one output of a code cell. Which fields count depends on Type.
type Output struct {
	Type OutputType

	// Stream.
	Name string // "stdout" or "stderr"
	Text string

	// DisplayData and ExecuteResult: a mimebundle. []byte values are written
	// as base64.
	Data           map[string]any
	Metadata       map[string]any
	ExecutionCount int // ExecuteResult; 0 is null

	// ErrorOutput.
	EName     string
	EValue    string
	Traceback []string

	Extra map[string]any
}

// New returns an empty notebook of the version that this package writes.
func New() *Notebook {
	return &Notebook{Metadata: map[string]any{}, Minor: minorVersion}
}

// NewCell returns a cell with an id made from its content and its place, so
// that the same steps give the same file.
func NewCell(kind CellType, source string, place int) *Cell {
	return &Cell{ID: cellID(source, place, 0), Type: kind, Source: source, Metadata: map[string]any{}}
}

// cellID derives an 8-digit id. Jupyter draws it at random; here a run must
// be repeatable.
func cellID(source string, place, try int) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(place) + ":" + strconv.Itoa(try) + ":" + source))
	return hex.EncodeToString(sum[:4])
}

// ClearOutputs removes what an earlier execution left in the code cells.
func (n *Notebook) ClearOutputs() {
	for _, c := range n.Cells {
		if c.Type == Code {
			c.Outputs, c.ExecutionCount = nil, 0
		}
	}
}
