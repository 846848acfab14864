package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Defaults of Options.
const (
	DefaultTimeout = 30 * time.Second
	DefaultMaxBody = 16 << 20 // bytes: several times the largest JSON of a site
	// DefaultRate is the number of requests that a remote server is sent in a second. It answers many more, but it has
	// visitors, too, and may count requests per address.
	DefaultRate = 20
)

// UserAgent identifies the requests in logs. The statistics of downloads count bots apart.
const UserAgent = "sitegen-replay-bot (+https://github.com/Slicer/sitegen)"

// maxIdle is the number of connections to a server that are kept open, so that each of many parallel requests finds
// one.
const maxIdle = 64

// retries is the number of attempts after a failed connection. Answers, whatever their status, and time-outs are final.
const retries = 2

// Options configures a Server. The zero value is valid.
type Options struct {
	Timeout time.Duration // limit of one attempt, from the connection to the last byte; 0: DefaultTimeout
	MaxBody int64         // bytes of a body to read; 0: DefaultMaxBody
	Rate    float64       // maximum requests per second; 0: DefaultRate, or no limit within this machine
	HTTP1   bool          // never use HTTP/2, which is otherwise used where an https server offers it

	// Connect is where connections to the server lead, see ParseConnect. It is "" for the host of the address. Requests
	// and certificates have the host of the address in any case.
	Connect string
}

// Server is a web server to send requests to. It is safe for concurrent use.
type Server struct {
	base      *url.URL
	o         Options
	transport *http.Transport
	pace      pacer
}

// Reply is the answer to a request.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte // the first Options.MaxBody bytes
	Cut    bool   // the body is longer
}

// NewServer returns the server at an address: https://download.example.org, or http://127.0.0.1:8080. Its error is a
// phrase about the address, such as "has no host".
func NewServer(address string, o Options) (*Server, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must begin with http:// or https://")
	case u.Hostname() == "":
		return nil, errors.New("has no host")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must be the address of a server, without a path")
	}
	connect := ""
	if o.Connect != "" {
		host, port, err := ParseConnect(o.Connect)
		if err != nil {
			return nil, fmt.Errorf("cannot be reached at %.80q, which %w", o.Connect, err)
		}
		usual := map[string]string{"http": "80", "https": "443"}[u.Scheme]
		connect = net.JoinHostPort(host, cmp.Or(port, u.Port(), usual))
	}
	o.Timeout, o.MaxBody = cmp.Or(o.Timeout, DefaultTimeout), cmp.Or(o.MaxBody, DefaultMaxBody)
	if o.Rate == 0 && !isLocal(cmp.Or(hostIn(connect), u.Hostname())) {
		o.Rate = DefaultRate
	}
	u = &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), User: u.User}
	s := &Server{base: u, o: o, transport: http.DefaultTransport.(*http.Transport).Clone()}
	if o.Rate > 0 {
		s.pace.interval = time.Duration(float64(time.Second) / o.Rate)
	}
	s.transport.DisableCompression = true
	s.transport.MaxIdleConnsPerHost = maxIdle
	if o.HTTP1 {
		s.transport.Protocols = new(http.Protocols)
		s.transport.Protocols.SetHTTP1(true)
	}
	if connect != "" {
		s.transport.Proxy = nil
		s.transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, connect)
		}
	}
	return s, nil
}

// ParseConnect splits a place to connect to: a host or an IP address, with or without a port. The port is "" if there
// is none. The error is a phrase about the place.
func ParseConnect(text string) (host, port string, err error) {
	bare := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if net.ParseIP(bare) != nil { // an IPv6 address has colons, but no port
		return bare, "", nil
	}
	host = text
	if strings.Contains(text, ":") {
		if host, port, err = net.SplitHostPort(text); err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
	}
	if err != nil || host == "" || strings.ContainsAny(host, "/@?#[] ") {
		return "", "", errors.New("must be a host or an IP address, with or without a port")
	}
	return host, port, nil
}

// hostIn returns the host of host:port, "" if there is none.
func hostIn(address string) string {
	host, _, _ := net.SplitHostPort(address) // which of "" is an error
	return host
}

// isLocal reports whether a host is this machine.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// String returns the address, without the password, and where connections lead, if it is another place.
func (s *Server) String() string {
	if s.o.Connect == "" {
		return s.base.Redacted()
	}
	return s.base.Redacted() + " at " + s.o.Connect
}

// Host returns the host and, unless it is the scheme's own, the port.
func (s *Server) Host() string { return HostOf(s.base) }

// HostOf returns the host of a URL in lower case and its port, unless it is the one of its scheme.
func HostOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	return strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
}

// Ask sends a request and returns the reply. It waits as long as the limit of requests per second demands, and repeats
// the request if the connection fails.
func (s *Server) Ask(ctx context.Context, r Request) (*Reply, error) {
	for try := 0; ; try++ {
		if err := s.pace.wait(ctx, time.Duration(try)*time.Second/2); err != nil {
			return nil, err
		}
		reply, err := s.try(ctx, r)
		if err == nil || ctx.Err() != nil || try == retries || !isConnection(err) {
			return reply, err
		}
	}
}

func (s *Server) try(ctx context.Context, r Request) (*Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	u := *s.base
	u.User, u.Opaque = nil, r.Target
	if strings.HasPrefix(r.Target, "//") { // as an opaque URL, it would begin with a host
		parsed, err := url.Parse(u.Scheme + "://" + u.Host + r.Target)
		if err != nil {
			return nil, err
		}
		u = *parsed
	}
	req := (&http.Request{Method: r.Method, URL: &u, Host: u.Host, Header: http.Header{
		"User-Agent": {UserAgent}, "Accept": {"*/*"},
	}}).WithContext(ctx)
	if user := s.base.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	res, err := s.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, s.o.MaxBody+1))
	if err != nil {
		return nil, err
	}
	reply := &Reply{Status: res.StatusCode, Header: res.Header, Body: body}
	if int64(len(body)) > s.o.MaxBody {
		reply.Body, reply.Cut = body[:s.o.MaxBody], true
	}
	return reply, nil
}

// isConnection reports whether a request failed because its connection did, before the answer was complete.
func isConnection(err error) bool {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return false
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsTemporary
	}
	_, ok := errors.AsType[*net.OpError](err)
	return ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// Reason describes the error of Ask in a few words, the same for all requests with that problem: "connection refused".
func Reason(err error) string {
	timeout, ok := errors.AsType[net.Error](err)
	if ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "timed out"
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "no such host: " + dns.Name
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed before the answer was complete"
	}
	return fmt.Sprintf("%.200s", err.Error())
}

// pacer keeps an interval between requests.
type pacer struct {
	mu       sync.Mutex
	interval time.Duration
	next     time.Time
}

// wait waits at least for a pause, and then until a request may be sent.
func (p *pacer) wait(ctx context.Context, pause time.Duration) error {
	p.mu.Lock()
	at := time.Now().Add(pause)
	if p.interval > 0 {
		if at.Before(p.next) {
			at = p.next
		}
		p.next = at.Add(p.interval)
	}
	p.mu.Unlock()
	left := time.Until(at)
	if left <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
