package deploy

import (
	"strings"
	"testing"
)

// TestIDs names deploys by a part of their ids, and by texts that are no ids.
func TestIDs(t *testing.T) {
	w := newWorld(t)
	first := w.deploy()
	w.page("hello", "second text")
	w.run(0, "build", "--quiet")
	second := w.deploy()
	number := first.Deploy[strings.LastIndex(first.Deploy, "-")+1:]
	for _, text := range []string{first.Deploy, number, number[:6], strings.TrimSuffix(first.Deploy, number[4:])} {
		var d struct{ ID string }
		if w.json(&d, "deploy", "show", text); d.ID != first.Deploy {
			t.Errorf("show %s: %s, want %s", text, d.ID, first.Deploy)
		}
	}
	for _, tt := range []struct{ text, want string }{
		{"", `no record of deploy ""`},
		{"../../x", `no record of deploy "../../x"`},
		{"20261126T084652Z-production-00000000", "no record of deploy"},
		{"20", "is the beginning of the ids of 2 deploys, for instance " + second.Deploy + " and " + first.Deploy},
	} {
		if _, messages := w.run(2, "deploy", "show", tt.text); !strings.Contains(messages, tt.want) ||
			!strings.Contains(messages, "hint: sitegen deploy list shows all deploys") {
			t.Errorf("show %q: %s", tt.text, messages)
		}
	}
	if _, messages := w.run(2, "deploy", "rollback", ""); !strings.Contains(messages, "the id is empty") {
		t.Errorf("rollback to an empty id: %s", messages)
	}
	if _, messages := w.run(2, "deploy", "promote", "production"); !strings.Contains(messages, "to itself") {
		t.Errorf("promote production: %s", messages)
	}
	if _, messages := w.run(2, "deploy", "rolback"); !strings.Contains(messages, `did you mean "rollback"`) {
		t.Errorf("a misspelt command: %s", messages)
	}
	if got := w.live()[0]; got != second.Deploy {
		t.Errorf("live: %s, want %s", got, second.Deploy)
	}

	// Without one of its objects, the first deploy cannot return; the dry run finds that, too.
	for _, key := range w.list("o/") {
		o, _ := w.object(key)
		if strings.HasSuffix(key, ".html") && strings.Contains(string(o.Body), "first text") {
			w.remove(key)
		}
	}
	for _, args := range [][]string{{"--dry-run"}, {}} {
		_, messages := w.run(9, append([]string{"deploy", "rollback", number}, args...)...)
		if !strings.Contains(messages, "an object that deploy "+first.Deploy+" needs is no longer in the bucket") {
			t.Errorf("rollback %s: %s", args, messages)
		}
	}
	if got := w.live()[0]; got != second.Deploy {
		t.Errorf("live: %s, want %s", got, second.Deploy)
	}
}
