"""Writes jupyter.ipynb with Jupyter's own nbformat package (5.11.1), so that
the Go writer can be compared with it byte for byte. Run by hand in this folder."""
import nbformat
from nbformat.v4 import new_notebook, new_code_cell, new_markdown_cell, new_raw_cell, new_output

code = new_code_cell("x := 1\nfmt.Println(\"<b> & 'q' \\\\ \", x)\n", id="code-1", execution_count=3)
code.metadata = {"tags": ["parameters"], "collapsed": False, "jupyter": {"source_hidden": True}, "n": 1e-05, "big": 10**20}
code.outputs = [
    new_output("stream", name="stdout", text="one\ntwo\r\nthree\x0bfour\u2028five\x85six"),
    new_output("stream", name="stderr", text="tab\t bell\x07 backspace\b del\x7f quote\" \u00e4\u65e5\U0001f600 \ufeff"),
    new_output("display_data", data={"image/png": "aGk=\naGk=", "text/plain": "a\nb", "application/json": {"z": [1, 2.5, [], {}], "a": "x\ny"},
               "image/svg+xml": "<svg>\n</svg>", "application/javascript": "a\nb", "application/vnd.vega.v5+json": {"k": None}, "text/html": ""},
               metadata={"image/png": {"width": 10}}),
    new_output("execute_result", data={"text/plain": "3"}, execution_count=3),
    new_output("error", ename="Panic", evalue="boom", traceback=["\x1b[31mPanic\x1b[0m: boom", "line"]),
]
md = new_markdown_cell("# Title\n\n$x^2$ ![a](attachment:a.png)", id="md", attachments={"a.png": {"image/png": "aGk="}, "b.txt": {"text/plain": "a\nb"}})
nb = new_notebook(cells=[md, code, new_raw_cell("raw\n\nraw", id="raw"), new_code_cell("", id="empty")],
                  metadata={"kernelspec": {"display_name": "Go (glownotes)", "language": "go", "name": "glownotes"}, "title": "\u00fc"})
nbformat.validate(nb)
nbformat.write(nb, "jupyter.ipynb")
