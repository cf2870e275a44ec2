"""The public test suite for Jupyter kernels, with Go cells. Started by
clients_test.go: python kernel_test.py"""
import unittest

import jupyter_kernel_test as suite


class GlownotesTests(suite.KernelTests):
    kernel_name = "glownotes"
    language_name = "go"
    file_extension = ".go"
    code_hello_world = 'fmt.Print("hello, world")'
    code_stderr = 'fmt.Fprint(os.Stderr, "oops")'
    completion_samples = [
        {"text": "strings.ToUpp", "matches": {"ToUpper", "ToUpperSpecial"}},
        {"text": "zwölf.nichts", "matches": set()},
    ]
    complete_code_samples = ["x := 1", "func f() {\n}", "fmt.Println(`a`)"]
    incomplete_code_samples = ["func f() {", "x := `a", "fmt.Println("]
    invalid_code_samples = ["x := = 1", "func )"]
    code_generate_error = 'panic("on purpose")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"a" + "b"', "result": "ab"},
    ]
    code_display_data = [
        {"code": 'display.Show(display.HTML("<b>x</b>"))', "mime": "text/html"},
        {"code": "display.Show(image.NewGray(image.Rect(0, 0, 2, 2)))", "mime": "image/png"},
    ]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6 [*]*"
    code_page_something = "strings.ToUpper?"
    code_inspect_sample = "strings.ToUpper"
    code_clear_output = "display.Clear(false)"


class WelcomeTests(suite.IopubWelcomeTests):
    kernel_name = "glownotes"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
