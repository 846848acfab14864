package accesslog

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func TestLines(t *testing.T) {
	long, zeros := strings.Repeat("x", 1<<20), strings.Repeat("\x00", 40000)
	for _, tc := range []struct {
		name, text string
		want       []string
		unfinished string
	}{
		{"empty", "", nil, ""},
		{"CRLF and an empty line", "a\nb\r\n\nc\n", []string{"a", "b", "", "c"}, ""},
		{"no line ending at the end", "a\nb", []string{"a"}, "b"},
		{"line of 1 MB", "a\n" + long + "\nb\n", []string{"a", "(long)", "b"}, ""},
		{"line of 1 MB without line ending", "a\n" + long, []string{"a"}, ""},
		{
			"the longest line accepted, and a longer one", long[:maxLine] + "\n" + long[:maxLine+1] + "\n",
			[]string{long[:maxLine], "(long)"}, "",
		},
		{
			"zero bytes, as copytruncate leaves them", zeros + "a\nb" + zeros + "c\x00\x00d\n" + zeros + "\nlast" + zeros + "e\n",
			[]string{"a", "b", "c\x00\x00d", "", "last", "e"}, "",
		},
		{
			"messages of syslog after their lengths", "7 <13>a b11 <1>7 <2>x y4 <3>z\n7 <13>c d7 <13>",
			[]string{"7 <13>a b", "11 <1>7 <2>x y", "4 <3>z"}, "7 <13>c d7 <13>",
		},
		{
			"lengths that are wrong", "7 <13>a b 10 <1>\n9 <13>a b9 <2>\n99 <13>a b9 <2>\n0 <1>0 <1>\n",
			[]string{"7 <13>a b 10 <1>", "9 <13>a b9 <2>", "99 <13>a b9 <2>", "0 <1>0 <1>"}, "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, r := range []io.Reader{
				strings.NewReader(tc.text), iotest.HalfReader(strings.NewReader(tc.text)),
				iotest.DataErrReader(strings.NewReader(tc.text)),
			} {
				lines := NewLines(r, 7)
				var got []string
				var err error
				for {
					var line []byte
					if line, err = lines.Next(); err == ErrLong {
						line = []byte("(long)")
					} else if err != nil {
						break
					}
					got = append(got, string(line))
				}
				if err != io.EOF {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
				if got := string(lines.Unfinished()); got != tc.unfinished {
					t.Errorf("unfinished %.20q, want %.20q", got, tc.unfinished)
				}
				if want := int64(strings.LastIndexByte(tc.text, '\n') + 1 + 7); lines.Offset() != want {
					t.Errorf("offset %d, want %d", lines.Offset(), want)
				}
			}
		})
	}
}

