package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestMain lets the test program be the soak itself, which starts itself again in its own namespace.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-inside" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestSoak is a soak of 25 seconds. make soak runs a longer one.
func TestSoak(t *testing.T) {
	dir, err := os.MkdirTemp("", "soak-") // the user of Nginx cannot pass t.TempDir in every environment
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := run(25*time.Second, "", filepath.Join(dir, "run"), false); err != nil {
		t.Error(err)
	}
}
