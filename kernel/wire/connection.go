package wire

import (
	"fmt"
	"os"
	"strings"
)

// ConnectionInfo is the content of a connection file ("Connection files" in
// the kernel documentation of jupyter_client): where the kernel listens and
// with which key messages are signed.
type ConnectionInfo struct {
	Transport       string `json:"transport"` // "tcp" or "ipc"
	IP              string `json:"ip"`        // with ipc: the prefix of the socket paths
	ShellPort       int    `json:"shell_port"`
	ControlPort     int    `json:"control_port"`
	StdinPort       int    `json:"stdin_port"`
	IOPubPort       int    `json:"iopub_port"`
	HBPort          int    `json:"hb_port"`
	Key             string `json:"key"`
	SignatureScheme string `json:"signature_scheme"`
	KernelName      string `json:"kernel_name,omitempty"`
}

// A ConnectionError names the field of a connection file that is wrong.
type ConnectionError struct {
	Field  string
	Reason string
}

func (e *ConnectionError) Error() string {
	return "wire: connection file: " + e.Field + ": " + e.Reason
}

// ReadConnectionFile reads and checks a connection file.
func ReadConnectionFile(path string) (ConnectionInfo, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return ConnectionInfo{}, fmt.Errorf("wire: connection file: %w", err)
	}
	info, err := ParseConnectionInfo(data)
	if err != nil {
		return ConnectionInfo{}, fmt.Errorf("%w (in %s)", err, path)
	}
	return info, nil
}

// ParseConnectionInfo reads a connection file strictly: all ports are there,
// in range and different, the transport and the signature scheme are known.
// Fields beyond those of ConnectionInfo are allowed: provisioners add theirs.
// What is wrong in the file is a *ConnectionError.
func ParseConnectionInfo(data []byte) (ConnectionInfo, error) {
	var info ConnectionInfo
	if err := unmarshalFile(data, &info); err != nil {
		return ConnectionInfo{}, err
	}
	if info.Transport == "" {
		info.Transport = "tcp"
	}
	if info.SignatureScheme == "" {
		info.SignatureScheme = SignatureScheme
	}
	return info, info.check()
}

func (c ConnectionInfo) check() error {
	if c.Transport != "tcp" && c.Transport != "ipc" {
		return &ConnectionError{"transport", fmt.Sprintf("%q is neither tcp nor ipc", c.Transport)}
	}
	if c.IP == "" || strings.ContainsAny(c.IP, " \t\r\n\x00") {
		return &ConnectionError{"ip", fmt.Sprintf("%q is no address", c.IP)}
	}
	if c.Key != "" && c.SignatureScheme != SignatureScheme {
		return &ConnectionError{"signature_scheme", fmt.Sprintf("%q: only %q is known", c.SignatureScheme, SignatureScheme)}
	}
	seen := map[int]string{}
	for _, p := range c.ports() {
		if p.port < 1 || p.port > 65535 {
			return &ConnectionError{p.field, fmt.Sprintf("%d is not in 1..65535", p.port)}
		}
		if other, twice := seen[p.port]; twice {
			return &ConnectionError{p.field, fmt.Sprintf("%d is also the %s", p.port, other)}
		}
		seen[p.port] = p.field
	}
	return nil
}

type namedPort struct {
	field string
	port  int
}

func (c ConnectionInfo) ports() []namedPort {
	return []namedPort{
		{"shell_port", c.ShellPort}, {"control_port", c.ControlPort}, {"stdin_port", c.StdinPort},
		{"iopub_port", c.IOPubPort}, {"hb_port", c.HBPort},
	}
}
