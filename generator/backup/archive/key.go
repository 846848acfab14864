package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"github.com/Slicer/sitegen/generator/fault"
)

// ParseRecipient parses the public key of a recipient: "age1…", as age-keygen prints it.
func ParseRecipient(text string) (age.Recipient, error) {
	r, err := age.ParseX25519Recipient(text)
	if err != nil {
		return nil, errors.New("must be the public key of an age recipient, age1…")
	}
	return r, nil
}

// Encrypt encrypts a secret for recipients, so that any one of them can decrypt it. The result differs each time.
func Encrypt(secret string, recipients []string) ([]byte, error) {
	list := make([]age.Recipient, len(recipients))
	for i, text := range recipients {
		var err error
		if list[i], err = ParseRecipient(text); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, list...)
	if err == nil {
		_, err = io.WriteString(w, secret)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return b.Bytes(), nil
}

// maxSecret bounds what Decrypt returns (bytes).
const maxSecret = 1 << 10

// Decrypt decrypts a secret with the identities in a file of age-keygen.
func Decrypt(data []byte, identityFile string) (string, error) {
	text, err := os.ReadFile(identityFile)
	if err != nil {
		return "", fault.Wrap(fault.Usage, fmt.Errorf("read the identity: %w", err), "")
	}
	identities, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		// The error of the library may quote the secret.
		return "", fault.Wrap(fault.Usage, fmt.Errorf("%s: not an identity file of age", identityFile),
			"Use the file that age-keygen wrote, with a line AGE-SECRET-KEY-1….")
	}
	r, err := age.Decrypt(bytes.NewReader(data), identities...)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return "", fault.Wrap(fault.Usage, fmt.Errorf("%s: the backup is encrypted for other recipients", identityFile),
			"Use the identity of a recipient in backup.recipients at the time of the backup.")
	}
	if err != nil {
		return "", damaged("decrypt: %w", err)
	}
	secret, err := io.ReadAll(io.LimitReader(r, maxSecret))
	if err != nil {
		return "", damaged("decrypt: %w", err)
	}
	return string(secret), nil
}

// Fingerprint returns a text by which a secret key is recognised, and from which it cannot be found out; "" for "".
// The key must be random.
func Fingerprint(key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("sitegen visitor key\n" + strings.TrimSpace(key)))
	return hex.EncodeToString(sum[:])
}
