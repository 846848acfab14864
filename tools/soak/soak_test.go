package main

import (
	"os"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestMain lets the test program be the soak itself, which starts itself again in its own namespace.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-inside" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestSoak is a soak of 15 seconds. make soak runs a longer one.
func TestSoak(t *testing.T) {
	testutil.Need(t, "nginx")
	if err := run(15*time.Second, "", "", false); err != nil {
		t.Error(err)
	}
}
