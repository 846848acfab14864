package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// kept is the number of logs that rotation keeps besides the current one.
const kept = 6

// nginx is a real Nginx, which serves the site on 127.0.0.1 and writes a log.
type nginx struct {
	url  string
	conf string
	logs string // folder
	cmd  *exec.Cmd
	done chan struct{}
}

// configure writes the configuration. It is complete only after the first build.
func configureNginx(dir, site string) (*nginx, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	n := &nginx{url: "http://" + address, conf: filepath.Join(dir, "nginx.conf"), logs: filepath.Join(dir, "log"),
		done: make(chan struct{})}
	account := "root" // the only user of a user namespace
	if _, err := user.Lookup("www-data"); err == nil && !mapped() {
		account = "www-data"
	}
	text := fmt.Sprintf(`user %s;
daemon off;
worker_processes 1;
pid %[2]s/nginx.pid;
error_log %[3]s/error.log;
events {}
http {
    include /etc/nginx/mime.types;
    access_log %[3]s/access.log;
    client_body_temp_path %[2]s/temporary;
    proxy_temp_path %[2]s/temporary;
    fastcgi_temp_path %[2]s/temporary;
    uwsgi_temp_path %[2]s/temporary;
    scgi_temp_path %[2]s/temporary;
    include %[4]s/redirects/nginx/hash.conf;
    include %[4]s/redirects/nginx/http/*.conf;
    server {
        listen %[5]s;
        root %[4]s/public;
        include %[4]s/redirects/nginx/server/*.conf;
    }
}
`, account, dir, n.logs, site, address)
	return n, errors.Join(os.MkdirAll(n.logs, 0o755), os.WriteFile(n.conf, []byte(text), 0o644))
}

// mapped reports whether the users of this process are those of a user namespace with a single one.
func mapped() bool {
	text, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(text))
	return err == nil && len(fields) == 3 && fields[2] == "1"
}

func (n *nginx) start() error {
	n.cmd = exec.Command("nginx", "-c", n.conf)
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		return err
	}
	go func() { _ = n.cmd.Wait(); close(n.done) }()
	for range 200 {
		if c, err := net.Dial("tcp", strings.TrimPrefix(n.url, "http://")); err == nil {
			return c.Close()
		}
		select {
		case <-n.done:
			return errors.New("nginx has ended; its errors are in " + n.logs)
		case <-time.After(25 * time.Millisecond):
		}
	}
	return errors.New("nginx does not answer")
}

func (n *nginx) stop() {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	<-n.done
}

// workers returns the process ids of the workers, also of those that are shutting down.
func (n *nginx) workers() ([]int, error) {
	pid := n.cmd.Process.Pid
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var list []int
	for _, word := range strings.Fields(string(text)) {
		worker, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		list = append(list, worker)
	}
	return list, err
}

// gone waits until the workers have ended, which another configuration has replaced.
func (n *nginx) gone(workers []int) error {
	for range 1200 {
		left := 0
		for _, pid := range workers {
			if !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	return fmt.Errorf("the workers %d of Nginx are still there 30 s after a reload", workers)
}

// rotate does what logrotate does, with delaycompress: log.2 and older are compressed. Last is the start of the last
// good run of sitegen stats; a log that it may not have read completely is kept.
func (n *nginx) rotate(last time.Time) error {
	log := func(i int, ending string) string {
		return filepath.Join(n.logs, fmt.Sprintf("access.log.%d%s", i, ending))
	}
	if info, err := os.Stat(log(kept, ".gz")); err == nil {
		if info.ModTime().After(last) {
			return nil // later
		}
		if err := os.Remove(log(kept, ".gz")); err != nil {
			return err
		}
	}
	for i := kept - 1; i > 1; i-- {
		if err := os.Rename(log(i, ".gz"), log(i+1, ".gz")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if _, err := os.Stat(log(1, "")); err == nil {
		if err := compress(log(1, ""), log(2, ".gz")); err != nil {
			return err
		}
	}
	if err := os.Rename(filepath.Join(n.logs, "access.log"), log(1, "")); err != nil {
		return err
	}
	return n.cmd.Process.Signal(syscall.SIGUSR1)
}

// compress replaces a file by a compressed one, as gzip does: others can see a part of it.
func compress(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	_, err = io.Copy(z, strings.NewReader(string(text)))
	return errors.Join(err, z.Close(), f.Close(), os.Remove(from))
}
