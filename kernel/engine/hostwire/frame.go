// Package hostwire is the protocol between the kernel process and the cell
// host, its child. The kernel sends commands, the host answers with events;
// both are frames on pipes: the length of a JSON header, the header, and the
// binary parts whose sizes the header lists.
//
// What cells print does not travel in frames: it goes through the host's
// standard output and standard error, which the kernel reads, so that C code
// and child processes are heard too. Marks in those streams keep the order of
// text and displays; see Mark.
package hostwire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// Kinds of frames from the kernel.
const (
	Run       = "run"       // open the plugin Path and run it as Cell
	Look      = "look"      // read values for Cell as Nodes say, without compiled code
	Interrupt = "interrupt" // end the running cell Cell, which may take Patience
	Reply     = "reply"     // the answer to an Input event: Text or Error
	Stacks    = "stacks"    // ask for the stacks of all goroutines; the answer has them in Text, those of running cells in Running
	Values    = "values"    // ask for variables: Data maps names to serial numbers, in the answer to texts;
	// with Wait only those that can be read while a cell may write them
)

// Kinds of frames from the host.
const (
	Hello   = "hello"   // the host is ready
	Opened  = "opened"  // the plugin is loaded: its variables exist
	Display = "display" // a bundle, named ID if it may change
	Update  = "update"  // a bundle for the displays ID
	Clear   = "clear"   // remove the cell's output, with Wait when more comes
	Input   = "input"   // ask the person; Text is the prompt
	Panic   = "panic"   // a goroutine of Cell panicked; Failure says how
	Done    = "done"    // the cell ended: a bundle, or Failure, or neither
)

// Comm frames go both ways and carry a message of the Jupyter comm protocol:
// Text is its kind, ID the comm, Path the target. Those of the front end have
// a negative number as Cell; answers carry it, and the host ends them with a
// frame of the kind Delivered.
const (
	Comm      = "comm"
	Delivered = "delivered"
)

// A Frame is a command or an event. Which fields count depends on the kind.
type Frame struct {
	Kind string `json:"kind"`
	Cell int    `json:"cell,omitempty"` // serial number of the cell
	Mark int64  `json:"mark,omitempty"` // its place in the output streams; 0: none

	Path     string   `json:"path,omitempty"`
	Hashes   []uint32 `json:"hashes,omitempty"` // of the types in the plugin Path
	Replay   bool     `json:"replay,omitempty"` // the cell runs again after the session was lost
	ID       string   `json:"id,omitempty"`
	Text     string   `json:"text,omitempty"`
	Error    string   `json:"error,omitempty"`
	Wait     bool     `json:"wait,omitempty"`
	Password bool     `json:"password,omitempty"`

	Patience time.Duration `json:"patience,omitempty"` // 0: as short as a person waits

	Failure *Failure `json:"failure,omitempty"`
	Running []Stack  `json:"running,omitempty"`
	Nodes   []Node   `json:"nodes,omitempty"`

	Data     map[string]any `json:"data,omitempty"` // of a bundle or comm message
	Metadata map[string]any `json:"metadata,omitempty"`
	Keys     []string       `json:"keys,omitempty"` // entries of Data that travel as Parts
	Parts    [][]byte       `json:"-"`
	Sizes    []int          `json:"sizes,omitempty"` // of Parts
}

// Kinds of failures.
const (
	FailPanic     = "panic"
	FailInterrupt = "interrupt"
	FailGoexit    = "goexit"
	FailExit      = "exit"
	FailOpen      = "open"
	FailLook      = "look" // the cell has to be compiled
)

// A Node is an expression or statement that the host can carry out by
// reflection: "var", "const", "field", "index", "deref", "unary", "binary",
// "len", "set", "show".
type Node struct {
	Op     string `json:"op"`
	X      []Node `json:"x,omitempty"`      // operands
	Serial int    `json:"serial,omitempty"` // of the cell of a variable
	Name   string `json:"name,omitempty"`   // of a variable; type of a constant that stands alone
	Path   []int  `json:"path,omitempty"`   // of a field, through embedded structs
	Kind   string `json:"kind,omitempty"`   // of a constant: bool, string, int, float
	Text   string `json:"text,omitempty"`   // of a constant; operator
}

