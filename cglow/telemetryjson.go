package cglow

import (
	"encoding/json"
	"math"
)

// figure is a number that may be none: JSON has no NaN and no infinity, and
// telemetry is read most eagerly when there are some. They become null.
type figure float64

func (f figure) MarshalJSON() ([]byte, error) {
	if v := float64(f); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// MarshalJSON writes the figures, null for those that are NaN or infinite.
func (t Telemetry) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Step      int              `json:"step"`
		RoundTrip figure           `json:"round_trip"`
		Layers    []LayerTelemetry `json:"layers"`
	}{t.Step, figure(t.RoundTrip), t.Layers})
}

// MarshalJSON writes the figures, null for those that are NaN or infinite.
func (l LayerTelemetry) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Layer         string    `json:"layer"`
		NormScale     [2]figure `json:"norm_scale"`
		CouplingScale [2]figure `json:"coupling_scale"`
		Condition     figure    `json:"condition"`
		Spread        figure    `json:"spread"`
		OutputStd     figure    `json:"output_std"`
		GradNorm      *figure   `json:"grad_norm,omitempty"`
	}{l.Layer, [2]figure{figure(l.NormScale[0]), figure(l.NormScale[1])}, [2]figure{figure(l.CouplingScale[0]), figure(l.CouplingScale[1])},
		figure(l.Condition), figure(l.Spread), figure(l.OutputStd), (*figure)(l.GradNorm)})
}
