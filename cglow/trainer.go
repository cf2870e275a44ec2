package cglow

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/cuda/device"
	"glownotes/cglow/data"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/optim"
)

// TrainerOptions are the settings of a Trainer.
type TrainerOptions struct {
	Batch int
	Optim optim.Config
	// EMA is the decay of the running mean of the weights, 0 for none.
	EMA float64
	// Invert trains with activations recomputed from outputs, in memory that
	// does not grow with the number of steps K, at the cost of two more forward
	// passes. When the round trip through the inverse is worse than 1e-3, the
	// trainer goes back to stored activations for good; see Inverting.
	Invert bool
	// MaxSkips is how many steps in a row may be skipped because a value was
	// not finite before Step gives up.
	MaxSkips int
}

// StepResult is what one training step did.
type StepResult struct {
	Step       int     // steps taken, this one included
	BitsPerDim float64 // of the batch, bin-width aware
	Nats       float64 // -log p of the dequantized batch, mean per example
	RoundTrip  float64 // training by inversion: largest |y - g(f(y))|; else 0
	Skipped    bool    // a value was not finite: the weights did not change
	Fault      error   // then: what was the first
	// Lost is how many steps before this one have no effect, because a GPU was
	// lost that had them: training went back to the last copy of its state.
	Lost int
}

// A NonFiniteError reports the first value of a training step that was not a
// number: the layer, the tensor and its statistics.
type NonFiniteError struct {
	Step  int
	Layer string // such as l1.s3.coupling or "gradient of l0.s0.actnorm"
	Err   error  // the executor's report, with counts
}

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("cglow: step %d: not finite in %s: %v", e.Step, e.Layer, e.Err)
}

func (e *NonFiniteError) Unwrap() error { return e.Err }

// Trainer takes training steps on a model: maximum likelihood by Adam. Its
// state is the optimizer's, the running mean's and the step count; everything
// random is a function of the model's seed and the step. It is for one
// goroutine; the model may be used by others meanwhile, between steps.
type Trainer struct {
	m       *Model
	opt     *optim.Adam
	options TrainerOptions
	graph   *lossProgram // nil until stored activations are needed
	inv     *inverter    // nil unless training by inversion
	back    bool         // inversion was given up
	ema     []float64
	ran     bool // there are gradients
	skipped int  // steps skipped in all
	clock   *clock
	inARow  int

	resident *resident      // on a GPU: the state that is there
	invGPU   *device.Device // that inv was compiled for
	lost     int            // steps lost with a GPU and not yet reported

	mirrorEvery int
}

