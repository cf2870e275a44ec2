// Command kernel is glownotes: a Go kernel for Jupyter with conditional
// generative flows inside.
//
//	go run ./kernel lab                    opens the notebooks in JupyterLab
//	go run ./kernel run NOTEBOOK.ipynb     executes a notebook without Jupyter
//	go run ./kernel sweep NOTEBOOK.ipynb   executes it at every point of a grid
//	go run ./kernel install                registers the kernel with Jupyter
//	go run ./kernel doctor                 says what is missing and how to get it
//	go run ./kernel version
//
// Jupyter itself starts it as "serve CONNECTION_FILE".
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Root string `help:"Folder of the glownotes module; found by itself if left out." type:"existingdir" placeholder:"DIR" env:"GLOWNOTES_ROOT"`

	Lab     labCommand     `cmd:"" help:"Open the notebooks in JupyterLab; installs what is missing."`
	Run     runCommand     `cmd:"" help:"Execute a notebook without Jupyter."`
	Sweep   sweepCommand   `cmd:"" help:"Execute a notebook at every point of a grid: on this machine, on Slurm, on Kubernetes."`
	Install installCommand `cmd:"" help:"Register the kernel with Jupyter."`
	Doctor  doctorCommand  `cmd:"" help:"Check this machine: what is missing, and the command that mends it."`
	Serve   serveCommand   `cmd:"" help:"Serve a Jupyter client (Jupyter starts this)." hidden:""`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// Exit codes beyond 0.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // as shells report it: 128 + SIGINT
)

// An exitError ends the program with a code other than exitFailure. A nil Err
// prints nothing: what went wrong has been shown.
type exitError struct {
	Code int
	Err  error
}

func (e *exitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

func (e *exitError) Unwrap() error { return e.Err }

func main() { os.Exit(execute(os.Args[1:])) }

// execute runs one command and returns the exit code.
func execute(args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("glownotes"),
		kong.Description("A Go kernel for Jupyter with conditional generative flows inside."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "glownotes:", err)
		return exitFailure
	}
	command, err := parser.Parse(args)
	if err != nil {
		var pe *kong.ParseError
		if errors.As(err, &pe) && len(args) == 0 {
			pe.Context.PrintUsage(false)
			return exitUsage
		}
		fmt.Fprintf(os.Stderr, "glownotes: %v\nTry: glownotes --help\n", err)
		return exitUsage
	}
	err = command.Run(&c)
	var ee *exitError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled) && !errors.As(err, &ee):
		fmt.Fprintln(os.Stderr, "glownotes: interrupted")
		return exitInterrupted
	case errors.As(err, &ee):
		if ee.Err != nil {
			fmt.Fprintln(os.Stderr, "glownotes:", ee.Err)
		}
		return ee.Code
	}
	fmt.Fprintln(os.Stderr, "glownotes:", err)
	return exitFailure
}
