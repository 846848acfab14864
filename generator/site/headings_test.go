package site

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var headingRE = regexp.MustCompile(`<h\d(?: id="([^"]*)")?`)

// idsOf returns the ids of the headings of a document, "-" for a heading without one.
func idsOf(html string) string {
	var ids []string
	for _, m := range headingRE.FindAllStringSubmatch(html, -1) {
		if m[1] == "" {
			m[1] = "-"
		}
		ids = append(ids, m[1])
	}
	return strings.Join(ids, " ")
}

// TestHeadingIDs compares the ids of headings with those of GitHub.
func TestHeadingIDs(t *testing.T) {
	for _, tt := range []struct{ name, headings, want string }{
		{"words", "Install on Linux|Size & speed|5.12.4|What's new?|snake_case-name",
			"install-on-linux size--speed 5124 whats-new snake_case-name"},
		{"scripts", "安装|Über uns|Установка|التثبيت|हिन्दी में|설치 방법|ติดตั้ง|Ⅳ. Teil",
			"安装 über-uns установка التثبيت हिन्दी-में 설치-방법 ติดตั้ง ⅳ-teil"},
		{"punctuation of other scripts", "安装、使用：入门。|«Привет»", "安装使用入门 привет"},
		{"symbols", "🚀 Start|🎉|C++|???|- -", "-start - c - -"},
		{"markup", "The `run` **command**|[Link](https://example.org/)|![alt](/x.png) Image|Tom &amp; Jerry|a<br>b",
			"the-run-command link -image tom--jerry ab"},
		{"duplicates", "Notes|Notes|Notes", "notes notes-1 notes-2"},
		{"a unique text keeps its id", "Notes|Notes|Notes 1", "notes notes-2 notes-1"},
		{"ids that the author chose", "Start|Setup {#start}|Other {#other}|Other", "start-1 start other other-1"},
		{"an anchor in HTML", "<a id=\"setup\"></a>Setup", "setup-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := "## " + strings.ReplaceAll(tt.headings, "|", "\n\n## ") + "\n"
			if diff := cmp.Diff(tt.want, idsOf(string(newMarkdown().render([]byte(src), &headingIDs{})))); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

// TestHeadingIDsDoNotMove checks that an added heading does not change the ids of headings with other texts.
func TestHeadingIDsDoNotMove(t *testing.T) {
	headings := []string{"概要", "安装", "Notes", "Notes", "Notes 1", "🎉", "Main", "Notes-1"}
	ids := func(list []string) string {
		src := "## " + strings.Join(list, "\n\n## ") + "\n"
		return idsOf(string(newMarkdown().render([]byte(src), &headingIDs{taken: map[string]bool{"main": true}})))
	}
	want := ids(headings)
	for _, added := range []string{"Setup", "使用", "🚀"} {
		for i := range headings {
			list := append(append(append([]string{}, headings[:i]...), added), headings[i:]...)
			got := strings.Fields(ids(list))
			if got := strings.Join(append(got[:i:i], got[i+1:]...), " "); got != want {
				t.Errorf("%q added before %q: ids %s, want %s", added, headings[i], got, want)
			}
		}
	}
}
