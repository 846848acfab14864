package stats

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShort(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1k", 1049: "1k", 1050: "1.1k", 9949: "9.9k", 9950: "10k", 12345: "12k",
		999_499: "999k", 999_500: "1M", 999_999: "1M", 1_000_000: "1M", 1_049_999: "1M", 1_050_000: "1.1M", 1_249_999: "1.2M", 999_999_999: "1G", 1_500_000_000_000: "1.5T",
	} {
		if got := short(n); got != want {
			t.Errorf("short(%d) = %s, want %s", n, got, want)
		}
	}
}

// TestNewestBadges checks the badges of a project whose newest release has not been downloaded yet.
func TestNewestBadges(t *testing.T) {
	for name, table := range map[string]string{
		"no downloads":     "",
		"an older release": "day\tversion\tos\tstability\tcountry\tclass\tdownloads\n2026-10-01\t5.12.3\tlinux\trelease\tDE\tbrowser\t7\n",
	} {
		t.Run(name, func(t *testing.T) {
			e := open(t, options(t, t.TempDir()))
			if table != "" {
				if _, err := e.ImportDaily(t.Context(), "daily.tsv", strings.NewReader(table)); err != nil {
					t.Fatal(err)
				}
			}
			dir := publish(t, e)
			if diff := cmp.Diff(Badge{1, "downloads of 5.12.4", "0"}, decode[Badge](t, dir, BadgeLatestFile)); diff != "" {
				t.Error(diff)
			}
			picture, err := os.ReadFile(filepath.Join(dir, "badge", "version.svg"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(picture), "version: 5.12.4") {
				t.Errorf("the picture of the version is %s", picture)
			}
		})
	}
}

// TestBadgePicture checks that texts are escaped, and that longer texts make wider pictures.
func TestBadgePicture(t *testing.T) {
	text := string(Badge{Label: "downloads", Message: `<1> & "2"`}.picture(lightBadge))
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	for _, bad := range []string{"<1>", "style", "%!"} {
		if strings.Contains(text, bad) {
			t.Errorf("the picture contains %q: %s", bad, text)
		}
	}
	if narrow, wide := textWidth("1M"), textWidth("123M"); narrow >= wide {
		t.Errorf("widths %d and %d", narrow, wide)
	}
}
