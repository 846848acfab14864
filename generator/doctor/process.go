package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is a process of Nginx, which names its part in its title: "nginx: master process nginx -c /etc/…".
type process struct {
	pid, parent int
	uid         int
	title       string
	started     time.Time
}

func (p *process) isMaster() bool { return strings.HasPrefix(p.title, "nginx: master process") }

// isWorker reports whether the process answers new requests. After a reload, an old worker ends its downloads first:
// its title is then "nginx: worker process is shutting down".
func (p *process) isWorker() bool { return p.title == "nginx: worker process" }

// arguments returns the options -c and -p with which a master was started, as arguments of another nginx.
func (p *process) arguments() (args []string) {
	words := strings.Fields(p.title)
	for i := 0; i+1 < len(words); i++ {
		if words[i] == "-c" || words[i] == "-p" {
			args = append(args, words[i], words[i+1])
		}
	}
	return args
}

// ticks is the number of units in a second of the times in /proc/PID/stat (USER_HZ), the same on all Linux systems.
const ticks = 100

// processes returns the processes of Nginx, by /proc, which every user may read unless it is mounted with hidepid.
func processes() ([]process, error) {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return nil, errNotSeen
	}
	now := time.Now()
	first, _, _ := strings.Cut(string(text), " ")
	uptime, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return nil, fmt.Errorf("/proc/uptime: %w", err)
	}
	boot := now.Add(-time.Duration(uptime * float64(time.Second)))
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var list []process
	for _, dir := range folders {
		if p, ok := readProcess(dir, boot); ok {
			list = append(list, p)
		}
	}
	return list, nil
}

// readProcess reads a process, if it is one of Nginx. It may end while it is being read.
func readProcess(dir string, boot time.Time) (p process, ok bool) {
	title, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil || !strings.HasPrefix(string(title), "nginx: ") {
		return p, false
	}
	p.title = strings.TrimSpace(strings.ReplaceAll(string(title), "\x00", " "))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return p, false
	}
	info, err := os.Stat(dir)
	if err != nil {
		return p, false
	}
	p.uid, _, _ = owner(info)
	// The second field, the name in parentheses, may contain spaces; man 5 proc lists the others.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return p, false
	}
	started, err := strconv.ParseInt(fields[19], 10, 64)
	p.pid, _ = strconv.Atoi(filepath.Base(dir))
	p.parent, _ = strconv.Atoi(fields[1])
	p.started = boot.Add(time.Duration(started) * time.Second / ticks)
	return p, err == nil
}
