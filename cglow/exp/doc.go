// Package exp runs the five experiments of the c-Glow paper (Lu & Huang, AAAI
// 2020, Tables 1 to 5) and the ablations, on the published data or on drawn
// data of the same kind.
//
//	Horses   Table 1  masks of horses                  IoU
//	Faces    Table 2  face, hair and background        superpixel accuracy
//	Denoise  Table 3  colour pictures, sigma 25        PSNR
//	Depth    Table 4  depth maps of a sensor           PSNR
//	Inpaint  Table 5  the hidden middle of a face      PSNR
//
// A [Config] is complete: task, data, model, training, prediction and the
// networks that the flow is compared with. Presets come as functions, such as
// [Horses32]; they are values to be changed. [Open] reads the data and checks
// everything, and an [Experiment] then does what a notebook shows step by step
// ([Experiment.Fit], [Experiment.FitBaselines], [Experiment.Evaluate]) or all
// at once ([Run]). What a run computes lands in a [Table] beside the paper's
// figures.
//
// The flow may begin where regression ends: it models what a baseline leaves
// of y (Config.Mean) or sees its prediction beside x (Config.Guide). Of few
// training pairs a network says more than of new ones, and a flow that learns
// from that trusts it too much; Config.HeldOut gives it, of every pair, the
// word of a network that does not know the pair, and makes of new pictures the
// mixture of what the flow says beside each of these and the one that knows all.
//
// With a folder of its own (Options.Out) a run keeps its checkpoints, its log
// and its result there, and a run that was stopped or killed goes on where it
// was: flow and baselines end with the same bits as without the stop.
package exp
