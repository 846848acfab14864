package main

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// trouble is what is wrong with the source.
type trouble string

// The troubles.
const (
	none    trouble = ""
	down    trouble = "source down"
	corrupt trouble = "source corrupt"
	slow    trouble = "source slow"
)

// source is the server of packages.json.
type source struct {
	address string // of packages.json
	server  *http.Server

	mu      sync.Mutex
	trouble trouble
	listed  []byte
}

func startSource() (*source, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &source{address: "http://" + l.Addr().String() + "/packages.json"}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(l) }() // it ends with Close
	return s, nil
}

func (s *source) set(t trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = t
}

func (s *source) list(g *generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = g.listed
}

// ServeHTTP implements http.Handler.
func (s *source) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	trouble, listed := s.trouble, s.listed
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch trouble {
	case down:
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
	case corrupt:
		_, _ = w.Write(listed[:len(listed)*2/3]) // sitegen reports what it received
	case slow: // a little at a time, for longer than sitegen waits
		for part := range 40 {
			_, err := w.Write(listed[part*len(listed)/40 : (part+1)*len(listed)/40])
			if err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			select {
			case <-req.Context().Done():
				return
			case <-time.After(250 * time.Millisecond):
			}
		}
	default:
		_, _ = w.Write(listed)
	}
}
