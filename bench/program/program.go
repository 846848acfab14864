// Package program builds sitegen for a benchmark.
package program

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds sitegen into a new temporary folder, which the caller removes. The current folder must be that of the
// repository.
func Build() (dir, program string, err error) {
	dir, err = os.MkdirTemp("", "sitegen-bench-")
	if err != nil {
		return "", "", err
	}
	program = filepath.Join(dir, "program")
	if out, err := exec.Command("go", "build", "-o", program, "./cmd/sitegen").CombinedOutput(); err != nil {
		err = fmt.Errorf("build sitegen: %w\n%s", err, out)
		return "", "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, program, nil
}
