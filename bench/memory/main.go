// Command memory measures the memory that sitegen stats takes for logs of different lengths. For each length, it prints
// the CPU time, the elapsed time and the peak memory of a first run:
//
//	 5000000 lines    5.18 s CPU    4.23 s   104 MiB
//	20000000 lines   20.06 s CPU   16.31 s   111 MiB
//
// The logs are those of bench/goaccess, except that longer logs cover more days: a day has -daily lines. With -daily 0,
// all logs cover 120 days. The logs are written to the standard input of sitegen while it reads them, so they need no
// space on the disk. With -requests, the number of user agents grows with the log: there is one for so many lines.
//
//	go run ./bench/memory [-lines 5000000,20000000] [-daily 41667] [-requests 0]
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/bench/cost"
	"github.com/Slicer/sitegen/bench/program"
	"github.com/Slicer/sitegen/bench/statssite"
)

func main() {
	log.SetFlags(0)
	list := flag.String("lines", "5000000,20000000", "`numbers` of lines of the logs, with commas between them")
	daily := flag.Int("daily", 41_667, "`number` of lines of a day; 0 for logs of 120 days")
	requests := flag.Int("requests", 0, "`number` of lines with the same user agent; 0 for 3000 agents in any log")
	geoip := flag.String("geoip", "testdata/stats/city.mmdb", "GeoIP database `file` for sitegen")
	flag.Parse()
	if err := bench(*list, *daily, *requests, *geoip); err != nil {
		log.Fatal("bench/memory: ", err)
	}
}

func bench(list string, daily, requests int, geoip string) error {
	geoip, err := filepath.Abs(geoip)
	if err != nil {
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
	for number := range strings.SplitSeq(list, ",") {
		lines, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		l := statssite.Log{Lines: lines, Addresses: max(1000, lines/25), Agents: 3000, Every: 5}
		if daily > 0 {
			l.Days = max(1, lines/daily)
		}
		if requests > 0 {
			l.Agents = lines / requests
		}
		if err := statssite.RemoveStats(dir); err != nil {
			return err
		}
		c, err := read(dir, l, sitegen, "stats", "--quiet", "--geoip", geoip, "-")
		if err != nil {
			return err
		}
		fmt.Printf("%10d lines  %s\n", lines, c)
	}
	return nil
}

// read lets a program read a log from its standard input.
func read(dir string, l statssite.Log, argv ...string) (cost.Cost, error) {
	stdin, out := io.Pipe()
	go func() {
		_, err := l.Write(dir, out)
		out.CloseWithError(err)
	}()
	defer stdin.Close()
	return cost.Reading(dir, stdin, argv...)
}
