package accesslog

import "bytes"

// Fields contains the names of the keys of a log in JSON Lines. An empty name selects the usual keys.
type Fields struct {
	Address string // usual: remote_addr, client_ip, remote_ip, c-ip
	Time    string // usual: time_local, time_iso8601, time, timestamp, @timestamp, ts, msec
	Request string // the whole request line; usual: request
	Method  string // usual: request_method, method, cs-method
	URI     string // usual: request_uri, uri, url, path, cs-uri-stem
	Status  string // usual: status, sc-status
	Agent   string // usual: http_user_agent, user_agent, agent, cs(User-Agent)
}

// keys returns the field that each key sets.
func (f Fields) keys() map[string]field {
	keys := map[string]field{}
	for _, k := range []struct {
		field field
		name  string
		usual []string
	}{
		{fieldAddress, f.Address, []string{"remote_addr", "client_ip", "remote_ip", "c-ip"}},
		{fieldTime, f.Time, []string{"time_local", "time_iso8601", "time", "timestamp", "@timestamp", "ts", "msec"}},
		{fieldRequest, f.Request, []string{"request"}},
		{fieldMethod, f.Method, []string{"request_method", "method", "cs-method"}},
		{fieldURI, f.URI, []string{"request_uri", "uri", "url", "path", "cs-uri-stem"}},
		{fieldStatus, f.Status, []string{"status", "sc-status"}},
		{fieldAgent, f.Agent, []string{"http_user_agent", "user_agent", "agent", "cs(User-Agent)"}},
	} {
		if k.name != "" {
			k.usual = []string{k.name}
		}
		for _, name := range k.usual {
			keys[name] = k.field
		}
	}
	return keys
}

// jsonLines parses one JSON object per line and ignores nested objects and arrays. For example:
//
//	{"time":"2026-09-20T00:01:32Z","remote_addr":"203.0.113.9","request":"GET /bitstream/6a46 HTTP/1.1","status":302}
type jsonLines struct {
	keys    map[string]field
	scratch []byte // unescaped values of the current line
}

// Name implements Parser.
func (j *jsonLines) Name() string { return "JSON lines" }

// Parse implements Parser. If several keys set the same field, the first one counts.
func (j *jsonLines) Parse(line []byte, e *Entry) error {
	b := skipBlanks(line)
	if len(b) == 0 {
		return ErrEmpty
	}
	if b[0] != '{' {
		return ErrJSON
	}
	*e = Entry{escape: jsonText}
	j.scratch = j.scratch[:0]
	have := 0 // bit f is set once field f has a value; bit 0 once the object has any key
	for b = skipBlanks(b[1:]); ; {
		if len(b) > 0 && b[0] == '}' && have == 0 {
			break // an object without keys
		}
		key, rest, ok := cutString(b)
		if !ok {
			return ErrJSON
		}
		rest = skipBlanks(rest)
		if len(rest) == 0 || rest[0] != ':' {
			return ErrJSON
		}
		value, rest, ok := cutValue(skipBlanks(rest[1:]))
		if !ok {
			return ErrJSON
		}
		if f := j.keys[string(key)]; f != fieldNone && have&(1<<f) == 0 {
			have |= 1 << f
			if err := e.set(f, j.text(f, value)); err != nil {
				return err
			}
		}
		have |= 1
		b = skipBlanks(rest)
		if len(b) == 0 {
			return ErrJSON
		}
		if b[0] == '}' {
			break
		}
		if b[0] != ',' {
			return ErrJSON
		}
		b = skipBlanks(b[1:])
	}
	if len(skipBlanks(b[1:])) != 0 {
		return ErrJSON
	}
	const address, time, status = 1 << fieldAddress, 1 << fieldTime, 1 << fieldStatus
	requested := have&(1<<fieldRequest) != 0 || have&(1<<fieldURI) != 0
	if have&(address|time|status) != address|time|status || !requested {
		return ErrFields
	}
	return nil
}

// text returns a value without escaping. The user agent stays escaped until AgentText, as in the other formats.
func (j *jsonLines) text(f field, value []byte) []byte {
	if f == fieldAgent || bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	start := len(j.scratch)
	j.scratch = append(j.scratch, value...)
	return unescapeJSON(j.scratch[start:])
}

// skipBlanks returns b without the blanks at its beginning.
func skipBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// cutString splits off a string from the beginning of b; s is the text between the quotes, still escaped.
func cutString(b []byte) (s, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for from := 1; ; {
		i := bytes.IndexByte(b[from:], '"')
		if i < 0 {
			return nil, nil, false
		}
		i += from
		if !escaped(b, i) {
			return b[1:i], b[i+1:], true
		}
		from = i + 1
	}
}

// cutValue splits off a value from the beginning of b. It returns the text between the quotes for a string, the text
// itself for a number, true, false or null, and nothing for an object or array.
func cutValue(b []byte) (value, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	switch b[0] {
	case '"':
		return cutString(b)
	case '{', '[':
		rest, ok = skipNested(b)
		return nil, rest, ok
	}
	end := bytes.IndexAny(b, ",} \t")
	if end <= 0 {
		return nil, nil, false
	}
	return b[:end], b[end:], true
}

// skipNested returns b without the object or array at its beginning. Brackets inside strings do not count.
func skipNested(b []byte) (rest []byte, ok bool) {
	depth := 0
	for len(b) > 0 {
		switch b[0] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return b[1:], true
			}
		case '"':
			if _, b, ok = cutString(b); !ok {
				return nil, false
			}
			continue
		}
		b = b[1:]
	}
	return nil, false
}
