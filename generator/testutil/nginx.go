package testutil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Nginx is a real Nginx, configured as in the documentation: hash.conf, and two include lines for each site.
type Nginx struct {
	URL  string // http://127.0.0.1:port
	dir  string
	conf string
	cmd  *exec.Cmd
}

// NginxSite is a site that an Nginx serves.
type NginxSite struct {
	Host      string // its server_name; "" for the only site
	Public    string // the folder of the files
	Redirects string // the folder that has the configuration in nginx/
}

// StartNginx starts an Nginx that serves the folder public with the configuration in redirects/nginx until the test
// ends. If Nginx is not installed, see Need.
func StartNginx(t testing.TB, public, redirects string) *Nginx {
	t.Helper()
	return StartSites(t, "include "+redirects+"/nginx/hash.conf;", "", NginxSite{"", public, redirects})
}

// StartSites starts an Nginx that serves several sites, like StartNginx. The directives before and after are in the
// http block, before and after the includes of the sites. A request without the host of a site goes to the first one.
func StartSites(t testing.TB, before, after string, sites ...NginxSite) *Nginx {
	t.Helper()
	var complaint string
	for range 3 { // another process may take the free port in the meantime
		n := &Nginx{dir: t.TempDir()}
		n.configure(t, before, after, sites)
		if complaint = n.start(t); complaint == "" {
			return n
		}
	}
	t.Fatalf("nginx did not start:\n%s", complaint)
	return nil
}

// CheckSites runs nginx -t for the configuration that StartSites would use, and returns its output.
func CheckSites(t testing.TB, before, after string, sites ...NginxSite) (string, error) {
	t.Helper()
	n := &Nginx{dir: t.TempDir()}
	n.configure(t, before, after, sites)
	return n.Test(t)
}

// configure writes nginx.conf. Besides the include lines, each site has three paths for tests: /bench-base is a plain
// redirect for benchmarks, /which-server identifies this server, and /which-worker the process that answers.
func (n *Nginx) configure(t testing.TB, before, after string, sites []NginxSite) {
	port := freePort(t)
	n.URL = fmt.Sprintf("http://127.0.0.1:%d", port)
	n.conf = filepath.Join(n.dir, "nginx.conf")
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // only root may read the test's folders
	}
	var includes, blocks strings.Builder
	for _, s := range sites {
		fmt.Fprintf(&includes, "    include %s/nginx/http/*.conf;\n", s.Redirects)
		fmt.Fprintf(&blocks, `    server {
        listen 127.0.0.1:%d;
        server_name "%s";
        root %s;
        include %s/nginx/server/*.conf;
        location = /bench-base { return 302 /bitstream/0; }
        location = /which-server { return 200 %s; }
        location = /which-worker { return 200 $pid; }
    }
`, port, s.Host, s.Public, s.Redirects, n.dir)
	}
	conf := fmt.Sprintf(`%s
daemon off;
worker_processes 1;
pid %[2]s/pid;
error_log %[2]s/error.log;
events {}
http {
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path %[2]s/body;
    proxy_temp_path %[2]s/proxy;
    fastcgi_temp_path %[2]s/fastcgi;
    uwsgi_temp_path %[2]s/uwsgi;
    scgi_temp_path %[2]s/scgi;
    keepalive_requests 1000000;
    %[3]s
%[4]s    %[5]s
%[6]s}
`, user, n.dir, before, includes.String(), after, blocks.String())
	if err := os.WriteFile(n.conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
}

// start starts the server and waits until it answers. If it does not, start returns the messages of Nginx.
func (n *Nginx) start(t testing.TB) (complaint string) {
	out := &strings.Builder{}
	n.cmd = exec.Command(Need(t, "nginx"), "-c", n.conf, "-p", n.dir)
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	n.cmd.Stdout, n.cmd.Stderr = out, out
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { n.cmd.Wait(); close(exited) }()
	stop := func() {
		n.cmd.Process.Signal(syscall.SIGQUIT)
		select {
		case <-exited:
		case <-time.After(5 * time.Second):
			n.cmd.Process.Kill()
			<-exited
		}
	}
	for range 400 {
		select {
		case <-exited:
			return out.String() + n.ErrorLog(t)
		case <-time.After(25 * time.Millisecond):
		}
		if n.answers() {
			t.Cleanup(stop)
			return ""
		}
	}
	stop()
	return "no answer\n" + out.String() + n.ErrorLog(t)
}

// answers reports whether this server, and not another one, answers at the port.
func (n *Nginx) answers() bool {
	res, err := http.Get(n.URL + "/which-server")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return err == nil && string(body) == n.dir
}

// Test runs nginx -t and returns its output.
func (n *Nginx) Test(t testing.TB) (string, error) {
	t.Helper()
	out, err := exec.Command(Need(t, "nginx"), "-t", "-c", n.conf, "-p", n.dir).CombinedOutput()
	return string(out), err
}

// Reload makes Nginx read its configuration again, as nginx -s reload does. It waits until the old worker has ended, so
// all requests after that are answered from the new configuration.
func (n *Nginx) Reload(t testing.TB) {
	t.Helper()
	worker := func() int {
		// A connection for each request: the old worker closes its connections when it ends.
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		_, body := Ask(t, client, http.MethodGet, n.URL+"/which-worker")
		pid, err := strconv.Atoi(body)
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	old := worker()
	if err := n.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for range 800 {
		if errors.Is(syscall.Kill(old, 0), syscall.ESRCH) {
			worker() // the new one answers
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("nginx does not reload:\n%s", n.ErrorLog(t))
}

// ErrorLog returns the content of the error log.
func (n *Nginx) ErrorLog(t testing.TB) string {
	b, err := os.ReadFile(filepath.Join(n.dir, "error.log"))
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	return string(b)
}

// PID returns the process id of the master process.
func (n *Nginx) PID() int { return n.cmd.Process.Pid }

func freePort(t testing.TB) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
