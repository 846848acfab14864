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

// Options is how a preview is served.
type Options struct {
	Listen       string           // host:port; port 0 for one that is free
	AllowedHosts []string         // names that a request may ask for, beside localhost and addresses
	Poll         time.Duration    // between looks at the files; 0 to be woken by events
	Refresh      time.Duration    // between fetches of the packages; 0 for never
	Ready        func(url string) // called once, when the site is served
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

// view is what is shown at a moment.
type view struct {
	status
	newest, good *site    // nil while there is none; see the package comment
	warnings     []string // of good
	log          []string // of the last build
}

// New makes a server of what a builder builds.
func New(o Options, b Builder) *Server {
	s := &Server{o: o, builder: b}
	s.view.Store(&view{status: status{Build: strconv.FormatInt(o.Now().UnixNano(), 36), Warnings: -1}})
	return s
}

// Run serves until ctx is done, and returns its error. It returns earlier when the address is taken, or when the first
// build fails for another reason than a mistake in the site folder.
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
	return context.Cause(ctx) // the server could not go on
}
