package jupyter_test

import (
	"fmt"
	"path/filepath"

	"glownotes/kernel/jupyter"
)

func ExampleSystem_DataDir() {
	s := jupyter.System{GOOS: "linux", Home: "/home/ada", Getenv: func(string) string { return "" }}
	fmt.Println(filepath.ToSlash(s.DataDir()))
	fmt.Println(filepath.ToSlash(s.ShareDir()))
	// Output:
	// /home/ada/.local/share/jupyter
	// /home/ada/.local/share/glownotes
}
