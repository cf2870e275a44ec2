package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// SignatureScheme is the only scheme that kernels and servers use.
const SignatureScheme = "hmac-sha256"

// A Signer signs the four JSON parts of a message: HMAC over header,
// parent_header, metadata and content in this order, as lower-case hexadecimal
// digits. Buffers are not signed (messaging specification, "The wire
// protocol"). The zero Signer has no key: messages are not signed and every
// signature is accepted, which the specification allows.
type Signer struct{ key []byte }

// NewSigner returns the signer for a key of the connection file.
func NewSigner(scheme, key string) (Signer, error) {
	if key != "" && scheme != SignatureScheme {
		return Signer{}, fmt.Errorf("wire: signature scheme %q: only %q is known", scheme, SignatureScheme)
	}
	return Signer{key: []byte(key)}, nil
}

// Sign returns the signature of parts, "" without a key.
func (s Signer) Sign(parts ...[]byte) []byte {
	if len(s.key) == 0 {
		return []byte{}
	}
	sum := s.sum(parts)
	return hex.AppendEncode(make([]byte, 0, 2*sha256.Size), sum)
}

// Verify reports whether signature is that of parts. The time that it takes
// does not depend on where the two differ.
func (s Signer) Verify(signature []byte, parts ...[]byte) bool {
	if len(s.key) == 0 {
		return true
	}
	got := make([]byte, sha256.Size)
	if len(signature) != 2*sha256.Size {
		return false
	}
	if _, err := hex.Decode(got, signature); err != nil {
		return false
	}
	return hmac.Equal(got, s.sum(parts))
}

func (s Signer) sum(parts [][]byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}
