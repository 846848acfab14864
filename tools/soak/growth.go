package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// sample is the size of everything that could grow, at one time.
type sample struct {
	at        time.Duration // since the start
	files     int           // of the site: public/, redirects/, var/
	catalogue int64         // bytes, with what SQLite keeps beside it
	downloads int64
	rest      int64 // of var/, in bytes
	backups   int
	temporary int   // files in the folder of temporary files
	rss       int64 // of Nginx, in bytes
	open      int   // files and sockets of Nginx
	hits      int   // counted downloads
	changes   int   // generations
}

func (s *soak) sample() sample {
	right := s.truth.now()
	m := sample{at: time.Since(s.start), changes: right[len(right)-1].number}
	m.hits, _ = s.visitors.counted()
	walk := func(dir string, each func(path string, size int64)) {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return ignoreMissing(err)
			}
			info, err := d.Info()
			if err == nil {
				each(path, info.Size())
			}
			return ignoreMissing(err)
		})
		if err != nil {
			s.report.fault("measure %s: %v", dir, err)
		}
	}
	data := filepath.Join(s.site, "var") + string(filepath.Separator)
	walk(s.site, func(path string, size int64) {
		m.files++
		switch name, ok := strings.CutPrefix(path, data); {
		case !ok:
		case strings.HasPrefix(name, "catalogue.sqlite"):
			m.catalogue += size
		case strings.HasPrefix(name, "downloads.sqlite"):
			m.downloads += size
		default:
			m.rest += size
		}
	})
	walk(s.backups, func(string, int64) { m.backups++ })
	walk(s.temporary, func(string, int64) { m.temporary++ })
	workers, err := s.nginx.workers()
	if err != nil {
		s.report.fault("measure Nginx: %v", err)
	}
	for _, pid := range append(workers, s.nginx.cmd.Process.Pid) {
		m.rss += resident(pid)
		list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)) // the worker may have ended
		m.open += len(list)
	}
	return m
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// resident returns the resident memory of a process in bytes, 0 if it has ended.
func resident(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func writeSamples(w io.Writer, samples []sample) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "after\tdownloads\tcatalogues\tfiles\tcatalogue.sqlite\tdownloads.sqlite\trest of var/\tbackups\t"+
		"temporary\tNginx RSS\topen files")
	step := max(1, len(samples)/12)
	for i, m := range samples {
		if i%step == 0 || i == len(samples)-1 {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%d\t%d\t%s\t%d\n", m.at.Round(time.Second),
				m.hits, m.changes, m.files, bytesOf(float64(m.catalogue)), bytesOf(float64(m.downloads)),
				bytesOf(float64(m.rest)), m.backups, m.temporary, bytesOf(float64(m.rss)), m.open)
		}
	}
	_ = t.Flush() // errors of w do not matter: it is the terminal
}

// watch takes samples until the context is done.
func (s *soak) watch(ctx context.Context, every time.Duration) {
	for wait(ctx, every) {
		m := s.sample()
		s.samples = append(s.samples, m)
		if len(s.samples)%6 == 0 {
			fmt.Fprintf(s.report.log, "%s of %s: %d catalogues, %d downloads\n", m.at.Round(time.Second), s.duration,
				m.changes, m.hits)
		}
	}
}

// grown checks that nothing has grown that should not: the last third of the run is compared with the second, because
// the first one has the beginning, with an empty data folder. What may grow are the databases: by a row for each
// download, and by the packages of each catalogue.
func (s *soak) grown() {
	_, rest := thirds(s.samples)
	before, last := s.samples[len(s.samples)/3:len(s.samples)-len(rest)], rest
	for _, c := range []struct {
		what            string
		part, allowance float64
		value           func(sample) float64
	}{
		{"files of the site", 1.1, 30, func(m sample) float64 { return float64(m.files) }},
		{"var/ without the databases", 1.2, 200 << 10, func(m sample) float64 { return float64(m.rest) }},
		{"backups", 0, keep + 1, func(m sample) float64 { return float64(m.backups) }},
		{"temporary files", 0, 5, func(m sample) float64 { return float64(m.temporary) }},
		{"memory of Nginx", 1.2, 10 << 20, func(m sample) float64 { return float64(m.rss) }},
		{"open files of Nginx", 1.2, 20, func(m sample) float64 { return float64(m.open) }},
	} {
		s.compare(c.what, c.part, c.allowance, median(before, c.value), median(last, c.value))
	}
	for _, j := range s.jobs {
		_, rest := thirds(j.good)
		before := j.good[len(j.good)/3 : len(j.good)-len(rest)]
		s.compare("memory of sitegen "+j.name, 1.25, 15<<20, median(before, rss), median(rest, rss))
	}
	end := s.sample()
	var err error
	if end.temporary > 0 {
		err = fmt.Errorf("%d files in %s", end.temporary, s.temporary)
	}
	s.report.check("no temporary files are left", err)
	s.samples = append(s.samples, end)
}

// compare checks that a number is at most a multiple of an earlier one, and an allowance.
func (s *soak) compare(what string, part, allowance, before, now float64) {
	var err error
	if limit := before*part + allowance; now > limit {
		err = fmt.Errorf("%.0f at the end, %.0f before (allowed: %.0f)", now, before, limit)
	}
	s.report.check(what+" did not grow", err)
}
