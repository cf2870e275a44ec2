// Package nb reads, runs and writes Jupyter notebooks without Jupyter.
//
// [Read] and [Notebook.Write] implement nbformat 4.5 (the notebook file format
// that JupyterLab 4 writes): strict where a file would be misread, silent
// about fields it does not know, which it keeps. A file that Jupyter wrote is
// written back byte for byte.
//
// [Run] executes the code cells of a notebook on a core.Engine and stores
// what they show in the notebook, as a front end would: streams merged,
// displays updated in place, clear_output obeyed. [Notebook.SetParameters]
// changes the values of a cell tagged "parameters" beforehand.
//
// [HTML] turns an executed notebook into one page that needs nothing else:
// no script, no font, no file beside it.
package nb
