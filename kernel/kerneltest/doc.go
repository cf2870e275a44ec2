// Package kerneltest tests Jupyter kernels without sockets and without a
// language: an in-memory transport, a client that speaks the protocol and
// checks every message against a schema, and an engine with a tiny language.
package kerneltest
