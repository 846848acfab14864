package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
)

var errPlain = errors.New("plain")

func TestKindOf(t *testing.T) {
	marked := fault.Wrap(fault.Source, errPlain, "look there")
	tests := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nothing", nil, fault.Unexpected},
		{"not wrapped", errPlain, fault.Unexpected},
		{"wrapped", marked, fault.Source},
		{"wrapped below", fmt.Errorf("build: %w", marked), fault.Source},
		{"wrapped twice: the outer counts", fault.Wrap(fault.Gate, marked, ""), fault.Gate},
		{"joined: the first counts", errors.Join(errPlain, marked, fault.Wrap(fault.Gate, errPlain, "")), fault.Source},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.KindOf(tt.err); got != tt.want {
				t.Errorf("kind %d, want %d", got, tt.want)
			}
		})
	}
}

func TestWrapKeepsTheError(t *testing.T) {
	if err := fault.Wrap(fault.Usage, nil, "hint"); err != nil {
		t.Errorf("nil became %v", err)
	}
	err := fault.Wrap(fault.Usage, errPlain, "hint")
	if !errors.Is(err, errPlain) || err.Error() != "plain" {
		t.Errorf("%v lost what it wraps", err)
	}
}

func TestHints(t *testing.T) {
	a := fault.Wrap(fault.Usage, errPlain, "a")
	b := fault.Wrap(fault.Usage, errPlain, "b")
	err := fault.Wrap(fault.Usage,
		fmt.Errorf("all: %w", errors.Join(a, errPlain, b, a, fault.Wrap(fault.Gate, errPlain, ""))), "outer")
	if diff := cmp.Diff([]string{"outer", "a", "b"}, fault.Hints(err)); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
	if hints := fault.Hints(errPlain); hints != nil {
		t.Errorf("hints of an error without any: %q", hints)
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"title", "base_url", "out", "app", "girder.timeout", "girder.download"}
	tests := []struct{ word, want string }{
		{"titel", `; did you mean "title"?`},
		{"baseURL", `; did you mean "base_url"?`},
		{"timeout", `; did you mean "girder.timeout"?`},
		{"girder.download_url", `; did you mean "girder.download"?`},
		{"quux", ""},
		{"", ""},
		{"x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.word, func(t *testing.T) {
			if got := fault.DidYouMean(tt.word, known); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
