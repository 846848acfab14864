package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"unicode"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/progress"
)

// messages writes log messages to standard error, as plain text or, for log collectors, as JSON.
type messages struct {
	*slog.Logger
	terminal *progress.Terminal // the destination, which may also be a file or a pipe
	json     bool

	due func(message string) bool // reports whether a warning or an error must be printed; see runs.Alerts
}

func newMessages(t *progress.Terminal) *messages {
	m := &messages{terminal: t, due: func(string) bool { return true }}
	m.set(false, slog.LevelInfo)
	return m
}

// set changes the format and the level. Messages below level are not written.
func (m *messages) set(json bool, level slog.Level) {
	m.json = json
	handler := newTextHandler(m.terminal, level)
	if json {
		handler = slog.NewJSONHandler(m.terminal, &slog.HandlerOptions{Level: level})
	}
	m.Logger = slog.New(dueHandler{handler, m})
}

// fail reports the error that ends the program, followed by its hints.
func (m *messages) fail(err error) {
	if !m.due(err.Error()) {
		return
	}
	hints := fault.Hints(err)
	if m.json {
		m.Error(err.Error(), "hints", append([]string{}, hints...)) // [], never null
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(m.terminal, "sitegen: %s\n", printable(line))
	}
	for _, h := range hints {
		fmt.Fprintf(m.terminal, "sitegen: hint: %s\n", printable(h))
	}
}

// printable replaces control characters. Messages quote text from logs, listings and servers, which could contain
// escape sequences for the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\t' {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// dueHandler drops the warnings and errors that are not due.
type dueHandler struct {
	slog.Handler
	messages *messages
}

// Handle implements slog.Handler.
func (h dueHandler) Handle(ctx context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	if r.Level >= slog.LevelWarn && !h.messages.due(text) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h dueHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return dueHandler{h.Handler.WithAttrs(attrs), h.messages}
}

// WithGroup implements slog.Handler.
func (h dueHandler) WithGroup(name string) slog.Handler {
	return dueHandler{h.Handler.WithGroup(name), h.messages}
}

// textHandler formats log messages as text: "sitegen: warning: message key=value".
type textHandler struct {
	slog.Handler // writes the attributes into buf
	out          *textOutput
}

type textOutput struct {
	sync.Mutex
	w   io.Writer
	buf bytes.Buffer
}

func newTextHandler(w io.Writer, level slog.Level) slog.Handler {
	out := &textOutput{w: w}
	return textHandler{out: out, Handler: slog.NewTextHandler(&out.buf, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
				return slog.Attr{}
			}
			return a
		},
	})}
}

// Handle implements slog.Handler.
func (h textHandler) Handle(ctx context.Context, r slog.Record) error {
	h.out.Lock()
	defer h.out.Unlock()
	h.out.buf.Reset()
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	prefix := ""
	if r.Level >= slog.LevelWarn && r.Level < slog.LevelError {
		prefix = "warning: "
	}
	message := printable(strings.ReplaceAll(r.Message, "\n", " "))
	_, err := fmt.Fprintln(h.out.w,
		strings.TrimSpace(fmt.Sprintf("sitegen: %s%s %s", prefix, message, h.out.buf.Bytes())))
	return err
}

// WithAttrs implements slog.Handler.
func (h textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return textHandler{h.Handler.WithAttrs(attrs), h.out}
}

// WithGroup implements slog.Handler.
func (h textHandler) WithGroup(name string) slog.Handler {
	return textHandler{h.Handler.WithGroup(name), h.out}
}
