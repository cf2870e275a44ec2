"""The public test suite for Jupyter kernels, with Go cells. Started by
clients_test.go: python kernel_test.py"""
import contextlib
import unittest

import jupyter_kernel_test as suite
from jupyter_client.manager import start_new_kernel

# The suite waits 15 s for a reply and 0.1 s for the next message of the output,
# which a machine with much else to do does not keep.
LIMIT = 300
suite.TIMEOUT = LIMIT


@contextlib.contextmanager
def patient(channel):
    """Within it each wait for a message of the channel may take LIMIT."""
    get = channel.get_msg
    channel.get_msg = lambda timeout=None: get(timeout=LIMIT)
    try:
        yield
    finally:
        del channel.get_msg


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

    @classmethod
    def setUpClass(cls):
        cls.km, cls.kc = start_new_kernel(kernel_name=cls.kernel_name, startup_timeout=LIMIT)

    def flush_channels(self):
        """What belongs to older requests comes before the end of this one."""
        asked = self.kc.kernel_info()
        for channel in (self.kc.shell_channel, self.kc.iopub_channel):
            while True:
                msg = channel.get_msg(timeout=LIMIT)
                state = msg["content"].get("execution_state", "idle")  # a reply has none
                if msg["parent_header"].get("msg_id") == asked and state == "idle":
                    break
        super().flush_channels()

    def execute_helper(self, code, timeout=LIMIT, **more):
        with patient(self.kc.iopub_channel):
            return super().execute_helper(code, timeout=timeout, **more)

    def history_helper(self, execute_first, timeout=LIMIT, **more):
        return super().history_helper(execute_first, timeout=timeout, **more)


class WelcomeTests(suite.IopubWelcomeTests):
    kernel_name = "glownotes"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=2)