func TestLinesErrors(t *testing.T) {
	broken := errors.New("input/output error")
	lines := NewLines(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), 0)
	if line, err := lines.Next(); string(line) != "a" || err != nil {
		t.Errorf("got %q, %v", line, err)
	}
	if _, err := lines.Next(); err != broken {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestDecompress(t *testing.T) {
	const text = "a line\nanother line\n"
	var gz, zs, xs bytes.Buffer
	for range 2 { // two members, as when logs are compressed and appended to one file
		zw := gzip.NewWriter(&gz)
		io.WriteString(zw, text)
		zw.Close()
	}
	xw, _ := xz.NewWriter(&xs)
	io.WriteString(xw, text)
	xw.Close()
	// Go has no compressor for bzip2.
	const bz = "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x66\x91\x38\xc1\x00\x00\x02\x51\x80\x00\x10\x40\x00\x22\x65\x94\x00\x20" +
		"\x00\x31\x00\xd3\x4d\x02\x54\xd3\x03\x43\x8a\x1c\xc2\xb5\x18\x22\xe9\x6f\x0b\xb9\x22\x9c\x28\x48\x33\x48\x9c\x60\x80"
	zw, _ := zstd.NewWriter(&zs, zstd.WithWindowSize(64<<20))
	io.WriteString(zw, text)
	zw.Close()
	packed := func(text string) string {
		var b bytes.Buffer
		zw := gzip.NewWriter(&b)
		zw.Write([]byte(text))
		zw.Close()
		return b.String()
	}
	for _, tc := range []struct {
		name, data  string
		compression Compression
		want        string
		err         bool
	}{
		{"plain", text, Plain, text, false},
		{"empty", "", Plain, "", false},
		{"gzip with two members", gz.String(), Gzip, text + text, false},
		{"truncated gzip", gz.String()[:gz.Len()-3], Gzip, text + text, true},
		{"gzip followed by junk", gz.String() + "junk", Gzip, text + text, true},
		{"gzip followed by zeros", gz.String() + strings.Repeat("\x00", 70000), Gzip, text + text, false},
		{"gzip members with zeros between them", gz.String() + "\x00\x00" + gz.String(), Gzip, strings.Repeat(text, 4),
			false},
		{"xz", xs.String(), XZ, text, false},
		{"truncated xz", xs.String()[:xs.Len()-3], XZ, text, true},
		{"bzip2", bz, Bzip2, text, false},
		{"UTF-16", "\xff\xfea\x00 \x00\xe4\x00\n\x00", UTF16, "a ä\n", false},
		{"UTF-16 without mark", "a\x00b\x00c\x00\n\x00\xe4\x00\n\x00", UTF16, "abc\nä\n", false},
		{"UTF-16 without mark, big endian", "\x00a\x00b\x00c\x00\n\x00\xe4\x00\n", UTF16, "abc\nä\n", false},
		{"zeros of copytruncate", "\x00\x00\x00\x00\x00\x00a\n", Plain, "\x00\x00\x00\x00\x00\x00a\n", false},
		{"UTF-16, big endian", "\xfe\xff\x00a\x00\n", UTF16, "a\n", false},
		{"zstd", zs.String(), Zstd, text, false},
		{"UTF-16 in gzip", packed("\xff\xfea\x00 \x00\xe4\x00\n\x00"), Gzip, "a ä\n", false},
		{"UTF-16 without mark in gzip", packed("\x00a\x00b\x00c\x00\n\x00\xe4\x00\n"), Gzip, "abc\nä\n", false},
		{"short text in gzip", packed("a"), Gzip, "a", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, compression, err := Decompress(strings.NewReader(tc.data))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if string(got) != tc.want || compression != tc.compression || (err != nil) != tc.err {
				t.Errorf("got %q, %v, %v", got, compression, err)
			}
		})
	}
}

func TestUnknownCompression(t *testing.T) {
	xzHeader := "\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x28" // a dictionary of 4 GB
	for _, text := range []string{"PK\x03\x04zip", "\x04\x22\x4d\x18", "LZIP\x01", xzHeader} {
		if _, _, err := Decompress(strings.NewReader(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestExpandLinks(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	for _, err := range []error{os.Mkdir(real, 0o755), os.WriteFile(filepath.Join(real, "a.log"), nil, 0o644),
		os.Symlink(real, filepath.Join(dir, "link")), os.Symlink(dir, filepath.Join(real, "loop")),
		os.Symlink("a.log", filepath.Join(real, "current")), os.Symlink("gone", filepath.Join(real, "broken"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	names, err := Expand([]string{filepath.Join(dir, "link"), filepath.Join(dir, "none")})
	if !slices.Contains(names, filepath.Join(dir, "link", "a.log")) ||
		!slices.Contains(names, filepath.Join(dir, "link", "current")) || err == nil ||
		!strings.Contains(err.Error(), "broken") || !strings.Contains(err.Error(), "none") {
		t.Errorf("%q, %v", names, err)
	}
}

func TestZeroBytes(t *testing.T) {
	lines := NewLines(strings.NewReader(strings.Repeat("\x00", 5*maxLine)+"a\nb\n"), 0)
	if line, err := lines.Next(); string(line) != "a" || err != nil || lines.Offset() != 5*maxLine+2 {
		t.Errorf("%q, %v, offset %d", line, err, lines.Offset())
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"access.log", "access.log.1", "cf/2026/b.gz", "cf/a.gz", "cf/.hidden"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Expand([]string{
		filepath.Join(dir, "access.log*"), filepath.Join(dir, "cf"), "-", "s3://bucket/p",
		filepath.Join(dir, "access.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], dir+"/")
	}
	want := []string{"access.log", "access.log.1", "cf/2026/b.gz", "cf/a.gz", "-", "s3://bucket/p"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	_, err = Expand([]string{filepath.Join(dir, "no"), filepath.Join(dir, "no*")})
	if err == nil || strings.Count(err.Error(), "find the log") != 2 {
		t.Errorf("got %v, want an error for each argument", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err = Expand([]string{filepath.Join(dir, "empty")}); err == nil ||
		!strings.Contains(err.Error(), "has no file") {
		t.Errorf("an empty folder: %v", err)
	}
	if got, err := Expand([]string{filepath.Join(dir, "*")}); err != nil || len(got) != 4 {
		t.Errorf("a pattern that matches an empty folder: %q, %v", got, err)
	}
}
