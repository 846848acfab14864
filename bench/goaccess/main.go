// Command goaccess compares sitegen with GoAccess. Both read the same access log, one after the other. The command
// prints the CPU time, the elapsed time and the peak memory of each run, and the ratios of the medians:
//
//	goaccess     86.59 s CPU   87.30 s  1491 MiB
//	sitegen       5.09 s CPU    3.09 s   146 MiB
//	nothing new   0.22 s CPU    0.19 s    73 MiB
//
// The log is generated in the combined format. One request in five is a download, or in another number with -every, and
// the same number of lines results in the same bytes. sitegen starts without statistics and does everything that it
// usually does: it parses the lines, classifies user agents, looks up countries, stores the downloads in its database,
// and publishes JSON and the page. GoAccess writes its report as JSON; it stores no downloads and looks up neither
// packages nor countries. "nothing new" is a second run of sitegen over the same log.
//
//	go run ./bench/goaccess [-lines 5000000] [-every 5] [-runs 1] [-geoip City.mmdb]
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/Slicer/sitegen/bench/cost"
	"github.com/Slicer/sitegen/bench/program"
	"github.com/Slicer/sitegen/bench/statssite"
)

func main() {
	log.SetFlags(0)
	lines := flag.Int("lines", 5_000_000, "`number` of lines of the log")
	every := flag.Int("every", 5, "one request in this `number` is a download")
	runs := flag.Int("runs", 1, "`number` of runs of each program")
	geoip := flag.String("geoip", "testdata/stats/city.mmdb", "GeoIP database `file` for sitegen")
	flag.Parse()
	if err := bench(*lines, *every, *runs, *geoip); err != nil {
		log.Fatal("bench/goaccess: ", err)
	}
}

func bench(lines, every, runs int, geoip string) (err error) {
	if _, err := exec.LookPath("goaccess"); err != nil {
		return fmt.Errorf("%w; install it, for example with apt-get install goaccess", err)
	}
	if geoip, err = filepath.Abs(geoip); err != nil {
		return err
	}
	dir, sitegen, err := program.Build()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := statssite.Build(dir, sitegen); err != nil {
		return err
	}
	size, err := statssite.WriteLog(dir, statssite.Log{Lines: lines, Addresses: max(1000, lines/25), Agents: 3000,
		Every: every})
	if err != nil {
		return err
	}
	stats := []string{sitegen, "stats", "--quiet", "--geoip", geoip, statssite.LogName}

	costs := map[string][]cost.Cost{}
	for range runs {
		if err := statssite.RemoveStats(dir); err != nil {
			return err
		}
		for _, p := range []struct {
			name string
			argv []string
		}{
			{"goaccess", []string{"goaccess", statssite.LogName, "--log-format=COMBINED", "--no-global-config",
				"--no-progress", "-o", "report.json"}},
			{"sitegen", stats},
			{"nothing new", stats},
		} {
			c, err := cost.Of(dir, p.argv...)
			if err != nil {
				return err
			}
			costs[p.name] = append(costs[p.name], c)
			fmt.Printf("%-11s %s\n", p.name, c)
		}
	}
	goaccess, ours := cost.Median(costs["goaccess"]), cost.Median(costs["sitegen"])
	fmt.Printf("\n%d lines, %d MB, medians of %d runs: compared with sitegen, GoAccess needs %.1f times the CPU time, "+
		"%.1f times the elapsed time and %.1f times the memory; nothing new %.2f s\n",
		lines, size/1_000_000, runs, goaccess.CPU.Seconds()/ours.CPU.Seconds(),
		goaccess.Wall.Seconds()/ours.Wall.Seconds(), float64(goaccess.RSS)/float64(ours.RSS),
		cost.Median(costs["nothing new"]).Wall.Seconds())
	return nil
}
