package kerneltest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"glownotes/kernel/wire"
)

// schemaJSON holds our own schemas of the messages that a kernel sends,
// written after the messaging specification, protocol 5.5. The content of a
// message type is the definition of its name.
//
//go:embed schema.json
var schemaJSON []byte

// compiled returns the schemas by message type; "header" is among them.
var compiled = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaJSON))
	if err != nil {
		return nil, err
	}
	const url = "mem:///schema.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, doc); err != nil {
		return nil, err
	}
	schemas := map[string]*jsonschema.Schema{}
	for name := range doc.(map[string]any)["$defs"].(map[string]any) {
		if schemas[name], err = c.Compile(url + "#/$defs/" + name); err != nil {
			return nil, err
		}
	}
	return schemas, nil
})

// channels says where each kind of message may come from the kernel.
func allowed(ch wire.Channel, msgType string) bool {
	reply := strings.HasSuffix(msgType, "_reply")
	switch ch {
	case wire.Shell, wire.Control:
		return reply
	case wire.Stdin:
		return msgType == "input_request"
	case wire.IOPub:
		return !reply || msgType == "shutdown_reply"
	}
	return false
}

// orphans are the messages without a parent.
func orphan(m *wire.Message) bool {
	return m.Header.MsgType == "iopub_welcome" ||
		m.Header.MsgType == "status" && Field[string](m, "execution_state") == "starting"
}

// Check reports what is wrong with a message from a kernel.
func Check(m *wire.Message) error {
	schemas, err := compiled()
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	t := m.Header.MsgType
	if !allowed(m.Channel, t) {
		return fmt.Errorf("%s on %s", t, m.Channel)
	}
	if m.Parent.IsZero() != orphan(m) {
		return fmt.Errorf("%s: parent header %+v", t, m.Parent)
	}
	header, err := json.Marshal(m.Header)
	if err != nil {
		return err
	}
	if err := validate(schemas["header"], header); err != nil {
		return fmt.Errorf("%s: header: %w", t, err)
	}
	s := schemas[t]
	if s == nil {
		if s = schemas["failed_reply"]; !strings.HasSuffix(t, "_reply") {
			return fmt.Errorf("unknown message type %s", t)
		}
	}
	if strings.HasSuffix(t, "_reply") && t != "execute_reply" && Field[string](m, "status") == "error" {
		s = schemas["failed_reply"]
	}
	if err := validate(s, m.Content); err != nil {
		return fmt.Errorf("%s: content %.300s: %w", t, m.Content, err)
	}
	return nil
}

func validate(s *jsonschema.Schema, data []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(v)
}