// NewTrainer returns a trainer with a fresh optimizer and its compiled graph.
// Steps are counted over the model's life: training that goes on sees new
// examples and new noise.
func (m *Model) NewTrainer(o TrainerOptions) (*Trainer, error) {
	if o.Batch < 1 {
		return nil, fmt.Errorf("cglow: trainer option Batch: is %d, must be at least 1", o.Batch)
	}
	if o.EMA < 0 || o.EMA >= 1 {
		return nil, fmt.Errorf("cglow: trainer option EMA: is %v, must be in [0,1)", o.EMA)
	}
	if o.MaxSkips < 0 {
		return nil, fmt.Errorf("cglow: trainer option MaxSkips: is %d, must not be negative", o.MaxSkips)
	}
	opt, err := optim.NewAdam(o.Optim)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &Trainer{m: m, opt: opt, options: o, mirrorEvery: mirrorEvery}
	m.store.remember(t)
	if o.Invert {
		err = t.makeInverter()
	} else {
		err = t.makeGraph()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// makeGraph compiles the training graph. With gradients and optimizer on a GPU
// the trainer's state goes there.
func (t *Trainer) makeGraph() (err error) {
	t.graph, err = t.m.lossProgram(t.options.Batch, t)
	return err
}

func (t *Trainer) makeInverter() (err error) {
	t.inv, err = t.m.newInverter(t.options.Batch)
	t.invGPU = t.m.device.use()
	return err
}

// lossProgram is the compiled training graph: loss and gradients.
type lossProgram struct {
	b      *builder
	x      *gorgonia.Node
	y      target
	logp   *gorgonia.Node // [N]
	params gorgonia.Nodes
	values []gorgonia.ValueGrad
	vm     *machine
	gpu    *device.Device // that it was compiled for
}

// lossProgram builds the graph of the loss, bits per dimension of the
// dequantized batch, and of its gradient with respect to every parameter, on the
// CPU as factors where they are much smaller. With a trainer, which may be nil,
// gradients stay on a GPU and its update is part of the program.
func (m *Model) lossProgram(n int, t *Trainer) (p *lossProgram, err error) {
	defer op.Catch(&err)
	b := m.builder()
	b.factored = b.dtype == tensor.Float32 && m.device.use() == nil && n <= factoredBatch
	p = &lossProgram{b: b, x: b.images("x", m.cfg.X, n)}
	p.y = b.target(p.x, n)
	p.logp = p.y.likelihood(b.encode(b.condition(p.x, n, false), p.y.v))
	loss := op.Scale(op.Mean(p.logp), -1/(float64(m.cfg.Target().Len())*math.Ln2))
	for _, q := range m.store.list {
		if !q.Fixed {
			p.params = append(p.params, b.param(q.Name))
		}
	}
	grads, err := ad.Grad(loss, p.params...)
	if err != nil {
		return nil, err
	}
	var computed []*gorgonia.Node
	p.values, computed = gradientsOf(p.params, grads)
	var attach func(*device.Device, *exec.Mirror) (*exec.Resident, error)
	if t != nil {
		attach = t.attach(p, grads)
	}
	p.vm, err = b.compileWith("training", attach, append([]*gorgonia.Node{loss, p.logp}, computed...)...)
	p.gpu = m.device.use()
	if err == nil && t != nil && !p.vm.vm.OnDevice() {
		t.resident = nil
	}
	return p, err
}

// Step takes one training step on a batch: dequantizes y, computes the
// gradient, lets Adam update the weights. A value that is not finite skips the
// update and is reported in the result; MaxSkips in a row are an error.
func (t *Trainer) Step(x, y data.Images) (StepResult, error) {
	m := t.m
	if err := m.checkPair(x, y); err != nil {
		return StepResult{}, err
	}
	if y.N != t.options.Batch {
		return StepResult{}, fmt.Errorf("cglow: batch of %d, the trainer takes %d", y.N, t.options.Batch)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trained++
	r := StepResult{Step: m.trained}
	if err := t.follow(); err != nil {
		return StepResult{}, err
	}
	if t.resident != nil {
		done, err := t.stepOnGPU(&r, x, y)
		if done {
			return r, err
		}
	}
	r.Lost, t.lost = t.lost, 0
	grads, err := t.gradients(x, y, &r)
	var failed *LayerError
	switch {
	case errors.As(err, &failed):
		return t.skip(r, err)
	case err != nil:
		return StepResult{}, err
	}
	t.ran = true
	t.clock.lap("gradient")
	if !finite(r.Nats, grads) {
		return t.skip(r, t.diagnose(x, y))
	}
	t.clock.lap("finite")
	t.inARow = 0
	m.store.host()
	if err := t.opt.Step(grads); err != nil {
		return r, err
	}
	m.store.changed()
	t.clock.lap("adam")
	t.average()
	t.clock.lap("average")
	return r, nil
}

// gradients computes loss and gradients of a batch, by inversion or with stored
// activations, and fills in the result.
func (t *Trainer) gradients(x, y data.Images, r *StepResult) ([]gorgonia.ValueGrad, error) {
	if t.Inverting() {
		t.load(t.inv.target.t, y)
		t.inv.writeX(t.noisyX(x))
		logp, err := t.inv.run()
		if err != nil {
			return nil, err
		}
		r.RoundTrip = t.inv.maxTrip
		if r.RoundTrip <= maxRoundTrip {
			t.report(r, logp)
			return t.inv.values, nil
		}
		t.back, t.inv = true, nil
	}
	if t.graph == nil {
		g, err := t.m.lossProgram(t.options.Batch, nil)
		if err != nil {
			return nil, err
		}
		t.graph = g
	}
	t.fill(x, y)
	if err := t.graph.vm.run(); err != nil {
		return nil, err
	}
	t.report(r, values(t.graph.logp))
	return t.graph.values, nil
}

// fill writes a batch into the inputs of the training graph.
func (t *Trainer) fill(x, y data.Images) {
	t.load(t.graph.y, y)
	if t.graph.x != nil {
		write(t.graph.x, t.noisyX(x))
	}
}

// report fills in the likelihood of a step.
func (t *Trainer) report(r *StepResult, logp []float64) {
	for _, v := range logp {
		r.Nats -= v / float64(len(logp))
	}
	r.BitsPerDim = t.m.cfg.BitsPerDim(-r.Nats + t.m.cfg.logBinWidth())
}

// Inverting reports whether the trainer recomputes activations: it was asked to
// and has not had to go back to storing them.
func (t *Trainer) Inverting() bool { return t.options.Invert && !t.back }

// ActivationBytes returns the memory that intermediate results take, by the
// planner's own figures; 0 before the first step. Parameters, their gradients
// and the optimizer's state are not counted.
func (t *Trainer) ActivationBytes() int {
	total := 0
	if t.inv != nil {
		total += t.inv.activationBytes()
	}
	if t.graph != nil {
		total += t.graph.vm.vm.Stats().ArenaBytes
	}
	return total
}

// load writes y into a target with the step's noise.
func (t *Trainer) load(to target, y data.Images) {
	step := uint32(t.m.trained)
	t.m.load(to, y, func(i int) int { return i }, func(i int) Key {
		return Key{Seed: t.m.seed, Stream: StreamDequant, Step: step, Layer: uint32(i)}
	})
}

// noisyX returns the values of x with the step's noise, if there is any.
func (t *Trainer) noisyX(x data.Images) []float32 {
	if t.m.cfg.XNoise == 0 {
		return x.Pix
	}
	noisy := make([]float32, len(x.Pix))
	Uniform(Key{Seed: t.m.seed, Stream: StreamXNoise, Step: uint32(t.m.trained)}, noisy)
	for i := range noisy {
		noisy[i] = x.Pix[i] + noisy[i]*float32(t.m.cfg.XNoise)
	}
	return noisy
}

// diagnose runs the step again with stored activations and returns the first
// result that is not finite.
func (t *Trainer) diagnose(x, y data.Images) error {
	if t.graph == nil {
		g, err := t.m.lossProgram(t.options.Batch, nil)
		if err != nil {
			return err
		}
		defer func() { t.graph = nil }() // its memory is what inversion saves
		t.graph = g
		t.fill(x, y)
	}
	if err := t.graph.vm.diagnose(); err != nil {
		return err
	}
	return errors.New("a value that is finite when it is computed again")
}

// skip counts a step without an update.
func (t *Trainer) skip(r StepResult, cause error) (StepResult, error) {
	r.Skipped = true
	fault := &NonFiniteError{Step: t.m.trained, Layer: "an unknown layer", Err: cause}
	var e *LayerError
	if errors.As(cause, &e) && e.Layer != "" {
		fault.Layer, fault.Err = e.Layer, e.Err
	}
	r.Fault = fault
	t.skipped++
	t.inARow++
	if t.inARow > t.options.MaxSkips {
		return r, fmt.Errorf("cglow: %d steps in a row were skipped: %w", t.inARow, r.Fault)
	}
	return r, nil
}

// average updates the running mean of the weights. It starts as the first
// weights and follows them with decay min(EMA, (1+t)/(10+t)), so that early
// weights do not weigh on it for long.
func (t *Trainer) average() {
	if t.options.EMA == 0 {
		return
	}
	s := t.m.store
	if t.ema == nil {
		t.ema = s.all()
		return
	}
	n := float64(t.opt.Steps())
	decay := min(t.options.EMA, (1+n)/(10+n))
	s.each(func(i int, v float64) { t.ema[i] = decay*t.ema[i] + (1-decay)*v })
}

// Options returns the settings.
func (t *Trainer) Options() TrainerOptions { return t.options }

// Skipped returns the number of steps skipped.
func (t *Trainer) Skipped() int { return t.skipped }

// LearnRate returns the learning rate of the next step.
func (t *Trainer) LearnRate() float64 { return t.opt.LearnRate() }

// Model returns the model that is trained.
func (t *Trainer) Model() *Model { return t.m }
