package stats

import (
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
)

// TestTargets compares the targets that count with those that Nginx with the generated configuration answers with a
// redirect to the file (302). The others it answers with 404, 400 or a page.
func TestTargets(t *testing.T) {
	const id = "6a464e2543581bffa4f3cccb"
	for target, counts := range map[string]bool{
		"/bitstream/ID": true, "http://h/bitstream/ID": true, "HTTP://h/bitstream/ID": true,
		"https://h:443/bitstream/ID": true, "http://h//bitstream/ID": true, "http://h?x": false,
		"//bitstream/ID": true, "/bitstream///ID": true, "/./bitstream/ID": true, "/x/../bitstream/ID": true,
		"/bitstream/./ID": true, "/bitstream/%2E/ID": true, "/x/%2e%2e/bitstream/ID": true,
		"/bitstream/x%2F..%2FID": true, "/bitstream%2FID": true, "/bitstream%2fID?x": true,
		"/%62itstream/ID": true, "/bitstream/%36" + id[1:]: true, "/bitstream/6A" + id[2:]: true,
		"/bitstream/ID?": true, "/bitstream/ID?x=1": true, "/bitstream/ID#": true, "/bitstream/ID#x": true,
		"/bitstream/ID/": false, "/bitstream/ID//": false, "/bitstream/ID/.": false, "/bitstream/ID/x/..": false,
		"/bitstream/ID+": false, "/bitstream/ID;x": false, "/bitstream/ID%20": false, "/bitstream/ID%23x": false,
		"/bitstream/ID%3Fx": false, "/bitstream/ID%2F": false, "/bitstream/ID%00": false, "/bitstream/ID%": false,
		"/bitstream/ID%zz": false, "/BITSTREAM/ID": false, `/bitstream/\ID`: false, "/;x/bitstream/ID": false,
		"%2Fbitstream/ID": false, "/%2e%2e/bitstream/ID": false, "/../x/bitstream/ID": false,
		"/bitstream/%25" + id: false, "bitstream/ID": false, "*": false, "": false, "/": false, "?": false,
	} {
		got, exact := bitstreamOf([]byte(strings.Replace(target, "ID", id, 1)), catalog.HexIDs)
		if counted := exact && string(got) == id; counted != counts {
			t.Errorf("%s: %v (id %q)", target, counted, got)
		}
	}
}

// TestNames checks that ids that are names count whatever their length is, and only as a whole.
func TestNames(t *testing.T) {
	for target, want := range map[string]string{
		"/bitstream/aurora-3.2":                                     "aurora-3.2",
		"/bitstream/aurora-3.2-20261121t0310-windows-x86_64":        "aurora-3.2-20261121t0310-windows-x86_64",
		"/bitstream/0123456789abcdef0123456789abcdef01234567-linux": "0123456789abcdef0123456789abcdef01234567-linux",
		"//bitstream/Aurora_3.2-linux-riscv64.tar?x=1":              "Aurora_3.2-linux-riscv64.tar",
		"/bitstream/aurora-3.2-20261121t0310-windows-x86_64/":       "",
		"/bitstream/aurora 3.2-20261121t0310-windows-x86_64":        "",
		"/bitstream/" + strings.Repeat("a", 81):                     "",
		"/bitstream/":                                               "",
	} {
		got, exact := bitstreamOf([]byte(target), catalog.NameIDs)
		if !exact || !isID(got, catalog.NameIDs) {
			got = nil
		}
		if string(got) != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}
