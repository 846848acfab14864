package preview

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// status is what open pages are told. It is all they need to know: one that was missed does no harm.
type status struct {
	Build     string           `json:"build"`            // changes when pages must be reloaded
	From      []string         `json:"from,omitempty"`   // earlier builds from which only style sheets differ
	Sheets    map[string]Sheet `json:"sheets,omitempty"` // by their addresses in these
	Problems  string           `json:"problems"`         // of the newest edit, as text; "" when all is well
	Server    string           `json:"server"`           // that is emulated
	Catalogue string           `json:"catalogue"`
	Time      string           `json:"time"`         // of the build
	Took      int64            `json:"milliseconds"` // from the first change to the reload
	Warnings  int              `json:"warnings"`     // -1 while they are counted
}

// hub sends the state to open pages, by server-sent events.
type hub struct {
	mu     sync.Mutex
	last   []byte
	opened map[*listener]bool
}

// listener is an open page.
type listener struct {
	page string      // its path and query
	news chan []byte // the newest status; holds one
}

// send sends a status to all pages.
func (h *hub) send(s status) {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and numbers: cannot happen
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = data
	for l := range h.opened {
		l.send(data)
	}
}

// send replaces a status that was not taken yet. The hub is locked.
func (l *listener) send(data []byte) {
	select {
	case <-l.news:
	default:
	}
	l.news <- data
}

func (h *hub) open(page string) *listener {
	l := &listener{page, make(chan []byte, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.opened == nil {
		h.opened = map[*listener]bool{}
	}
	h.opened[l] = true
	if h.last != nil {
		l.send(h.last)
	}
	return l
}

func (h *hub) close(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.opened, l)
}

// pages lists what is open, each once.
func (h *hub) pages() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for l := range h.opened {
		list = append(list, l.page)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ServeHTTP keeps a page informed until it is closed.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", emulate.NoStore)
	control := http.NewResponseController(w)
	l := h.open(r.URL.Query().Get("page"))
	defer h.close(l)
	fmt.Fprint(w, "retry: 500\n\n")
	for {
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case data := <-l.news:
			if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
				return
			}
		}
	}
}
