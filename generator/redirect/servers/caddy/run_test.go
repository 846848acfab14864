package caddy

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// memory holds the files of a site by path.
type memory map[string][]byte

func (m memory) Paths() []string      { return slices.Sorted(maps.Keys(m)) }
func (m memory) Has(path string) bool { return m[path] != nil }
func (m memory) File(path string) ([]byte, error) {
	if m.Has(path) {
		return m[path], nil
	}
	return nil, fs.ErrNotExist
}

// render returns the default pages for a catalogue.
func render(t testing.TB, x *lookup.Index) memory {
	t.Helper()
	files, _, err := site.Render(t.Context(), site.Input{
		Options: site.Options{Title: "Tool", Project: "Tool", BaseURL: "https://download.example", Jobs: 2,
			Minify: true},
		Index: x, Content: sitegen.Content(), Layouts: sitegen.Layouts(),
	})
	if err != nil {
		t.Fatal(err)
	}
	m := memory{}
	for _, f := range files {
		m[f.Path] = f.Data
	}
	return m
}

// running is a real Caddy that serves a site, and its emulator.
type running struct {
	*redirect.Emulation
	url     string
	dir     string
	site    *emulate.Site
	cmd     *exec.Cmd
	snippet []byte
}

// start serves a site until the test ends. It requires Caddy, see testutil.Need.
func start(t testing.TB, table *redirect.Table, files memory) *running {
	t.Helper()
	testutil.Need(t, "caddy")
	table.Files = redirect.FilesOf(files.Paths())
	e, err := redirect.Emulate(Server{}, table)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Emulation: e, dir: t.TempDir(), site: emulate.NewSite(files),
		snippet: e.Compilation().File(Server{}, fileName)}
	for name, data := range files {
		r.write(t, "public/"+name, data)
	}
	r.write(t, fileName, r.snippet)
	var complaint string
	for range 3 { // another process may take the free port first
		r.configure(t)
		if complaint = r.run(t); complaint == "" {
			return r
		}
	}
	t.Fatalf("caddy did not start:\n%s", complaint)
	return nil
}

func (r *running) write(t testing.TB, name string, data []byte) {
	t.Helper()
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// configure writes a Caddyfile that imports the snippet and answers /which-server with the folder of this server.
func (r *running) configure(t testing.TB) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	r.url = "http://" + address
	r.write(t, "Caddyfile", fmt.Appendf(nil, `{
	admin off
	auto_https off
	log {
		level ERROR
	}
}

http://%s {
	bind 127.0.0.1
	handle /which-server {
		respond * %s 200
	}
	root * %[2]s/public
	import %[2]s/%[3]s
}
`, address, r.dir, fileName))
}

// caddy returns a command that runs Caddy with its folders inside the test's folder.
func (r *running) caddy(args ...string) *exec.Cmd {
	cmd := exec.Command("caddy", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "HOME="+r.dir, "XDG_DATA_HOME="+r.dir+"/data", "XDG_CONFIG_HOME="+r.dir+"/config")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return cmd
}

// run starts the server and waits until it answers. If it does not, run returns Caddy's error messages.
func (r *running) run(t testing.TB) (complaint string) {
	out := &strings.Builder{}
	r.cmd = r.caddy("run", "--config", "Caddyfile")
	r.cmd.Stdout, r.cmd.Stderr = out, out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { r.cmd.Wait(); close(exited) }()
	stop := func() {
		r.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(5 * time.Second):
			r.cmd.Process.Kill()
			<-exited
		}
	}
	for range 800 {
		select {
		case <-exited:
			return out.String()
		case <-time.After(25 * time.Millisecond):
		}
		if r.answers() {
			t.Cleanup(func() {
				stop()
				if text := out.String(); strings.Contains(text, "ERROR") || strings.Contains(text, `"level":"error"`) {
					t.Errorf("caddy complained:\n%.2000s", text)
				}
			})
			return ""
		}
	}
	stop()
	return "no reply\n" + out.String()
}

// answers reports whether this server, and not another process, listens on the port.
func (r *running) answers() bool {
	res, err := http.Get(r.url + "/which-server")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return err == nil && string(body) == r.dir
}
