package stats

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestForget(t *testing.T) {
	ctx := context.Background()
	o := options(t, t.TempDir())
	e := open(t, o)
	read(t, e, testLog("access.log.gz"))
	n, err := e.Forget(ctx, "2026-10-10")
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if diff := cmp.Diff(string(text(t, "truth-daily.tsv")), export(t, e)); diff != "" {
		t.Error(diff)
	}
	verified(t, e)
	if list := accessList(t, e); strings.Contains(list, "20735 ") { // 2026-10-09
		t.Error("accesses of forgotten days are still there")
	}
	// A log with the same requests adds nothing: neither on the closed days, nor on the days that have their hits.
	r := read(t, e, testLog("s3.log.gz"))
	if r.Closed == 0 || r.New != 0 {
		t.Errorf("%d requests on closed days, %d new", r.Closed, r.New)
	}
	if diff := cmp.Diff(string(text(t, "truth-daily.tsv")), export(t, e)); diff != "" {
		t.Error(diff)
	}
	if _, err := e.Forget(ctx, "last year"); err == nil {
		t.Error("an invalid day was accepted")
	}
}

// TestReclassify changes the rules so that the class, the old class and the system of some user agents change, and
// changes them back.
func TestReclassify(t *testing.T) {
	ctx := context.Background()
	e := open(t, options(t, t.TempDir()))
	read(t, e, testLog("access.log.gz"))
	want, accesses := export(t, e), accessList(t, e)
	rules := write(t, t.TempDir(), "rules.yaml",
		[]byte("user_agent_parsers:\n- regex: '(Nothing)'\nos_parsers:\n- regex: 'iPhone'\n  os_replacement: Symbian "+
			"OS\ndevice_parsers:\n- regex: 'Firefox'\n  device_replacement: Spider\n"))
	e.options.Rules = rules
	dry, err := e.Reclassified(ctx, rules)
	if err != nil || len(dry) == 0 {
		t.Fatal(dry, err)
	}
	if export(t, e) != want {
		t.Error("Reclassified changed the numbers")
	}
	changes, err := e.Reclassify(ctx)
	if diff := cmp.Diff(dry, changes); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if got := export(t, e); got == want || strings.Count(got, "\tbot\t") < strings.Count(want, "\tbot\t") {
		t.Error("there are not more downloads by bots than before")
	}
	verified(t, e)
	var fields []string
	for _, f := range Summarize(changes) {
		fields = append(fields, f.Field)
	}
	if s := strings.Join(fields, " "); !strings.Contains(s, "class") || !strings.Contains(s, "legacy") ||
		!strings.Contains(s, "os") {
		t.Errorf("fields %s", s)
	}
	e.options.Rules = ""
	if _, err := e.Reclassify(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, export(t, e)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(accesses, accessList(t, e)); diff != "" {
		t.Error(diff)
	}
}

// TestPrivacy searches all files of the data folder for addresses, which only the mode Full may store, and checks which
// keys are deleted.
func TestPrivacy(t *testing.T) {
	for _, mode := range []Privacy{Keyed, Daily, Full} {
		t.Run(string(mode), func(t *testing.T) {
			o := options(t, t.TempDir())
			o.Privacy = mode
			o.Now = func() time.Time { return time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC) }
			e := open(t, o)
			read(t, e, testLog("access.log.gz"))
			if diff := cmp.Diff(string(text(t, "truth-daily.tsv")), export(t, e)); diff != "" {
				t.Error(diff)
			}
			e.Close()
			found := false
			entries, err := os.ReadDir(o.Dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				b, err := os.ReadFile(filepath.Join(o.Dir, entry.Name()))
				if err != nil {
					t.Fatal(err)
				}
				for _, address := range []string{"203.0.113.141", "198.51.100.", "2001:db8:2:"} {
					found = found || bytes.Contains(b, []byte(address))
				}
				if info, err := entry.Info(); err != nil || entry.Name() == "stats.key" && info.Mode().Perm() != 0o600 {
					t.Errorf("%s has the mode %v, %v", entry.Name(), info.Mode(), err)
				}
			}
			if found != (mode == Full) {
				t.Errorf("addresses found: %v, want %v", found, mode == Full)
			}
			key, err := os.ReadFile(filepath.Join(o.Dir, "stats.key"))
			if err != nil {
				t.Fatal(err)
			}
			if mode == Daily && (bytes.Contains(key, []byte("2026-10-27")) ||
				!bytes.Contains(key, []byte("2026-10-28"))) {
				t.Errorf("want keys from 2026-10-28 on, got: %s", key)
			}
			e = open(t, o)
			if r := read(t, e, testLog("s3.log.gz")); r.New != 0 || (mode == Daily) != (r.Closed > 0) {
				t.Errorf("reading the same requests again: %d new, %d on closed days", r.New, r.Closed)
			}
		})
	}
}

func TestKey(t *testing.T) {
	dir := t.TempDir()
	v, err := openVisitors(dir, Keyed, false)
	if err != nil {
		t.Fatal(err)
	}
	number := func(v *visitors, address string) int64 {
		t.Helper()
		key, _ := addressKey(nil, []byte(address))
		id, err := v.id(key, 20000)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	one := number(v, "192.0.2.1")
	if one != number(v, "::ffff:192.0.2.1") || one == number(v, "192.0.2.2") ||
		number(v, "2001:DB8::1") != number(v, "2001:db8:0::1") ||
		number(v, "Host.Example") != number(v, "host.example") {
		t.Error("spellings of one address have different ids, or different addresses have the same id")
	}
	if err := v.save(); err != nil {
		t.Fatal(err)
	}
	again, err := openVisitors(dir, Keyed, false)
	if err != nil || number(again, "192.0.2.1") != one {
		t.Error("the key was not saved", err)
	}
	other, err := openVisitors(t.TempDir(), Keyed, false)
	if err != nil || number(other, "192.0.2.1") == one {
		t.Error("another site has the same key", err)
	}
	if err := os.Chmod(filepath.Join(dir, "stats.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openVisitors(dir, Keyed, false); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "stats.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("other users can read the key", err)
	}
	write(t, dir, "stats.key", []byte("{"))
	if _, err := openVisitors(dir, Keyed, false); err == nil {
		t.Error("a damaged file of keys was accepted")
	}
}
