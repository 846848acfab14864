package build

import (
	"time"

	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/project"
)

// Phase is a part of a build and its duration.
type Phase struct {
	Name    string  `json:"name"` // source, input, pages, redirects or files
	Seconds float64 `json:"seconds"`
}

// phases measures the parts of a build. On a terminal, it shows what a build is doing.
type phases struct {
	p     *project.Project
	list  []Phase
	since time.Time // when the last phase started
	task  *progress.Task
}

// next ends the current phase and starts another one.
func (s *phases) next(name string) {
	s.end()
	s.list, s.since = append(s.list, Phase{Name: name}), s.p.Now()
}

// end ends the current phase.
func (s *phases) end() {
	s.task.End()
	if last := len(s.list) - 1; last >= 0 && s.list[last].Seconds == 0 {
		s.list[last].Seconds = s.p.Now().Sub(s.since).Seconds()
	}
}

// show shows what the build does from now on, until the next call or the end of the phase: "compiling the redirects".
func (s *phases) show(what string) { s.count(what, 0, progress.Nothing) }

// count is like show, with an amount: "rendering 12 of 200 pages". done adds to the amount.
func (s *phases) count(what string, total int, unit string) (done func(n int)) {
	s.task.End()
	task := s.p.Terminal.Start(what, int64(total), unit)
	s.task = task
	return func(n int) { task.Add(int64(n)) }
}

// files shows a step of the output.
func (s *phases) files(what string, total int) (done func(n int)) {
	if total == 0 {
		return s.count(what, 0, progress.Nothing)
	}
	return s.count(what, total, "files")
}
