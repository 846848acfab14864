package stats

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestAnyOrder splits the test log into random pieces and reads them in random order, compressed or not, some of them
// more than once, in one run or many. The numbers must always be the same, including those of format 1.0.
func TestAnyOrder(t *testing.T) {
	lines := bytes.SplitAfter(text(t, "access.log.gz"), []byte("\n"))
	want := string(text(t, "truth-daily.tsv"))
	var accesses string
	for seed := range uint64(testutil.Amount(12, 3)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			e := open(t, options(t, t.TempDir()))
			var names []string
			for i, piece := range pieces(r, lines) {
				data := bytes.Join(piece, nil)
				if r.IntN(2) == 0 {
					data = gzipped(t, data)
				}
				names = append(names, write(t, dir, fmt.Sprintf("%03d", i), data))
			}
			for range len(names) / 3 {
				names = append(names, names[r.IntN(len(names))])
			}
			r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			for len(names) > 0 {
				n := 1 + r.IntN(len(names))
				read(t, e, names[:n]...)
				names = names[n:]
			}
			if diff := cmp.Diff(want, export(t, e)); diff != "" {
				t.Error(diff)
			}
			verified(t, e)
			got := accessList(t, e)
			if accesses == "" {
				accesses = got
			}
			if diff := cmp.Diff(accesses, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// pieces splits lines at random places, and shuffles the lines of some pieces.
func pieces(r *rand.Rand, lines [][]byte) [][][]byte {
	var list [][][]byte
	for len(lines) > 0 {
		n := min(len(lines), 1+r.IntN(1500))
		piece := append([][]byte(nil), lines[:n]...)
		if r.IntN(3) == 0 {
			r.Shuffle(len(piece), func(i, j int) { piece[i], piece[j] = piece[j], piece[i] })
		}
		list = append(list, piece)
		lines = lines[n:]
	}
	return list
}

// verified fails the test if Verify finds differences.
func verified(t testing.TB, e *Engine) {
	t.Helper()
	differences, days, err := e.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(differences) > 0 || days == 0 {
		t.Errorf("%d days verified, differences %+v", days, differences)
	}
}

// accessList lists the accesses of format 1.0 with names instead of ids, which depend on the order of reading.
func accessList(t testing.TB, e *Engine) string {
	t.Helper()
	ctx := context.Background()
	packages, err := e.db.Packages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	names := map[int]string{}
	for _, p := range packages {
		names[int(p.ID)] = p.Bitstream
	}
	places, err := e.db.Places(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	err = e.db.Accesses(ctx, func(day int32, lines []byte) error {
		for line := range bytes.Lines(lines) {
			var second, p, place int
			if _, err := fmt.Sscan(string(line), &second, &p, &place); err != nil {
				return err
			}
			list = append(list, fmt.Sprintln(day, second, names[p], places[int32(place)]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(sorted(list))
}

func TestVerifyFindsDifferences(t *testing.T) {
	o := options(t, t.TempDir())
	e := open(t, o)
	read(t, e, testLog("access.log.gz"))
	verified(t, e)
	db, err := sql.Open("sqlite3", filepath.Join(o.Dir, "downloads.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range []string{
		"UPDATE daily SET downloads = downloads + 1 WHERE day = (SELECT min(day) FROM daily) AND class = 3",
		"DELETE FROM daily WHERE day = (SELECT max(day) FROM daily)",
		"UPDATE accesses SET lines = '' WHERE day = (SELECT min(day) FROM accesses)",
	} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	differences, _, err := e.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, d := range differences {
		switch {
		case d.Package == "":
			kinds["accesses"]++
		case d.Daily == 0:
			kinds["missing"]++
		case d.Daily == d.FromHits+1:
			kinds["one too many"]++
		}
	}
	if kinds["accesses"] != 1 || kinds["missing"] == 0 || kinds["one too many"] == 0 {
		t.Errorf("differences by kind: %v", kinds)
	}
	if again, _, err := e.Verify(context.Background()); err != nil || len(again) != len(differences) {
		t.Errorf("%d differences, but %d when verified again; error %v", len(differences), len(again), err)
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
