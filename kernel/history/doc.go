// Package history keeps executed cells in an SQLite database, for the
// history_request of front ends: the arrow keys of consoles, and searches.
//
// The tables are those of IPython's history.sqlite (sessions, history,
// output_history), so that what reads the one reads the other. All kernels of a
// user share one file; each has a session number of its own, drawn when its
// first cell runs. Nobody waits for the disk: writes are queued, and a query
// sees every write before it. Where the file cannot be used, cells are kept in
// memory for as long as the kernel lives, and the reason is logged.
package history
