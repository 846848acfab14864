package accesslog

import "bytes"

// parseHAProxy parses HAProxy's HTTP log (option httplog, also with the fields of HTTPS at the end):
//
//	203.0.113.9:33317 [20/Sep/2026:00:01:32.655] http-in~ static/srv1 10/0/30/69/109 302 2750 - - ---- 1/1/1/1/0 0/0
//	{example.org|curl/7.88.1} {} "GET /bitstream/6a46 HTTP/1.1"
//
// The time is local and has no zone; it is taken for UTC. The first braces contain the headers of the request that the
// configuration captures; the user agent is recognised by its form. The status is -1 if the client has gone.
func parseHAProxy(line []byte, e *Entry) error {
	client, rest := cutToken(line)
	port := bytes.LastIndexByte(client, ':')
	if port < 1 || len(rest) < 20 || rest[0] != '[' {
		return ErrFields
	}
	*e = Entry{escape: hash}
	if e.setAddress(bytes.Trim(client[:port], "[]")) != nil {
		return ErrAddress
	}
	end := bytes.IndexByte(rest, ']')
	if end < 0 {
		return ErrFields
	}
	var ok bool
	if e.Time, ok = parseTime(rest[1:end]); !ok {
		return ErrTime
	}
	_, rest = cutToken(rest[end+1:]) // the blank
	for range 2 {                    // frontend, backend and server
		_, rest = cutToken(rest)
	}
	timers, rest := cutToken(rest)
	if bytes.Count(timers, []byte("/")) < 4 {
		return ErrFields
	}
	status, rest := cutToken(rest)
	if string(status) == "-1" {
		status = []byte("-")
	}
	if err := e.setStatus(status); err != nil {
		return err
	}
	quote := bytes.IndexByte(rest, '"') // HAProxy writes #22 for other quotes
	if quote < 0 {
		return ErrFields
	}
	if captured, ok := cutBraces(rest[:quote]); ok {
		e.Agent = agentIn(captured)
	}
	request := rest[quote+1:]
	if end := bytes.IndexByte(request, '"'); end >= 0 { // a long line has been cut
		request = request[:end]
	}
	e.setRequest(request)
	return nil
}

// cutBraces returns the text in the first braces.
func cutBraces(b []byte) (text []byte, ok bool) {
	begin := bytes.IndexByte(b, '{')
	if begin < 0 {
		return nil, false
	}
	end := bytes.IndexByte(b[begin:], '}')
	if end < 0 {
		return nil, false
	}
	return b[begin+1 : begin+end], true
}

// agentIn returns the user agent among captured headers, which | separates. It begins with the name of a program and a
// slash: Mozilla/5.0, curl/7.88.1.
func agentIn(captured []byte) []byte {
	for value := range bytes.SplitSeq(captured, []byte("|")) {
		slash := bytes.IndexByte(value, '/')
		if slash < 1 || slash == len(value)-1 || value[slash+1] < '0' || value[slash+1] > '9' ||
			bytes.ContainsAny(value[:slash], ":;,=*") {
			continue
		}
		return value
	}
	return nil
}
