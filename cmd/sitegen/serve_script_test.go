package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// served is the sitegen serve that a script runs in the background.
type served struct {
	cmd *exec.Cmd
	log string // the file with its messages
}

// servedKey is the key of served among the values of a script.
type servedKey struct{}

func servedBy(ts *testscript.TestScript) *served { return ts.Value(servedKey{}).(*served) }

// patience is the maximum time that a script waits for a message or answer.
const patience = 30 * time.Second

var servingRE = regexp.MustCompile(`serving http://(\S+)/\n`)

// serveCmd implements the script command "serve ARG…": it runs sitegen serve until "interrupt", and sets $ADDRESS.
func serveCmd(ts *testscript.TestScript, _ bool, args []string) {
	s := servedBy(ts)
	s.log = ts.MkAbs("serve.log")
	log, err := os.Create(s.log)
	ts.Check(err)
	defer log.Close()
	s.cmd = exec.Command("sitegen", append([]string{"serve"}, args...)...)
	s.cmd.Dir, s.cmd.Stderr = ts.MkAbs("."), log
	ts.Check(s.cmd.Start())
	cmd := s.cmd
	ts.Defer(func() { _ = cmd.Process.Kill() }) // fails if it has ended
	ts.Setenv("ADDRESS", s.await(ts, servingRE)[1])
}

// await waits for a message.
func (s *served) await(ts *testscript.TestScript, re *regexp.Regexp) []string {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		log, err := os.ReadFile(s.log)
		ts.Check(err)
		if m := re.FindStringSubmatch(string(log)); m != nil {
			return m
		}
		if time.Now().After(end) {
			ts.Fatalf("no message %s in\n%s", re, log)
		}
	}
}

// message implements the script command "message REGEXP": it waits until sitegen serve prints a matching message.
func message(ts *testscript.TestScript, _ bool, args []string) {
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	servedBy(ts).await(ts, re)
}

// get implements the script command "get PATH STATUS [REGEXP]": it repeats the request until the answer matches.
func get(ts *testscript.TestScript, _ bool, args []string) {
	re := regexp.MustCompile("")
	if len(args) > 2 {
		re = regexp.MustCompile(args[2])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		res, err := client.Get("http://" + ts.Getenv("ADDRESS") + args[0])
		ts.Check(err)
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		ts.Check(err)
		if strconv.Itoa(res.StatusCode) == args[1] && re.Match(body) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s: status %d, want %s and %s in\n%s", args[0], res.StatusCode, args[1], re, body)
		}
	}
}

// interrupt implements the script command "interrupt CODE": it interrupts sitegen serve, which must end with the exit
// code.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	s := servedBy(ts)
	open, err := http.Get("http://" + ts.Getenv("ADDRESS") + "/-/events") // as a page open in a browser
	ts.Check(err)
	defer open.Body.Close()
	ts.Check(s.cmd.Process.Signal(os.Interrupt))
	err = s.cmd.Wait()
	failed, ok := errors.AsType[*exec.ExitError](err)
	if !ok || strconv.Itoa(failed.ExitCode()) != args[0] {
		ts.Fatalf("ended with %v, want exit code %s", err, args[0])
	}
}
