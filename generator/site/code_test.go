package site

import (
	"os"
	"testing"

	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/google/go-cmp/cmp"
)

// TestCodeBlocks compares the output with that of goldmark-highlighting, which codeBlocks replaced.
func TestCodeBlocks(t *testing.T) {
	src, err := os.ReadFile("testdata/code.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/code.html")
	if err != nil {
		t.Fatal(err)
	}
	m := newMarkdown()
	for range 2 { // the second time, the lexers are cached
		if diff := cmp.Diff(string(want), string(m.render(src, &headingIDs{}))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestEndlessLexers renders code that some lexers of chroma never finish: it has no colours then.
func TestEndlessLexers(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"JSONata", "```jsonata\na | b\n```\n", "<pre><code class=\"language-jsonata\">a | b\n</code></pre>\n"},
		{"Jungle", "```jungle\n/\n```\n", "<pre><code class=\"language-jungle\">/\n</code></pre>\n"},
		{"in Markdown", "````md\n```jungle\n/\n```\n````\n",
			"<pre><code class=\"language-md\">```jungle\n/\n```\n</code></pre>\n"},
		{"code that ends", "```jsonata\n$a\n```\n", "<pre class=\"chroma\"><code><span class=\"line\">" +
			"<span class=\"cl\"><span class=\"nv\">$a</span>\n</span></span></code></pre>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(newMarkdown().render([]byte(tt.src), nil))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLexersEnd renders hostile code in every language of chroma: a lexer that hangs otherwise than by empty tokens
// would hang a build.
func TestLexersEnd(t *testing.T) {
	const hostile = "\x00 | / * : ! % ' \" ` ~ ^ @ # $ & ( ) { } [ ] < > = + - , . ; ? \\ _ 1 a é\n"
	m := newMarkdown()
	for _, language := range lexers.Names(false) {
		if html := m.render([]byte("~~~"+language+"\n"+hostile+"~~~\n"), nil); len(html) < len(hostile) {
			t.Errorf("%s: %q", language, html)
		}
	}
}

func BenchmarkCodeBlock(b *testing.B) {
	m := newMarkdown()
	for name, src := range map[string]string{
		"highlighted": "```sh\necho $HOME # x\n```\n", "plain": "```\necho $HOME # x\n```\n",
		"unknown language": "```brainwave\necho $HOME # x\n```\n",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m.render([]byte(src), nil)
			}
		})
	}
}
