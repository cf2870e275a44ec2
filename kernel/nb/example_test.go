package nb_test

import (
	"fmt"
	"os"
	"strings"

	"glownotes/kernel/nb"
)

func ExampleRead() {
	_, err := nb.Read([]byte(`{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "x := 1"}],
		"metadata": {}, "nbformat": 4, "nbformat_minor": 5}`))
	fmt.Println(err)
	// Output: nb: cells[0]: the required field "outputs" is missing
}

func ExampleNotebook_Write() {
	n := nb.New()
	n.Cells = append(n.Cells, nb.NewCell(nb.Markdown, "# Flows\nof images", 0))
	if err := n.Write(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//  "cells": [
	//   {
	//    "cell_type": "markdown",
	//    "id": "ee879550",
	//    "metadata": {},
	//    "source": [
	//     "# Flows\n",
	//     "of images"
	//    ]
	//   }
	//  ],
	//  "metadata": {},
	//  "nbformat": 4,
	//  "nbformat_minor": 5
	// }
}

func ExampleNotebook_SetParameters() {
	n := nb.New()
	cell := nb.NewCell(nb.Code, "size := 32\nlr := 1e-3\nlimit := 2 * time.Minute", 0)
	cell.Metadata["tags"] = []any{"parameters"}
	n.Cells = append(n.Cells, cell)

	fmt.Println(n.SetParameters([]string{"sise=64"}))
	if err := n.SetParameters([]string{"size=64", "limit=90s"}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(n.Cells[1].Source)
	// Output:
	// nb: parameter sise: unknown; the notebook has size int, lr float64, limit time.Duration
	// // Set from the command line.
	// size = 64
	// limit = 90000000000 // 1m30s
}

func ExampleHTML() {
	n := nb.New()
	n.Cells = append(n.Cells, nb.NewCell(nb.Markdown, "# Change of variables\n\n$p(y) = p(z)\\,|J|$", 0))
	page, err := nb.HTML(n, nb.HTMLOptions{})
	if err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "<title>") || strings.HasPrefix(line, "<h1") {
			fmt.Print(line)
		}
	}
	fmt.Println(strings.Count(string(page), "<math"), "formula")
	// Output:
	// <title>Change of variables</title>
	// <h1 id="change-of-variables">Change of variables</h1>
	// 1 formula
}
