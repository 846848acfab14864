package stats

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

func compressed(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestUnreadableLogs reads logs that cannot be read, or only in part: each has a reason, and the others are counted.
func TestUnreadableLogs(t *testing.T) {
	lines := bytes.Join(bytes.SplitAfter(text(t, "access.log.gz"), []byte("\n"))[:500], nil)
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	w.WriteHeader(&tar.Header{Name: "access.log", Mode: 0o644, Size: int64(len(lines))})
	w.Write(lines)
	w.Close()
	gz := compressed(t, lines)
	dir := t.TempDir()
	good := write(t, dir, "good.log", lines)
	for _, tc := range []struct {
		name    string
		content []byte
		want    string
		lines   bool // some are counted
	}{
		{"access.tar.gz", compressed(t, archive.Bytes()), "a tar archive, which cannot be read; unpack it", false},
		{"access.log.gz.gz", compressed(t, gz), "compressed twice; decompress it once", false},
		{"access.zip.gz", compressed(t, []byte("PK\x03\x04\x14")), "compressed with zip", false},
		{"cut.gz", gz[:len(gz)-100], "unexpected EOF; the lines before were read: the file is incomplete; " +
			"compress or copy it again", true},
		{"start.gz", gz[:5], "the file is incomplete", false},
		{"tail.gz", append(bytes.Clone(gz), "junk"...), "data that is not gzip", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := open(t, options(t, t.TempDir()))
			log := write(t, dir, tc.name, tc.content)
			report, err := e.Read(t.Context(), []string{log}, func(int64) {})
			if err != nil {
				t.Fatal(err)
			}
			p := report.Problems()
			if len(p) != 1 || !strings.Contains(p[0], log) || !strings.Contains(p[0], tc.want) {
				t.Errorf("problems: %q", p)
			}
			if (report.New > 0) != tc.lines {
				t.Errorf("%d lines, %d new requests", report.Lines, report.New)
			}
			report, err = e.Read(t.Context(), []string{log, good}, func(int64) {})
			if err != nil || len(report.Problems()) != 1 || report.KnownBytes == 0 && report.New == 0 {
				t.Errorf("with another log: %v, %q", err, report.Problems())
			}
			if want := open(t, options(t, t.TempDir())); export(t, e) == "" || len(read(t, want, good).Logs) != 1 ||
				export(t, want) != export(t, e) {
				t.Error("the other log is not counted as if it were read alone")
			}
		})
	}
	e := open(t, options(t, t.TempDir()))
	if report := read(t, e, write(t, dir, "begun.log", lines[:50])); !report.Logs[0].Unfinished {
		t.Error("the report does not mention the incomplete line")
	}
}

// TestNamedPipe opens pipes with and without a program that writes to them.
func TestNamedPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openFile(t.Context(), pipe, time.Millisecond); !errors.Is(err, errNoWriter) {
		t.Errorf("without a writer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := openFile(ctx, pipe, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	go func() {
		if w, err := os.OpenFile(pipe, os.O_WRONLY, 0); err == nil {
			io.WriteString(w, "a line\n")
			w.Close()
		}
	}()
	f, err := openFile(t.Context(), pipe, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if text, err := io.ReadAll(f); string(text) != "a line\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}
