//go:build ignore

package main

func vectorFile(f *file) {}
