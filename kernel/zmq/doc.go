// Package zmq carries Jupyter messages over ZeroMQ: the five sockets of a
// kernel on TCP or on Unix sockets, in pure Go.
//
// go-zeromq/zmq4 opens the connections (ZMTP greeting, security mechanism,
// metadata); the sockets on top are ours, because a kernel needs three things
// which those of go-zeromq do not give: peers that cannot hold each other up,
// subscriptions that are seen, and bounds on what a peer can make us allocate.
//
//	shell, control, stdin   ROUTER   requests and replies
//	iopub                   XPUB     output, to all subscribers
//	heartbeat               REP      echoes bytes, on goroutines of its own
//
// Nothing that a peer sends ends the process: what is not a signed message is
// logged and dropped, what is not ZMTP ends that connection only.
package zmq
