package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"

	_ "embed"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/profile"
)

//go:embed profile.yaml
var profileText []byte

// keep is the number of backups that are kept.
const keep = 5

// soak is a site with everything around it.
type soak struct {
	pace
	program, dir             string // sitegen; the folder of everything
	site, backups, temporary string // folders
	disks                    []disk
	start                    time.Time
	profile                  *profile.Profile
	first                    time.Time // the first night
	source                   *source
	nginx                    *nginx
	truth                    *truth
	visitors                 *visitors
	asker                    *asker
	faults                   *faults
	report                   *report
	build, stats, backup     *job
	jobs                     []*job
	generation               *generation // the newest
	samples                  []sample
	rotations                sync.WaitGroup

	mu    sync.Mutex
	mails map[string]int // what cron mailed, without numbers, and how often
}

// pace is how often everything happens.
type pace struct {
	duration             time.Duration
	build, stats, backup time.Duration // pauses between runs
	fault                time.Duration // length of a fault, and of the pause after it
	rotate, sample       time.Duration
	pause                time.Duration // of a visitor, and between two questions
}

// newPace returns the pace of a soak: about one run a second, and 30 requests; in less than two minutes, faults are
// shorter.
func newPace(duration time.Duration) pace {
	p := pace{duration: duration, build: 4 * time.Second, stats: 3 * time.Second, backup: 5 * time.Second,
		fault: 12 * time.Second, rotate: 45 * time.Second, sample: 10 * time.Second, pause: 70 * time.Millisecond}
	if duration < 2*time.Minute {
		p.build, p.stats, p.backup = time.Second/2, time.Second/2, time.Second
		p.fault, p.rotate, p.sample, p.pause = 2*time.Second, 3*time.Second, time.Second, 25*time.Millisecond
	}
	return p
}

// newSoak prepares the folders, the servers and the first build.
func newSoak(p pace, program, dir string, log io.Writer) (*soak, error) {
	s := &soak{pace: p, program: program, dir: dir, site: filepath.Join(dir, "site"),
		backups: filepath.Join(dir, "backups"), temporary: filepath.Join(dir, "temporary"),
		start: time.Now(), mails: map[string]int{},
		first: time.Now().UTC().Truncate(24*time.Hour).AddDate(-1, 0, 0), faults: &faults{},
		report: &report{log: log, counts: map[string]int{}}, truth: &truth{ever: map[string]*catalog.Package{}}}
	for _, folder := range []string{s.site, s.backups, s.temporary} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
	}
	for _, folder := range []string{s.site, s.backups} {
		d, err := mount(folder)
		if err != nil {
			return nil, err
		}
		s.disks = append(s.disks, d)
	}
	var err error
	if s.source, err = startSource(); err != nil {
		return nil, err
	}
	if s.nginx, err = configureNginx(dir, s.site); err != nil {
		return nil, err
	}
	if err := s.configure(); err != nil {
		return nil, err
	}
	s.visitors = &visitors{truth: s.truth, url: s.nginx.url, report: s.report, hits: map[hit]bool{},
		packages: map[string]*catalog.Package{}}
	s.asker = &asker{s.truth, s.visitors, s.report}
	s.build.args = []string{"build", "--cron"}
	if err := s.next(0); err != nil {
		return nil, err
	}
	if _, err := s.must("build", "--quiet", "--config", "first.yaml"); err != nil {
		return nil, err
	}
	if err := s.nginx.start(); err != nil {
		return nil, err
	}
	s.truth.set(s.generation)
	return s, nil
}

