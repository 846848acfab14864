// Command pairs compares the statistics of two versions of sitegen. Both read the same new log in turn, several times,
// so that other programs on the machine slow down both alike. After the first pair it checks that both have counted the
// same downloads and published the same files. It prints the median CPU time of each, the elapsed time and the peak
// memory of the same run, and in how many pairs the new version took less CPU time:
//
//	old   1.01 s CPU    0.88 s   101 MiB   best 0.97 s
//	new   0.74 s CPU    0.62 s    98 MiB   best 0.71 s
//	64 MB: new took less CPU time in 20 of 20 pairs, at the median 0.73 of that of old
//
// The options set the number of lines, addresses and user agents of the log that is generated, or name another one. The
// two versions are built before, for example in two worktrees:
//
//	go run ./bench/pairs [-lines 300000] [-pairs 20] [-log FILE] OLD NEW
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/Slicer/sitegen/bench/cost"
	"github.com/Slicer/sitegen/bench/statssite"
)

// options are the options of the command.
type options struct {
	log      statssite.Log
	existing string // name of a log, "" to generate one
	pairs    int
	geoip    string
}

func main() {
	log.SetFlags(0)
	var o options
	flag.IntVar(&o.log.Lines, "lines", 300_000, "`number` of lines of the log")
	flag.IntVar(&o.log.Addresses, "addresses", 0, "`number` of addresses; 0 is one per 25 lines")
	flag.IntVar(&o.log.Agents, "agents", 3000, "`number` of user agents")
	flag.IntVar(&o.log.Every, "every", 5, "one request in this `number` is a download")
	flag.StringVar(&o.existing, "log", "", "read this `file` instead of generating a log")
	flag.IntVar(&o.pairs, "pairs", 20, "`number` of pairs")
	flag.StringVar(&o.geoip, "geoip", "testdata/stats/city.mmdb", "GeoIP database `file`")
	flag.Parse()
	o.log.Addresses = cmp.Or(o.log.Addresses, max(1000, o.log.Lines/25))
	if flag.NArg() != 2 || o.pairs < 1 {
		log.Fatal("bench/pairs: needs the files of two programs, OLD and NEW, and at least one pair")
	}
	if err := bench(o, flag.Arg(0), flag.Arg(1)); err != nil {
		log.Fatal("bench/pairs: ", err)
	}
}

// side is one of the two programs, with a site of its own.
type side struct {
	name, program, dir string
	costs              []cost.Cost
}

func bench(o options, programs ...string) (err error) {
	dir, err := os.MkdirTemp("", "sitegen-pairs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sides := []*side{{name: "old"}, {name: "new"}}
	for i, s := range sides {
		s.dir = filepath.Join(dir, s.name)
		if s.program, err = filepath.Abs(programs[i]); err != nil {
			return err
		}
		if err := os.Mkdir(s.dir, 0o700); err != nil {
			return err
		}
		if err := statssite.Build(s.dir, s.program); err != nil {
			return err
		}
	}
	if o.geoip, err = filepath.Abs(o.geoip); err != nil {
		return err
	}
	path := filepath.Join(sides[0].dir, statssite.LogName)
	if o.existing == "" {
		_, err = statssite.WriteLog(sides[0].dir, o.log)
	} else {
		path, err = filepath.Abs(o.existing)
	}
	if err != nil {
		return err
	}
	for n := range o.pairs {
		for i := range sides {
			s := sides[(i+n)%2] // each goes first in every second pair
			if err := s.run(path, o.geoip, n == 0); err != nil {
				return err
			}
		}
		if n == 0 {
			if err := compare(dir, sides[0], sides[1]); err != nil {
				return err
			}
		}
	}
	return report(path, sides[0], sides[1])
}

// run reads the log as a new one. In the first run, the key of visitors is new, too.
func (s *side) run(path, geoip string, first bool) error {
	if !first {
		if err := statssite.RemoveStats(s.dir); err != nil {
			return err
		}
	}
	c, err := cost.Of(s.dir, s.program, "stats", "--quiet", "--geoip", geoip, path)
	s.costs = append(s.costs, c)
	return err
}

// compare returns an error if the downloads that the two have counted, or the files that they have published, differ.
func compare(dir string, before, after *side) error {
	var exports []string
	for _, s := range []*side{before, after} {
		out, err := exec.CommandContext(context.Background(), s.program, "stats", "export", "--with-arch", "--data",
			filepath.Join(s.dir, "var")).Output()
		if err != nil {
			return fmt.Errorf("export the downloads of %s: %w", s.name, err)
		}
		exports = append(exports, string(out))
	}
	if exports[0] != exports[1] {
		return errors.New("the two programs have counted different downloads: compare sitegen stats export")
	}
	folder := filepath.Join("public", "download-stats")
	diff := exec.CommandContext(context.Background(), "diff", "-rq", filepath.Join(before.name, folder),
		filepath.Join(after.name, folder))
	diff.Dir = dir
	if out, err := diff.CombinedOutput(); err != nil {
		return fmt.Errorf("the two programs have published different files: %w\n%s", err, out)
	}
	return nil
}

// report prints the costs.
func report(path string, before, after *side) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	for _, s := range []*side{before, after} {
		best := slices.MinFunc(s.costs, func(a, b cost.Cost) int { return cmp.Compare(a.CPU, b.CPU) })
		fmt.Printf("%s %s   best %.2f s\n", s.name, cost.Median(s.costs), best.CPU.Seconds())
	}
	less := 0
	var ratios []float64
	for i, c := range after.costs {
		ratio := c.CPU.Seconds() / before.costs[i].CPU.Seconds()
		ratios = append(ratios, ratio)
		if ratio < 1 {
			less++
		}
	}
	slices.Sort(ratios)
	fmt.Printf("%d MB: new took less CPU time in %d of %d pairs, at the median %.2f of that of old\n",
		info.Size()/1_000_000, less, len(ratios), ratios[len(ratios)/2])
	return nil
}
