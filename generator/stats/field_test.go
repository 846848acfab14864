package stats

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestFieldLogs reads small logs of many servers and delivery networks, most of them from bug reports of other log
// analysers. It counts as a run does: once for each visitor and user agent.
func TestFieldLogs(t *testing.T) {
	data, err := os.ReadFile(testutil.Path(filepath.Join("field", "stats", "logs.txtar")))
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, "")
	classifier, err := openClassifier("")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, p := range o.Packages {
		known[p.Bitstream] = true
	}
	for _, log := range txtar.Parse(data).Files {
		t.Run(log.Name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSuffix(string(log.Data), "\n"), "\n")
			header := map[string]string{}
			for len(lines) > 0 {
				name, value, ok := strings.Cut(strings.TrimPrefix(lines[0], "# "), ": ")
				if !ok || !slices.Contains([]string{"origin", "right", "trusted proxies", "says"}, name) {
					break
				}
				header[name], lines = value, lines[1:]
			}
			formats := *o.Formats
			formats.TrustedProxies, _ = strconv.Atoi(cmp.Or(header["trusted proxies"], "0"))
			c := &collector{options: o, known: known, lastDay: 1 << 20}
			c.options.Formats = &formats
			ch := &chunk{}
			for _, line := range lines {
				ch.add([]byte(line))
			}
			c.parseChunk(ch, "")

			visits := map[string]Class{}
			begin := 0
			for _, r := range ch.requests {
				if r.download {
					agent := string(ch.data[r.address:r.agent])
					visits[string(ch.data[begin:r.address])+"\n"+agent] = classifier.Classify(agent).Class
				}
				begin = r.agent
			}
			want, classes, _ := strings.Cut(header["right"], " invalid, ")
			want = strings.TrimSuffix(want, " invalid")
			invalid := fmt.Sprint(len(ch.bad))
			if strings.HasSuffix(want, "?") {
				invalid = "?"
			}
			if got := fmt.Sprintf("%d downloads, %s", len(visits), invalid); got != want {
				t.Errorf("%s invalid, want %s", got, want)
			}
			byClass := map[Class]int{}
			for class := range maps.Values(visits) {
				byClass[class]++
			}
			for _, text := range strings.Fields(classes) {
				if name, n, _ := strings.Cut(text, "="); !slices.ContainsFunc(slices.Collect(maps.Keys(byClass)),
					func(k Class) bool { return k.String() == name && fmt.Sprint(byClass[k]) == n }) {
					t.Errorf("classes %v, want %s", byClass, classes)
				}
			}
			if says := header["says"]; says != "" && len(ch.bad) > 0 {
				got := formats.Explain(ch.line(ch.bad[0].number))
				if !strings.Contains(got, says) {
					t.Errorf("explains %s, want %s", got, says)
				}
				if _, proposal, ok := strings.Cut(got, "try --log-line '"); ok {
					with, err := accesslog.NewFormats([]string{strings.TrimSuffix(proposal, "'")}, accesslog.Fields{})
					if err != nil {
						t.Fatal(err)
					}
					c.options.Formats = with
					if c.parseChunk(ch, ""); len(ch.bad) > 0 || len(ch.requests) == 0 {
						t.Errorf("with the proposed --log-line: %d invalid, %d requests: %s", len(ch.bad), len(ch.requests), got)
					}
				}
			}
		})
	}
}
