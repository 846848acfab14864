// Package fault adds a kind and a hint on what to do next to errors. The package that detects an error calls Wrap once;
// the program converts the kind to an exit code (cmd/sitegen/exit.go) and prints the hints after the message. For
// example:
//
//	err = fault.Wrap(fault.Usage, err, "Move it away, or use another data folder.")
//
// An error that was never passed to Wrap is Unexpected.
package fault

import "errors"

// Kind is the kind of an error. It determines the exit code.
type Kind int

// The kinds. Each has its own exit code.
const (
	Unexpected  Kind = iota // anything else: a full disk, a missing permission, a bug in sitegen
	Usage                   // the command line, the environment or sitegen.yaml is wrong
	Gate                    // a build or restore would lose data; nothing was changed
	Source                  // the source cannot be reached, or its answer is not a listing of packages
	Content                 // content, layouts or rules have errors; nothing was written
	AfterChange             // an after_change command failed; if it was the first, the previous redirects were restored
	Locked                  // another run is using the same site folder
	Limit                   // the redirects exceed a limit of a server; only that server's files are unchanged
	Remote                  // AWS or GitHub cannot be reached or refuses a request
	Conflict                // somebody else deployed or backed up at the same time; visitors see that deploy
	Losses                  // logs could not be read, or only in part; everything else was counted
	Differences             // a server answers differently from another one, or from what it should
	Unreachable             // a web server does not answer
	Unhealthy               // sitegen doctor has found a problem
)

// Error is an error with a kind and, optionally, a hint.
type Error struct {
	Kind Kind
	Hint string // full sentence that says what to do next; "" for none
	Err  error  // the wrapped error
}

// Wrap wraps err with a kind and a hint ("" for none). The text of the error stays the same. Wrap returns nil if err is
// nil.
func Wrap(kind Kind, err error, hint string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Hint: hint, Err: err}
}

// Error returns the text of the wrapped error, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost Error in the tree of err, or Unexpected if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unexpected
}

// Hints returns the hints in the tree of err, the outermost first, each once.
func Hints(err error) []string {
	var hints []string
	seen := map[string]bool{"": true}
	var walk func(error)
	walk = func(err error) {
		if e, ok := err.(*Error); ok && !seen[e.Hint] { //nolint:errorlint // walk itself visits the whole tree
			seen[e.Hint] = true
			hints = append(hints, e.Hint)
		}
		switch e := err.(type) { //nolint:errorlint // as above
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, err := range e.Unwrap() {
				walk(err)
			}
		}
	}
	walk(err)
	return hints
}
