package output_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/output"
)

// childVariable is the environment variable that makes the test program a child process: one that a test kills, or
// that lacks a permission.
const childVariable = "SITEGEN_OUTPUT_CHILD"

func TestMain(m *testing.M) {
	job := os.Getenv(childVariable)
	if job == "" {
		os.Exit(m.Run())
	}
	var a assignment
	err := json.Unmarshal([]byte(job), &a)
	if err == nil {
		err = a.run()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// assignment is what a child has to do.
type assignment struct {
	Do          string
	Dir         string
	From        int // the first generation, for churn
	AfterChange [][]string
}

// start starts a child with this assignment.
func (a assignment) start(t *testing.T) (child *exec.Cmd, out *bufio.Reader) {
	t.Helper()
	job, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(job))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its commands die with it
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	return cmd, bufio.NewReader(pipe)
}

// line returns the next line that a child writes.
func line(t *testing.T, out *bufio.Reader) string {
	t.Helper()
	text, err := out.ReadString('\n')
	if err != nil {
		t.Fatalf("read from the child: %v", err)
	}
	return text
}

// kill kills a child with SIGKILL and waits until it is gone.
func kill(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}
}

// run does the assignment, in the child.
func (a assignment) run() error {
	s := siteIn(nil, a.Dir)
	s.options.AfterChange = a.AfterChange
	s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
	switch a.Do {
	case "hold": // the lock
		w, err := output.Open(s.options)
		if err != nil {
			return err
		}
		defer w.Close()
		fmt.Println("open")
		time.Sleep(time.Hour)
		return nil
	case "maps":
		_, err := s.try("", record("new.json", "1"), nginxMap("a.conf", "new"), nginxMap("b.conf", "new"))
		return err
	case "produce": // the first part of a file
		_, err := s.try("", output.File{Path: "data/a.json", Write: func(w io.Writer) error {
			if _, err := io.WriteString(w, long(100_000)); err != nil {
				return err
			}
			fmt.Println("midway")
			time.Sleep(time.Hour)
			return nil
		}})
		return err
	case "churn": // one generation of the site after the other
		fmt.Println("ready")
		return churn(s, a.From)
	case "small files": // files of at most 64 KB
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
	case "nobody": // without the permissions of root
		if os.Getuid() == 0 {
			if err := errors.Join(syscall.Setgid(65534), syscall.Setuid(65534)); err != nil {
				return err
			}
		}
	}
	_, err := s.try("", record("a.html", "new"), page("big.html", long(100<<10)), page("z/index.html", "new"))
	return err
}
