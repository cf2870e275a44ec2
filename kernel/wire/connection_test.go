package wire

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func valid() map[string]any {
	return map[string]any{
		"transport": "tcp", "ip": "127.0.0.1", "shell_port": 5001, "control_port": 5002, "stdin_port": 5003,
		"iopub_port": 5004, "hb_port": 5005, "key": "k", "signature_scheme": "hmac-sha256",
		"kernel_name": "glownotes", "jupyter_session": "an unknown field",
	}
}

func TestParseConnectionInfo(t *testing.T) {
	for _, tc := range []struct {
		name  string
		set   map[string]any // nil removes
		field string         // wrong field, "": none
	}{
		{"complete", nil, ""},
		{"no transport is tcp", map[string]any{"transport": nil}, ""},
		{"no scheme is sha256", map[string]any{"signature_scheme": nil}, ""},
		{"no key", map[string]any{"key": "", "signature_scheme": "none"}, ""},
		{"ipc", map[string]any{"transport": "ipc", "ip": "/tmp/kernel"}, ""},
		{"unknown transport", map[string]any{"transport": "udp"}, "transport"},
		{"no address", map[string]any{"ip": nil}, "ip"},
		{"address with a space", map[string]any{"ip": "127.0.0.1 "}, "ip"},
		{"no shell port", map[string]any{"shell_port": nil}, "shell_port"},
		{"no heartbeat port", map[string]any{"hb_port": 0}, "hb_port"},
		{"negative", map[string]any{"stdin_port": -1}, "stdin_port"},
		{"too large", map[string]any{"control_port": 65536}, "control_port"},
		{"twice the same", map[string]any{"iopub_port": 5001}, "iopub_port"},
		{"port is text", map[string]any{"iopub_port": "5004"}, "iopub_port"},
		{"port is a fraction", map[string]any{"hb_port": 1.5}, "hb_port"},
		{"other scheme", map[string]any{"signature_scheme": "hmac-md5"}, "signature_scheme"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fields := valid()
			maps.Copy(fields, tc.set)
			maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
			data, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			info, err := ParseConnectionInfo(data)
			if tc.field == "" {
				if err != nil || info.ShellPort != 5001 || info.HBPort != 5005 || info.Transport == "" {
					t.Errorf("got %+v, %v", info, err)
				}
				return
			}
			var e *ConnectionError
			if !errors.As(err, &e) || e.Field != tc.field {
				t.Errorf("error %v, want a *ConnectionError for %s", err, tc.field)
			}
		})
	}
}

func TestReadConnectionFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernel.json")
	if _, err := ReadConnectionFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	for _, text := range []string{"", "{", "[]", "null", "{}"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if info, err := ReadConnectionFile(path); err == nil {
			t.Errorf("%q: got %+v, want an error", text, info)
		}
	}
}

func FuzzParseConnectionInfo(f *testing.F) {
	data, err := json.Marshal(valid())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"ip":"*","shell_port":1e2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := ParseConnectionInfo(data)
		if err != nil {
			return
		}
		for _, p := range info.ports() {
			if p.port < 1 || p.port > 65535 {
				t.Errorf("%s = %d was accepted", p.field, p.port)
			}
		}
		if _, err := NewSigner(info.SignatureScheme, info.Key); err != nil {
			t.Errorf("accepted %+v, but %v", info, err)
		}
	})
}

func TestParseRegistration(t *testing.T) {
	full := map[string]any{
		"kernel_id": "k", "transport": "tcp", "registration_ip": "127.0.0.1", "registration_port": 5001,
		"signature_scheme": "hmac-sha256", "key": "s",
	}
	for _, tc := range []struct {
		name  string
		set   map[string]any
		field string
	}{
		{"complete", nil, ""},
		{"no transport is tcp", map[string]any{"transport": nil}, ""},
		{"no id", map[string]any{"kernel_id": nil}, "kernel_id"},
		{"no address", map[string]any{"registration_ip": nil}, "registration_ip"},
		{"ipc", map[string]any{"transport": "ipc"}, "transport"},
		{"port is text", map[string]any{"registration_port": "5001"}, "registration_port"},
		{"port 0", map[string]any{"registration_port": 0}, "registration_port"},
		{"other scheme", map[string]any{"signature_scheme": "md5"}, "signature_scheme"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fields := maps.Clone(full)
			maps.Copy(fields, tc.set)
			maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
			data, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "kernel.json")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, r, err := ReadStartupFile(path)
			if tc.field == "" {
				if err != nil || r == nil || r.Address() != "127.0.0.1:5001" {
					t.Errorf("got %+v, %v", r, err)
				}
				return
			}
			var e *ConnectionError
			if !errors.As(err, &e) || e.Field != tc.field {
				t.Errorf("error %v, want a *ConnectionError for %s", err, tc.field)
			}
		})
	}
}