// configure writes the configuration of the site, and a second one for the build before the first start of Nginx.
func (s *soak) configure() error {
	text := fmt.Sprintf(`profile: profile.yaml
source: %s
base_url: %s
servers: [nginx]
metrics: %s
backup: {target: %s, keep: %d}
girder: {timeout: 3s, retries: 1}
`, s.source.address, s.nginx.url, filepath.Join(s.dir, "soak.prom"), s.backups,
		keep)
	after := fmt.Sprintf("after_change:\n  - nginx -t -q -c %[1]s\n  - nginx -s reload -c %[1]s\n", s.nginx.conf)
	for name, text := range map[string]string{
		"profile.yaml": string(profileText), "first.yaml": text, "sitegen.yaml": text + after,
	} {
		if err := os.WriteFile(filepath.Join(s.site, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	logs := filepath.Join(s.nginx.logs, "access.log*")
	s.build = &job{name: "build", args: []string{"build", "--cron"}, every: s.pace.build}
	s.stats = &job{name: "stats", args: []string{"stats", "--cron", logs}, every: s.pace.stats}
	s.backup = &job{name: "backup", args: []string{"backup", "--cron"}, every: s.pace.backup}
	s.jobs = []*job{s.build, s.stats, s.backup}
	var err error
	s.profile, err = profile.Load(filepath.Join(s.site, "profile.yaml"))
	return err
}

// next makes the catalogue with a number the one that the source lists.
func (s *soak) next(number int) error {
	g, err := newGeneration(s.profile, number, s.first)
	if err != nil {
		return err
	}
	s.generation = g
	s.source.list(g)
	return nil
}

// soak runs everything for the duration, and then checks what is left.
func (s *soak) soak(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.duration)
	defer cancel()
	var wg sync.WaitGroup
	pause := func(ctx context.Context) { wait(ctx, s.pause) }
	var workers []int
	beforeBuild := func() (err error) {
		right := s.truth.now()
		if len(right) == 1 { // the last change has been published
			if err := s.next(s.generation.number + 1); err != nil {
				return err
			}
			s.truth.set(right[0], s.generation)
		}
		workers, err = s.nginx.workers()
		return err
	}
	afterBuild := func(code int) {
		if code == 0 {
			s.published(workers)
		}
	}
	nothing := func() error { return nil }
	ignore := func(int) {}
	for _, work := range []func(){
		func() { s.cron(ctx, s.build, beforeBuild, afterBuild) },
		func() { s.cron(ctx, s.stats, s.rotating(), ignore) },
		func() { s.cron(ctx, s.backup, nothing, ignore) },
		func() { s.visitors.run(ctx, pause) },
		func() { s.visitors.run(ctx, pause) },
		func() { s.asker.run(ctx, pause) },
		func() { s.makeFaults(ctx, s.pace.fault) },
		func() { s.watch(ctx, s.pace.sample) },
	} {
		wg.Go(work)
	}
	wg.Wait()
	s.rotations.Wait()
	s.finish(context.WithoutCancel(ctx), workers)
}

// published waits until Nginx answers with the new catalogue only.
func (s *soak) published(workers []int) {
	right := s.truth.now()
	if len(right) == 1 {
		return
	}
	if err := s.nginx.gone(workers); err != nil {
		s.report.fault("%v", err)
	}
	s.truth.set(right[1])
	s.report.count("published catalogues")
}

// rotating returns a function that rotates the log from time to time, beside a run of sitegen stats.
func (s *soak) rotating() func() error {
	last := time.Now()
	return func() error {
		if time.Since(last) < s.pace.rotate {
			return nil
		}
		last = time.Now()
		good := s.stats.lastGood
		s.rotations.Go(func() {
			if err := s.nginx.rotate(good); err != nil {
				s.report.fault("rotate the log: %v", err)
			}
			s.report.count("rotations of the log")
		})
		return nil
	}
}

// finish lets each command succeed once, and compares everything.
func (s *soak) finish(ctx context.Context, workers []int) {
	code := s.run(s.build, false)
	if code == 0 {
		s.published(workers)
	}
	s.asker.all(ctx)
	s.report.check("the last build", exit(code))
	s.report.check("the last statistics run", exit(s.run(s.stats, false)))
	s.report.check("the last backup", exit(s.run(s.backup, false)))
	s.report.check("sitegen stats has counted what the visitors have", s.compareCounts())
	_, err := s.must("stats", "verify")
	s.report.check("sitegen stats verify", err)
	_, err = s.must("backup", "--verify")
	s.report.check("sitegen backup --verify", err)
	s.report.check("a restored backup has the same downloads and packages", s.restore())
	doctor, err := s.must("doctor")
	s.report.check("sitegen doctor", err)
	s.report.line("\n%s", strings.TrimSpace(doctor))
	_, err = s.must("self-test", s.nginx.url)
	s.report.check("sitegen self-test", err)
	s.report.check("status and metrics know the last backup", s.knowsBackup())
	s.grown()
}

func exit(code int) error {
	if code == 0 {
		return nil
	}
	return fmt.Errorf("exit code %d", code)
}

// compareCounts compares the downloads that sitegen stats has counted with those of the visitors.
func (s *soak) compareCounts() error {
	out, err := s.must("stats", "export", "--format", "json")
	if err != nil {
		return err
	}
	var rows []struct {
		Day, Version, OS, Stability string
		Downloads                   int
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		return err
	}
	got, sum := map[kind]int{}, 0
	for _, r := range rows {
		got[kind{r.Day, r.Version, r.OS, r.Stability}] += r.Downloads
		sum += r.Downloads
	}
	total, want := s.visitors.counted()
	s.report.line("downloads: %d counted by sitegen stats, %d by the visitors", sum, total)
	if !reflect.DeepEqual(got, want) {
		var list []string
		for k, n := range want {
			if got[k] != n {
				list = append(list, fmt.Sprintf("%v: %d, want %d", k, got[k], n))
			}
		}
		return fmt.Errorf("%d downloads, want %d; %s", sum, total, strings.Join(list[:min(len(list), 5)], "; "))
	}
	return nil
}

// restore restores the last backup to another data folder, and compares what it contains.
func (s *soak) restore() error {
	other := filepath.Join(s.dir, "restored")
	if _, err := s.must("restore", "--quiet", "--data", other); err != nil {
		return err
	}
	for _, command := range []string{"stats export", "packages list --json"} {
		args := strings.Fields(command)
		want, err := s.must(args...)
		if err != nil {
			return err
		}
		got, err := s.must(append(args, "--data", other)...)
		if err != nil {
			return err
		}
		if got != want {
			return errors.New("sitegen " + command + " prints something else")
		}
	}
	return os.RemoveAll(other)
}

// knowsBackup checks that sitegen status and the metrics have the last backup.
func (s *soak) knowsBackup() error {
	status, err := s.must("status")
	if err != nil {
		return err
	}
	metrics, err := os.ReadFile(filepath.Join(s.dir, "soak.prom"))
	if err != nil {
		return err
	}
	if !strings.Contains(status, "\nbackup     good run ") ||
		!regexp.MustCompile(`(?m)^sitegen_run_success\{.*command="backup"\} 1$`).Match(metrics) {
		return fmt.Errorf("status:\n%s\nmetrics:\n%s", status, metrics)
	}
	return nil
}
