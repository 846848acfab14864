package preview

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"time"
)

// Options is how a preview is served.
type Options struct {
	Listen string // host:port; port 0 for one that is free
	Log    *slog.Logger
}

// Server serves the newest state of a site.
type Server struct {
	o    Options
	site atomic.Pointer[Site]
}

// New makes a server of a first state.
func New(o Options, s *Site) *Server {
	server := &Server{o: o}
	server.site.Store(s)
	return server
}

// Run serves until ctx is done, and gives its error then.
func (s *Server) Run(ctx context.Context) error {
	l, err := listen(ctx, s.o.Listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	s.o.Log.Info("serving http://" + l.Addr().String() + "/")
	stopped := context.AfterFunc(ctx, func() { server.Close() })
	defer stopped()
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return ctx.Err()
}

// ServeHTTP answers a request as the web server would.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !allowedHost(r.Host, s.o.Listen):
		http.Error(w, "This preview does not answer to that name; ask for it as localhost.", http.StatusMisdirectedRequest)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "A static site is only read.", http.StatusMethodNotAllowed)
		return
	}
	answer, err := nginx(s.site.Load(), cleanPath(r.URL.Path), r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) // a client that left wants no answer
}

// cleanPath merges slashes and resolves dot segments, as every server does first.
func cleanPath(p string) string {
	clean := path.Clean("/" + p)
	if last := p[strings.LastIndexByte(p, '/')+1:]; clean != "/" && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return clean
}
