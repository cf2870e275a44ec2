package exp

import (
	"context"
	"fmt"

	"glownotes/cglow/data"
)

// fitTeachers trains what the flow's targets and inputs are made with.
func (e *Experiment) fitTeachers(ctx context.Context) error {
	for _, name := range e.Config.teachers() {
		b := e.Config.baseline(name)
		if err := e.fitBaseline(ctx, *b); err != nil {
			return err
		}
		for part := range e.Config.HeldOut {
			if err := e.fitHeldOut(ctx, *b, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// fitHeldOut trains one of the networks that do not see a part of the training
// pairs.
func (e *Experiment) fitHeldOut(ctx context.Context, b Baseline, part int) error {
	if len(e.heldOut[b.Name]) > part {
		return nil
	}
	set, err := data.Without(e.netData(), e.pairs, e.Config.HeldOut, part)
	if err != nil {
		return err
	}
	net, f, err := e.fitNet(ctx, b, set, fmt.Sprintf("%s without part %d of %d", b.Name, part+1, e.Config.HeldOut), uint64(part+1))
	if err != nil {
		return err
	}
	e.heldOut[b.Name] = append(e.heldOut[b.Name], net)
	sum := e.teaching[b.Name]
	if sum == nil {
		sum = &Fitted{}
		e.teaching[b.Name] = sum
	}
	sum.Steps, sum.Seconds, sum.Params = f.Steps, sum.Seconds+f.Seconds, sum.Params+f.Params
	return nil
}

// teacherRow measures the estimate that the flow starts from, where it is not
// one of the baselines' own.
func (e *Experiment) teacherRow(ctx context.Context, names string) (Row, bool, error) {
	if e.Config.estimators(names) < 2 {
		return Row{}, false, nil
	}
	estimate, err := e.estimate(names, true, everyNetwork)
	if err != nil {
		return Row{}, false, err
	}
	y, err := e.predictTests(ctx, e.Config.teacherName(names)+" predicts", func(x data.Images, _ int) (data.Images, error) {
		return e.mirroring(x, func(x data.Images) (data.Images, error) { return estimate(ctx, nil, x) })
	})
	if err != nil {
		return Row{}, false, err
	}
	v, err := e.p.score(e, y)
	if err != nil {
		return Row{}, false, fmt.Errorf("exp: %s: %w", e.Config.teacherName(names), err)
	}
	r := Row{Name: e.Config.teacherName(names), Kind: Network, Values: v, Runs: 1}
	for _, name := range e.Config.networks(names) {
		for _, f := range []*Fitted{e.Networks[name], e.teaching[name]} {
			if f != nil {
				r.Steps, r.Seconds, r.Params = f.Steps, r.Seconds+f.Seconds, r.Params+f.Params
			}
		}
	}
	return r, true, nil
}
