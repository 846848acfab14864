package main

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// writeContainer writes the folder container/ for the Containerfile, which copies root/ to the root of an image, and
// home/ with the user sitegen as the owner.
func (r release) writeContainer() error {
	root := filepath.Join(r.out, "container", "root")
	err := writeFiles(root, []file{
		{name: "etc/passwd", data: []byte("root:x:0:0::/:\nsitegen:x:65532:65532::/site:\n")},
		{name: "etc/group", data: []byte("root:x:0:\nsitegen:x:65532:\n")},
		{name: "etc/ssl/certs/ca-certificates.crt", data: certificates()},
	})
	if err != nil {
		return err
	}
	tmp := filepath.Join(root, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o777|os.ModeSticky); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(r.out, "container", "home", "site"), 0o755)
}

// certificates returns the certificate authorities that Mozilla trusts, as PEM, without those that Mozilla trusts under
// conditions, which PEM cannot express.
func certificates() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return b.Bytes()
}
