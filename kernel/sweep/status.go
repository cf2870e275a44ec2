package sweep

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// A State is how a run stands.
type State string

// The states of a run.
const (
	Waiting State = "waiting" // never started
	Running State = "running"
	Stopped State = "stopped" // interrupted; it goes on from its last checkpoint
	Lost    State = "lost"    // its worker died or cannot be seen any more
	Failed  State = "failed"  // a cell failed, or too many workers were lost
	Done    State = "done"
)

// States lists all states in the order in which they are reported.
func States() []State { return []State{Done, Running, Waiting, Stopped, Lost, Failed} }

// A Status is what is known of a run. Its worker writes it.
type Status struct {
	State    State     `json:"state"`
	Attempts int       `json:"attempts"`         // how often a worker took it up
	Losses   int       `json:"losses,omitempty"` // workers lost since somebody last asked for the run
	Seconds  float64   `json:"seconds"`          // of work, over all attempts, losses up to their last sign of life
	Started  time.Time `json:"started"`          // the present or last attempt
	Alive    time.Time `json:"alive"`            // last sign of life
	Host     string    `json:"host,omitempty"`
	PID      int       `json:"pid,omitempty"`
	Code     string    `json:"code,omitempty"`   // hash of the notebook's code that ran
	Latest   string    `json:"latest,omitempty"` // last line that the notebook printed
	Error    string    `json:"error,omitempty"`
}

// signOfLife is how often a worker tells that it is alive; after silent
// without a word it counts as lost.
const (
	signOfLife = 5 * time.Second
	silent     = 12 * signOfLife
)

// Status reads the state of a run.
func (p *Plan) Status(index int) Status {
	s, err := p.stored(index)
	if err != nil {
		return Status{State: Waiting}
	}
	if s.State == Running && time.Since(s.Alive) > silent {
		s.State = Lost
	}
	return s
}

// stored is the status as the worker left it.
func (p *Plan) stored(index int) (Status, error) {
	var s Status
	text, err := os.ReadFile(filepath.Join(p.RunDir(index), statusFile))
	if err != nil {
		return s, err
	}
	err = json.Unmarshal(text, &s)
	return s, err
}

func (p *Plan) store(index int, s Status) error {
	return writeJSON(filepath.Join(p.RunDir(index), statusFile), s)
}

// Missing returns those of the given runs that are not done.
func (p *Plan) Missing(indexes []int) []int {
	var list []int
	for _, i := range indexes {
		if p.Status(i).State != Done {
			list = append(list, i)
		}
	}
	return list
}

// Forgive takes back the losses of runs, for somebody asks for them again.
// Runs under way are left alone.
func (p *Plan) Forgive(indexes []int) error {
	for _, i := range indexes {
		s, err := p.stored(i)
		if err != nil || s.Losses == 0 || p.Status(i).State == Running {
			continue
		}
		if s.Losses, s.State = 0, Stopped; s.Error == "" {
			s.Error = "its workers were lost"
		}
		if err := p.store(i, s); err != nil {
			return err
		}
	}
	return nil
}

// A Summary counts the runs of a sweep by state.
type Summary struct {
	Total   int
	Count   map[State]int
	Seconds float64 // mean over the runs that are done
	Older   int     // done with another version of the notebook's code
}

// Summary looks at the given runs.
func (p *Plan) Summary(indexes []int) Summary {
	s := Summary{Total: len(indexes), Count: map[State]int{}}
	for _, i := range indexes {
		st := p.Status(i)
		s.Count[st.State]++
		if st.State == Done {
			s.Seconds += st.Seconds
			if st.Code != p.Code {
				s.Older++
			}
		}
	}
	if n := s.Count[Done]; n > 0 {
		s.Seconds /= float64(n)
	}
	return s
}
