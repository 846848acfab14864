package accesslog

import "bytes"

// parseELB parses the access log of Amazon's load balancers. The lines of an Application Load Balancer begin with a
// type; those of a Classic Load Balancer do not:
//
//	https 2026-09-20T00:01:32.186641Z app/lb/50dc 203.0.113.9:2817 10.0.0.1:80 0.0 0.0 0.0 302 302 34 366
//	"GET https://example.org:443/bitstream/6a46 HTTP/1.1" "curl/7.88.1" …
func parseELB(line []byte, e *Entry) (name string, err error) {
	*e = Entry{}
	rest := line
	switch kind, after := cutToken(line); string(kind) {
	case "http", "https", "h2", "grpcs", "ws", "wss":
		rest = after
	}
	stamp, rest := cutToken(rest)
	if len(stamp) < 20 || stamp[10] != 'T' {
		return "", ErrFields
	}
	var ok bool
	if e.Time, ok = parseTime(stamp); !ok {
		return "", ErrTime
	}
	_, rest = cutToken(rest) // name of the load balancer
	client, rest := cutToken(rest)
	// The client always has a port, also behind an IPv6 address without brackets.
	i := bytes.LastIndexByte(client, ':')
	if i < 0 || e.setAddress(bytes.Trim(client[:i], "[]")) != nil {
		return "", ErrAddress
	}
	for range 4 { // target, three times
		_, rest = cutToken(rest)
	}
	status, rest := cutToken(rest)
	if err := e.setStatus(status); err != nil {
		return "", err
	}
	for range 3 { // status of the target, bytes received, bytes sent
		_, rest = cutToken(rest)
	}
	if len(rest) == 0 || rest[0] != '"' {
		return "", ErrFields
	}
	end := indexDelimiter(rest[1:], `" "`)
	if end < 0 {
		return "", ErrFields
	}
	e.setRequest(rest[1 : end+1])
	agent := rest[end+4:]
	if end = indexDelimiter(agent, `" `); end < 0 {
		end = indexDelimiter(agent, `"`)
	}
	if end < 0 {
		return "", ErrFields
	}
	e.Agent = agent[:end]
	return "load balancer log", nil
}
