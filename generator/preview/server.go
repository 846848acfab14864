package preview

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Options configures a preview.
type Options struct {
	Listen       string           // host:port; with port 0, the system chooses a free port
	AllowedHosts []string         // host names to answer to, in addition to localhost and IP addresses
	Poll         time.Duration    // time between two checks of the files; 0 to wait for events of the file system
	Refresh      time.Duration    // time between two fetches of the packages; 0 for never
	Ready        func(url string) // called once, when the server answers requests
	Log          *slog.Logger
	Now          func() time.Time // the clock
}

// Server serves the newest state of a site.
type Server struct {
	o       Options
	builder Builder
	hub     hub
	view    atomic.Pointer[view]
}

// view holds everything that the preview shows.
type view struct {
	status
	newest   *site    // the newest state; nil if there is none yet
	before   *site    // a newer state than good without known mistakes, whose check has not ended; nil if there is none
	broken   bool     // newest has a known mistake
	good     *site    // the last state that passed its check; nil if there is none yet
	warnings []string // of good
	log      []string // of the last build
}

// New returns a server for the states of a builder.
func New(o Options, b Builder) *Server {
	s := &Server{o: o, builder: b}
	s.view.Store(&view{status: status{Build: strconv.FormatInt(o.Now().UnixNano(), 36), Warnings: -1}})
	return s
}

// Run serves until ctx is done and returns the error of ctx. It returns early if the address is in use, or if the first
// build fails for another reason than a mistake in the files of the site.
func (s *Server) Run(ctx context.Context) error {
	outer := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l, err := listen(ctx, s.o.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	w, err := s.start(ctx)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	defer server.Close()
	go func() { cancel(server.Serve(l)) }()
	s.o.Ready("http://" + l.Addr().String() + "/")
	w.run(ctx)
	if err := outer.Err(); err != nil {
		return err
	}
	return context.Cause(ctx) // the error of the HTTP server
}