// A Failure tells how a cell or a goroutine of it ended.
type Failure struct {
	Kind    string `json:"kind"`
	Type    string `json:"type,omitempty"` // of the panic value
	Message string `json:"message"`
	Calls   []Call `json:"calls,omitempty"` // innermost first
	Left    bool   `json:"left,omitempty"`  // the goroutine was blocked and was left behind
}

// A Stack is what the goroutine of a running cell does.
type Stack struct {
	Cell  int    `json:"cell"`  // serial number
	State string `json:"state"` // in the runtime's words, such as "chan receive"
	Calls []Call `json:"calls"` // innermost first
}

// A Call is one function of a stack.
type Call struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// ReplayVariable is the environment variable that is 1 while a cell runs again
// after its session was lost. Training that has saved what it did goes on from
// there (package cglow/train).
const ReplayVariable = "GLOWNOTES_REPLAY"

// limits keep a broken peer from asking for all memory.
const (
	maxHeader = 64 << 20
	maxPart   = 1 << 31
)

// A Conn sends and receives frames. Send may be called from any goroutine,
// Receive from one.
type Conn struct {
	r *bufio.Reader

	mu sync.Mutex
	w  *bufio.Writer
}

// NewConn returns a connection that reads from r and writes to w.
func NewConn(r io.Reader, w io.Writer) *Conn {
	return &Conn{r: bufio.NewReaderSize(r, 1<<16), w: bufio.NewWriterSize(w, 1<<16)}
}

// Send writes a frame. The []byte values of f.Data become parts.
func (c *Conn) Send(f Frame) error {
	f = f.packed()
	f.Sizes = nil
	for _, p := range f.Parts {
		f.Sizes = append(f.Sizes, len(p))
	}
	head, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("hostwire: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var n [4]byte
	binary.LittleEndian.PutUint32(n[:], uint32(len(head)))
	c.w.Write(n[:])
	c.w.Write(head)
	for _, p := range f.Parts {
		c.w.Write(p)
	}
	return c.w.Flush() // a bufio.Writer keeps its first error
}

// packed moves the binary values of Data to Parts.
func (f Frame) packed() Frame {
	var data map[string]any
	for k, v := range f.Data {
		b, ok := v.([]byte)
		if !ok {
			continue
		}
		if data == nil {
			data = make(map[string]any, len(f.Data))
			for k, v := range f.Data {
				data[k] = v
			}
		}
		delete(data, k)
		f.Keys = append(f.Keys[:len(f.Keys):len(f.Keys)], k)
		f.Parts = append(f.Parts[:len(f.Parts):len(f.Parts)], b)
	}
	if data != nil {
		f.Data = data
	}
	return f
}

// Receive reads a frame; io.EOF means that the peer is gone.
func (c *Conn) Receive() (Frame, error) {
	var n [4]byte
	if _, err := io.ReadFull(c.r, n[:]); err != nil {
		return Frame{}, err
	}
	size := binary.LittleEndian.Uint32(n[:])
	if size > maxHeader {
		return Frame{}, fmt.Errorf("hostwire: header of %d bytes", size)
	}
	head := make([]byte, size)
	if _, err := io.ReadFull(c.r, head); err != nil {
		return Frame{}, err
	}
	var f Frame
	if err := json.Unmarshal(head, &f); err != nil {
		return Frame{}, fmt.Errorf("hostwire: %w", err)
	}
	for _, s := range f.Sizes {
		if s < 0 || s > maxPart {
			return Frame{}, fmt.Errorf("hostwire: part of %d bytes", s)
		}
		p := make([]byte, s)
		if _, err := io.ReadFull(c.r, p); err != nil {
			return Frame{}, err
		}
		f.Parts = append(f.Parts, p)
	}
	return f.unpacked()
}

// unpacked puts the parts that have keys back into Data.
func (f Frame) unpacked() (Frame, error) {
	if len(f.Keys) > len(f.Parts) {
		return Frame{}, fmt.Errorf("hostwire: %d keys for %d parts", len(f.Keys), len(f.Parts))
	}
	first := len(f.Parts) - len(f.Keys)
	for i, k := range f.Keys {
		if f.Data == nil {
			f.Data = map[string]any{}
		}
		f.Data[k] = f.Parts[first+i]
	}
	f.Parts, f.Keys = f.Parts[:first], nil
	return f, nil
}
