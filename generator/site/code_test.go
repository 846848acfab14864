package site

import (
	"os"
	"testing"

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
		if diff := cmp.Diff(string(want), string(m.render(src))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
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
				m.render([]byte(src))
			}
		})
	}
}
