// Package sweep runs one notebook at every point of a grid of parameters, on
// this machine, on Slurm or on Kubernetes, and gathers what the runs leave in
// one table.
//
// A [Plan] is the list of points; it lives in a folder, beside it one folder
// for each run. All state is in these files, so that any process that sees
// the folder can work on a point, look at the state, or gather the table:
//
//	plan.json              the points, in an order that never changes
//	notebook.ipynb         the notebook as it is run, without outputs
//	table.sqlite           everything gathered; made anew as runs come in
//	runs/NAME/status.json  how the run stands
//	runs/NAME/result.json  what the notebook left
//	runs/NAME/notebook.ipynb, log.txt, and the notebook's checkpoints
//
// # What a notebook has to do
//
// Nothing, to be run: the names of the grid are variables of its cell tagged
// "parameters". To leave results and to survive the loss of its worker, that
// cell also declares
//
//	out := ""
//
// which a sweep sets to the folder of the run. The notebook keeps its
// checkpoints there, resumes from the one that it finds, and writes
// result.json there: one JSON object of scalar values, which becomes a row of
// the table, or an array of such objects, which become several. It may write
// the file again and again while it runs.
//
// # What reads the table
//
// Anything that reads SQLite: a notebook with database/sql and
// modernc.org/sqlite, Python's sqlite3, the sqlite3 program. [Plan.Gather]
// names the columns; a result called seconds, say, is the column
// result_seconds, for seconds is how long the run took in all. While runs come
// in, open the file anew for each look: it is replaced as a whole. A result's
// column is there as soon as one run has left it.
//
//	SELECT state, count(*) FROM runs GROUP BY state
//	SELECT n_c, avg(bits_per_dim), count(*) FROM runs WHERE state = 'done' GROUP BY n_c
//
// # What is promised
//
// A point that is done is not run again. One point is never run by two workers
// at a time (a file lock keeps them apart). A worker that is killed costs what
// its notebook did since its last checkpoint; the point is taken up again, up
// to a limit of losses, by the process that coordinates workers here, by
// Slurm's requeue, by Kubernetes' Job controller, or by the next sweep.
package sweep
