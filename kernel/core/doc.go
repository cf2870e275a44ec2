// Package core is the language-independent part of a Jupyter kernel: it takes
// requests from a Transport, has an Engine evaluate cells, and sends replies
// and output, as the messaging specification wants them (protocol 5.5).
//
// Requests are served by a few goroutines, the lanes:
//
//	cells     execute_request, one at a time; with an engine that can, one lane per subshell
//	queries   completion and inspection: also while a cell runs
//	info      kernel_info, is_complete, history, comm_info: what takes no time
//	comms     comm messages in their order: also while a cell runs
//	control   interrupt, shutdown, subshells: whatever else goes on
//
// The dispatcher alone publishes busy and idle, in a defer, whatever a handler
// does; a handler returns the content of the reply or an error.
package core
