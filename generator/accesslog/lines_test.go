package accesslog

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
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
	var gz, zs bytes.Buffer
	for range 2 { // two members, as when logs are compressed and appended to one file
		zw := gzip.NewWriter(&gz)
		io.WriteString(zw, text)
		zw.Close()
	}
	zw, _ := zstd.NewWriter(&zs)
	io.WriteString(zw, text)
	zw.Close()
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
		{"zstd", zs.String(), Zstd, text, false},
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
}
