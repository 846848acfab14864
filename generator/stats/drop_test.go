package stats

import (
	"bytes"
	"context"
	"database/sql"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/testutil"
)

// drop drops days and logs.
func drop(t testing.TB, e *Engine, days, logs []string) *Dropped {
	t.Helper()
	r, err := e.Drop(context.Background(), days, logs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// files returns the content of the published files.
func files(t testing.TB, e *Engine) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, f := range publishedFiles(t, e) {
		var b bytes.Buffer
		b.Write(f.Data)
		if f.Write != nil {
			if err := f.Write(&b); err != nil {
				t.Fatal(err)
			}
		}
		all[f.Path] = b.String()
	}
	return all
}

// query runs a statement on the database of an engine and returns its first number.
func query(t testing.TB, e *Engine, statement string) (n int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(e.options.Dir, "downloads.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(statement).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDropDay drops a day of a log, and reads the log again: plain, rotated and compressed. The numbers, the accesses of
// format 1.0 and the published files must be the same as before.
func TestDropDay(t *testing.T) {
	const day = "2026-10-09"
	e := open(t, options(t, t.TempDir()))
	dir := t.TempDir()
	log := write(t, dir, "access.log", text(t, "access.log.gz"))
	read(t, e, log)
	want, accesses, published := export(t, e), accessList(t, e), files(t, e)
	var rest []string
	for line := range strings.Lines(want) {
		if !strings.HasPrefix(line, day) {
			rest = append(rest, line)
		}
	}
	rotated := write(t, dir, "access.log.1", text(t, "access.log.gz"))
	for _, again := range []string{log, rotated, testLog("access.log.gz"), testLog("access.log.gz")} {
		r := drop(t, e, []string{day}, nil)
		if len(r.Days) != 1 || r.Days[0].Day != day || r.Days[0].Before == 0 || r.Days[0].After != 0 ||
			r.Days[0].Closed {
			t.Errorf("%s: report %+v", again, r)
		}
		if diff := cmp.Diff(strings.Join(rest, ""), export(t, e)); diff != "" {
			t.Errorf("%s: after drop: %s", again, diff)
		}
		verified(t, e)
		if s := decode[Summary](t, publish(t, e), SummaryFile); int(s.Total+s.Robots) != total(t, e) {
			t.Errorf("%s: %d downloads published, %d in the table", again, s.Total+s.Robots, total(t, e))
		}
		read(t, e, again)
		if diff := cmp.Diff(want, export(t, e)); diff != "" {
			t.Errorf("%s: read again: %s", again, diff)
		}
		if diff := cmp.Diff(accesses, accessList(t, e)); diff != "" {
			t.Errorf("%s: accesses: %s", again, diff)
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(published)), slices.Sorted(maps.Keys(files(t, e)))); diff != "" {
			t.Errorf("%s: published files: %s", again, diff)
		}
		verified(t, e)
	}
	if r := read(t, e, log); r.New > 0 {
		t.Errorf("%d new requests", r.New)
	}
}

// TestDropOtherLogs checks that only logs with requests on the dropped day are read again.
func TestDropOtherLogs(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	dir := t.TempDir()
	first := logOf(t, 0, 100, 0)
	second := bytes.ReplaceAll(logOf(t, 200, 50, 0), []byte("20/Sep"), []byte("21/Sep"))
	one, two := write(t, dir, "1.log", first), write(t, dir, "2.log.gz", gzipped(t, second))
	read(t, e, one, two)
	drop(t, e, []string{"2026-09-21"}, nil)
	r := read(t, e, one, two)
	if r.Lines != 50 || r.New != 50 || total(t, e) != 150 {
		t.Errorf("%d lines read, %d new, %d downloads", r.Lines, r.New, total(t, e))
	}
	// The days of logs that earlier versions have read are unknown.
	query(t, e, "UPDATE logs SET first_day = -2147483648, last_day = 2147483647 RETURNING 1")
	drop(t, e, []string{"2026-09-21"}, nil)
	if r := read(t, e, one, two); r.Lines != 150 || r.New != 50 || total(t, e) != 150 {
		t.Errorf("%d lines read, %d new, %d downloads", r.Lines, r.New, total(t, e))
	}
}

// TestDropLog drops one of two logs that share downloads, in each form that it may have taken since.
func TestDropLog(t *testing.T) {
	dir := t.TempDir()
	lines := bytes.SplitAfter(text(t, "access.log.gz"), []byte("\n"))
	first := write(t, dir, "first.log", bytes.Join(lines[:4000], nil))
	data := bytes.Join(lines[2500:5500], nil)
	more := bytes.Join(lines[5500:6000], nil)
	alone := open(t, options(t, t.TempDir()))
	read(t, alone, first)
	want := export(t, alone)
	for _, tc := range []struct {
		name       string
		read, drop []byte
	}{
		{"second.log", data, data},
		{"second.log.1", data, append(bytes.Clone(data), more...)}, // grown: the lines after it have not been read
		{"second.log.2.gz", data, gzipped(t, data)},
		{"second.log.3.gz", data, gzipped(t, append(bytes.Clone(data), more...))},
		{"second.log.4.gz", gzipped(t, data), gzipped(t, data)},
		{"second.log.5", gzipped(t, data), data},
		{"second.log.6.gz", gzipped(t, bytes.TrimSpace(data)), gzipped(t, bytes.TrimSpace(data))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := open(t, options(t, t.TempDir()))
			dir := t.TempDir()
			read(t, e, first, write(t, dir, "second", tc.read))
			whole, accesses := export(t, e), accessList(t, e)
			log := write(t, dir, tc.name, tc.drop)
			r := drop(t, e, nil, []string{log})
			if r.Lines != 3000 || len(r.Days) == 0 {
				t.Errorf("%d lines of %d days dropped", r.Lines, len(r.Days))
			}
			verified(t, e)
			for line := range strings.Lines(export(t, e)) {
				if key := line[:strings.LastIndexByte(line, '\t')]; !strings.Contains(want, key) {
					t.Errorf("not dropped: %s", line)
				}
			}
			read(t, e, first) // restores what both logs have
			if diff := cmp.Diff(want, export(t, e)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(accessList(t, alone), accessList(t, e)); diff != "" {
				t.Error(diff)
			}
			if _, err := e.Drop(context.Background(), nil, []string{log}); fault.KindOf(err) != fault.Usage {
				t.Errorf("dropped again: %v", err)
			}
			read(t, e, write(t, dir, "again", tc.read))
			if diff := cmp.Diff(whole, export(t, e)); diff != "" {
				t.Errorf("read again: %s", diff)
			}
			if diff := cmp.Diff(accesses, accessList(t, e)); diff != "" {
				t.Errorf("accesses: %s", diff)
			}
			verified(t, e)
		})
	}
}

// TestDropForeign drops the log of another site: its packages and user agents must be gone, too.
func TestDropForeign(t *testing.T) {
	o := options(t, t.TempDir())
	o.Privacy = Full
	e := open(t, o)
	dir := t.TempDir()
	read(t, e, write(t, dir, "ours.log", logOf(t, 0, 10, 0)))
	foreign := bytes.ReplaceAll(logOf(t, 100, 5, 0), []byte(testutil.Packages(t, "live")[0].ID),
		[]byte("0123456789abcdef01234567"))
	log := write(t, dir, "foreign.log", bytes.ReplaceAll(foreign, []byte("curl/7.88.1"), []byte("Other/1")))
	count := func(table string) int64 {
		t.Helper()
		return query(t, e, "SELECT count(*) FROM "+table)
	}
	packages := count("packages")
	read(t, e, log)
	drop(t, e, nil, []string{log})
	hits := query(t, e, "SELECT sum(length(hits)) / 24 FROM parts")
	if hits != 10 || count("agents") != 1 || count("addresses") != 10 || count("packages") != packages {
		t.Errorf("%d hits, %d agents, %d addresses, %d packages, want 10, 1, 10, %d", hits, count("agents"),
			count("addresses"), count("packages"), packages)
	}
}

// TestDropImported replaces imported days by logs.
func TestDropImported(t *testing.T) {
	ctx := context.Background()
	e := open(t, options(t, t.TempDir()))
	table := "day\tversion\tos\tstability\tcountry\tclass\tdownloads\n" +
		"2026-09-20\t5.8\twin\trelease\tDE\ttool\t7\n2026-09-21\t5.8\twin\trelease\tDE\ttool\t8\n"
	if _, err := e.ImportDaily(ctx, "daily.tsv", strings.NewReader(table)); err != nil {
		t.Fatal(err)
	}
	log := write(t, t.TempDir(), "access.log", logOf(t, 0, 10, 0)) // 20 September
	if r, err := e.Read(ctx, []string{log}, func(int64) {}); err != nil || r.Closed != 10 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r := drop(t, e, []string{"2026-09-20"}, nil); r.Days[0].Before != 7 || r.Days[0].Closed {
		t.Errorf("%+v", r)
	}
	read(t, e, log)
	if total(t, e) != 18 {
		t.Errorf("%d downloads, want 8 imported and 10 counted", total(t, e))
	}
	s := decode[Summary](t, publish(t, e), SummaryFile)
	if diff := cmp.Diff([]RuleChange{{"2026-09-21", RuleLogs, RuleTable}}, s.RuleChanges); diff != "" {
		t.Error(diff)
	}
	// The same for a day of the database of the previous job.
	if _, err := e.ImportOld(ctx, oldDatabase(t, 0, 1), ignoreBad); err != nil {
		t.Fatal(err)
	}
	if r := drop(t, e, []string{"2020-06-01"}, nil); r.Days[0].Before != 2 || r.Days[0].After != 0 {
		t.Errorf("%+v", r)
	}
	s = decode[Summary](t, publish(t, e), SummaryFile)
	if s.First != "2026-09-20" {
		t.Errorf("first day %s", s.First)
	}
}

// TestDropForgotten drops a day whose visitors were forgotten. It stays closed.
func TestDropForgotten(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	log := write(t, t.TempDir(), "access.log", logOf(t, 0, 10, 0))
	read(t, e, log)
	if _, err := e.Forget(context.Background(), "2026-10-01"); err != nil {
		t.Fatal(err)
	}
	if r := drop(t, e, []string{"2026-09-20"}, nil); r.Days[0].Before != 10 || !r.Days[0].Closed || total(t, e) != 0 {
		t.Errorf("%+v, %d downloads", r, total(t, e))
	}
	if r, err := e.Read(context.Background(), []string{log}, func(int64) {}); err != nil || r.Closed != 10 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDropRefuses(t *testing.T) {
	ctx := context.Background()
	e := open(t, options(t, t.TempDir()))
	dir := t.TempDir()
	log := write(t, dir, "access.log", logOf(t, 0, 10, 0))
	read(t, e, log)
	want := export(t, e)
	for _, tc := range []struct{ day, log, want string }{
		{"20.9.2026", "", "invalid day"},
		{"2026-09-20", write(t, dir, "other.log", logOf(t, 50, 10, 0)), "has not been read"},
		{"2026-09-20", write(t, dir, "empty.log", nil), "has not been read"},
		{"2026-09-20", write(t, dir, "shorter.log", logOf(t, 0, 5, 0)), "has not been read"},
		{"2026-09-20", filepath.Join(dir, "none.log"), "no such file"},
		{"2026-09-20", dir, "not a file"},
		{"2026-09-20", "-", "cannot be read twice"},
		{"2026-09-20", "s3://bucket/key", "has not been read"},
	} {
		var logs []string
		if tc.log != "" {
			logs = []string{log, tc.log}
		}
		_, err := e.Drop(ctx, []string{tc.day}, logs)
		if err == nil || !strings.Contains(err.Error(), tc.want) || fault.KindOf(err) != fault.Usage {
			t.Errorf("%s %s: error %v", tc.day, tc.log, err)
		}
		if diff := cmp.Diff(want, export(t, e)); diff != "" {
			t.Errorf("%s %s: %s", tc.day, tc.log, diff)
		}
	}
}

// TestDropDryRun checks that a dry run reports the same as a real one, and changes nothing.
func TestDropDryRun(t *testing.T) {
	o := options(t, t.TempDir())
	e := open(t, o)
	log := testLog("access.log.gz")
	read(t, e, log)
	want := export(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	o.DryRun = true
	dry := open(t, o)
	report := drop(t, dry, []string{"2026-10-09"}, []string{log})
	dry.Close()
	o.DryRun = false
	e = open(t, o)
	if diff := cmp.Diff(want, export(t, e)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(drop(t, e, []string{"2026-10-09"}, []string{log}), report); diff != "" {
		t.Error(diff)
	}
	if total(t, e) != 0 {
		t.Errorf("%d downloads left", total(t, e))
	}
}

// TestDropKilled kills drops at random times. Each leaves the downloads as they were, or drops all of the log.
func TestDropKilled(t *testing.T) {
	dir := t.TempDir()
	log, _ := crashLog(t)
	other := write(t, t.TempDir(), "other.log", logOf(t, 0, 10, 0))
	e := open(t, options(t, dir))
	read(t, e, log, other)
	want := export(t, e)
	e.Close()
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	kills, dropped := 0, false
	for limit := 400; !dropped; limit += 1000 {
		cmd, stderr := start(t, dir, log, childDrop+"=1")
		timer := time.AfterFunc(time.Duration(20+r.IntN(limit))*time.Millisecond, func() { cmd.Process.Kill() })
		if err := cmd.Wait(); err == nil {
			dropped = true
		} else if kills++; stderr.Len() > 0 {
			t.Fatalf("%v: %s", err, stderr)
		}
		timer.Stop()
		e := open(t, options(t, dir))
		read(t, e)
		got := export(t, e)
		switch {
		case total(t, e) == 10:
			dropped = true
		case got != want || dropped:
			t.Fatalf("after %d kills: %s", kills, cmp.Diff(want, got))
		}
		verified(t, e)
		if dropped {
			read(t, e, log)
			if diff := cmp.Diff(want, export(t, e)); diff != "" {
				t.Error(diff)
			}
		}
		e.Close()
	}
	if _, err := os.Stat(filepath.Join(dir, "downloads.sqlite")); err != nil {
		t.Error(err)
	}
	t.Logf("%d kills", kills)
}
