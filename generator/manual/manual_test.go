package manual

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

func TestPage(t *testing.T) {
	p := Page{Name: "site-build", Section: 1, Summary: "build it", Origin: "site v1.2", Date: time.Unix(1_700_000_000, 0)}
	p.Heading("Options")
	p.Subheading("General")
	p.Item("**-o**, **--out** *FOLDER*")
	p.Text("folder with the pages;\nnot 'public'")
	p.Continue()
	p.Markdown("Set `a \\ b`, see [docs](docs.md) and [age](https://age-encryption.org).")
	p.Heading("Examples")
	p.Text("Type:\n\n  .build -x\n  more\n\n.hidden is text\n")
	want := `.TH "SITE\-BUILD" 1 "2023-11-14" "site v1.2"
.nh
.ad l
.SH "NAME"
site\-build \- build it
.SH "OPTIONS"
.SS "General"
.TP
\fB\-o\fR, \fB\-\-out\fR \fIFOLDER\fR
folder with the pages; not \(aqpublic\(aq
.IP
Set \fBa \e b\fR, see docs and age <https://age\-encryption.org>.
.SH "EXAMPLES"
Type:
.PP
.nf
  .build \-x
  more
.fi
.PP
\&.hidden is text
`
	if diff := cmp.Diff(want, string(p.Bytes())); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if got := p.FileName(); got != "man1/site-build.1" {
		t.Errorf("file name %s", got)
	}
}

// TestRead reads texts with characters that troff treats in a special way, and has mandoc print them: they are the same.
func TestRead(t *testing.T) {
	mandoc := testutil.Need(t, "mandoc")
	for _, text := range []string{
		".TH is a request", "'quote", `\fBbold\fR`, "--flag", "a\\", "~/x^2 `code` \"q\"", "…", "x\n  .SH NO\n  'br",
	} {
		p := Page{Name: "x", Section: 5, Summary: "s"}
		p.Heading("Text")
		p.Text(text)
		cmd := exec.Command(mandoc, "-T", "utf8", "-O", "width=200")
		cmd.Stdin = bytes.NewReader(p.Bytes())
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v\n%s", text, err, p.Bytes())
		}
		for line := range strings.Lines(text) {
			if !strings.Contains(string(out), strings.TrimSpace(line)) {
				t.Errorf("%q is printed as\n%s", line, out)
			}
		}
	}
}
