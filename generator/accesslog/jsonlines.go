package accesslog

import "bytes"

// Fields names the fields of a log in JSON lines. A name left empty takes the usual ones.
type Fields struct {
	Address string // usual: remote_addr, client_ip, remote_ip, c-ip
	Time    string // usual: time_local, time_iso8601, time, timestamp, @timestamp, ts, msec
	Request string // the whole request line; usual: request
	Method  string // usual: request_method, method, cs-method
	Target  string // usual: request_uri, uri, url, path, cs-uri-stem
	Status  string // usual: status, sc-status
	Agent   string // usual: http_user_agent, user_agent, agent, cs(User-Agent)
}

// keys makes the table that a line's keys are looked up in.
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
		{fieldTarget, f.Target, []string{"request_uri", "uri", "url", "path", "cs-uri-stem"}},
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

// jsonLines reads one JSON object a line. Objects and arrays within it are passed over.
type jsonLines struct {
	keys    map[string]field
	scratch []byte // values that had escapes, until the next line
}

// Name implements Parser.
func (j *jsonLines) Name() string { return "JSON lines" }

// Parse implements Parser. Of a key that comes twice the first counts.
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
	have := 0
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
	requested := have&(1<<fieldRequest) != 0 || have&(1<<fieldTarget) != 0
	if have&(address|time|status) != address|time|status || !requested {
		return ErrFields
	}
	return nil
}

// text is a value without its escapes; the agent keeps them, as in the other formats.
func (j *jsonLines) text(f field, value []byte) []byte {
	if f == fieldAgent || bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	start := len(j.scratch)
	j.scratch = append(j.scratch, value...)
	return unescapeJSON(j.scratch[start:])
}

func skipBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// cutString takes a string off the beginning of b; s is what stands between its quotes.
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

// cutValue takes a value off the beginning of b: the inside of a string, or a number or word as it is. An
// object or array gives an empty value.
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

// skipNested passes over an object or array, and over the brackets in its strings.
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
