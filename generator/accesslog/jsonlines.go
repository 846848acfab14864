package accesslog

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// Fields contains the names of the keys of a log in JSON Lines. An empty name selects the usual keys, see
// usualKeys. A dot separates the keys of nested objects: request.remote_ip.
type Fields struct {
	Address, Time string
	Request       string // the whole request line
	Method, URI   string
	Status, Agent string
}

// usualKeys are the usual names of the keys for each field, the preferred ones first. They are compared without regard
// to case, underscores and hyphens: clientip also stands for ClientIP and client_ip. A dot separates the keys of nested
// objects.
var usualKeys = map[field]string{
	fieldAddress: "clientip remoteaddr remoteip cip clienthost clientaddr clientaddress remotehost remoteaddress " +
		"request.clientip request.remoteip request.remoteaddr client.ip client.address source.ip source.address " +
		"httprequest.remoteip properties.clientip downstreamremoteaddress req.remoteaddress req.remoteaddr " +
		"proxy.clientip sourceipport cliip message.cliip attributes.client.address network.client.ip " +
		"requestip calleripaddress srcip sourceip remote client realip ip",
	fieldTime: "timelocal timeiso8601 timestamp @timestamp time datetime timestamp(ms) ts msec requesttime " +
		"starttime startutc " +
		"edgestarttimestamp edgeendtimestamp eventtime eventtimestamp startedat reqtimesec unixtime timestart " +
		"timemicros date start @t",
	fieldRequest: "request requestline req",
	fieldMethod: "requestmethod method csmethod httpmethod clientrequestmethod request.method " +
		"httprequest.requestmethod " +
		"http.request.method properties.httpmethod req.method proxy.method reqmethod message.reqmethod " +
		"attributes.http.request.method http.method verb",
	fieldURI: "requesturi uri url path csuristem csuri requestpath requesturl clientrequesturi clientrequestpath " +
		"request.uri request.url request.path httprequest.requesturl url.original url.path properties.requesturi " +
		"xenvoyoriginpath req.url reqpath message.reqpath attributes.url.path httpuri http.url",
	fieldStatus: "status scstatus statuscode responsecode responsestatus httpstatus edgeresponsestatus " +
		"downstreamstatus " +
		"response.status http.response.statuscode httprequest.status properties.httpstatus " +
		"properties.httpstatuscode response.statuscode res.statuscode api.statuscode httpcode returncode " +
		"message.status attributes.http.response.statuscode http.statuscode code",
	fieldAgent: "httpuseragent useragent agent cs(useragent) csuseragent clientrequestuseragent requestuseragent " +
		"request.headers.useragent headers.useragent httprequest.useragent useragent.original properties.useragent " +
		"request.header.useragent req.headers.useragent proxy.useragent ua message.ua attributes.useragent.original " +
		"http.useragent useragentheader clientua",
	fieldForwarded: "httpxforwardedfor xforwardedfor request.headers.xforwardedfor requestxforwardedfor " +
		"forwardedfor fwd forwarded httpforwarded request.headers.forwarded requestforwarded " +
		"httpcfconnectingip cfconnectingip request.headers.cfconnectingip httptrueclientip trueclientip " +
		"request.headers.trueclientip httpxrealip xrealip request.headers.xrealip",
	fieldQuery:      "args querystring csuriquery url.query query uriparam querystr",
	fieldSubrequest: "workersubrequest", // Cloudflare
	fieldMessage:    "log message @message textpayload line shortmessage raw body event properties",
}

// envelopes are keys of objects that a program has put around the keys of a request, for example _source in an export
// of Elasticsearch, result in one of Splunk, and jsonPayload in Google Cloud.
var envelopes = []string{"source", "result", "jsonpayload", "properties", "attributes", "event", "fields", "data",
	"payload", "record"}

// envelopeRank is added to the rank of keys in envelopes, so that those outside are preferred.
const envelopeRank = 1000

// encodedKeys are the usual keys with percent-encoded values: of CloudFront and Akamai.
var encodedKeys = []string{"cs(useragent)", "ua", "message.ua"}

// jsonKey is what a key of an object means.
type jsonKey struct {
	field   field
	rank    int  // keys of lower rank are preferred
	nested  bool // an object in this key may contain fields
	percent bool // the value is percent-encoded
}

// jsonKeys finds the meaning of keys.
type jsonKeys struct {
	known    map[string]jsonKey // by normalised name
	exact    map[string]jsonKey // configured, by name
	prefixes map[string]bool    // normalised names of objects that contain known keys
}

func newJSONKeys(f Fields) *jsonKeys {
	k := &jsonKeys{known: map[string]jsonKey{}, exact: map[string]jsonKey{}, prefixes: map[string]bool{}}
	for _, c := range []struct {
		field field
		name  string
	}{
		{fieldAddress, f.Address}, {fieldTime, f.Time}, {fieldRequest, f.Request}, {fieldMethod, f.Method},
		{fieldURI, f.URI}, {fieldStatus, f.Status}, {fieldAgent, f.Agent}, {fieldForwarded, ""}, {fieldQuery, ""},
		{fieldSubrequest, ""}, {fieldMessage, ""},
	} {
		names := strings.Fields(usualKeys[c.field])
		if c.name != "" {
			names = []string{normalKey(c.name)}
			k.exact[c.name] = jsonKey{field: c.field}
		}
		for rank, name := range names {
			if c.name == "" {
				k.known[name] = jsonKey{field: c.field, rank: 2*rank + 1, percent: slices.Contains(encodedKeys, name)}
			}
			for i := range len(name) {
				if name[i] == '.' {
					k.prefixes[name[:i]] = true
				}
			}
		}
	}
	return k
}

// find returns the meaning of a key, given with the keys of the objects around it.
func (k *jsonKeys) find(path string) jsonKey {
	normal := normalKey(path)
	key, ok := k.exact[path]
	if !ok {
		if key = k.known[normal]; key.field != fieldNone && normal != path {
			key.rank++ // a key that is spelled exactly so comes first
		}
	}
	key.nested = k.prefixes[normal] || slices.Contains(envelopes, normal)
	if outer, inner, in := strings.Cut(normal, "."); in && key.field == fieldNone && slices.Contains(envelopes, outer) {
		nested := key.nested
		key = k.find(inner)
		key.nested = key.nested || nested
		key.rank += envelopeRank
	}
	return key
}

// normalKey returns a key in lower case, without underscores, hyphens and blanks.
func normalKey(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s))
}

// jsonLines parses one JSON object per line. For example:
//
//	{"time":"2026-09-20T00:01:32Z","remote_addr":"203.0.113.9","request":"GET /bitstream/6a46 HTTP/1.1","status":302}
//	{"ts":1789862492.5,"request":{"remote_ip":"203.0.113.9","method":"GET","uri":"/bitstream/6a46"},"status":302}
type jsonLines struct {
	keys    *jsonKeys
	cache   map[string]jsonKey // meaning of the keys seen
	scratch []byte             // unescaped values of the current line
	path    []byte             // keys of the current object and those around it
	values  [fieldMessage + 1]jsonValue
	time    int64
	date    []byte // of a log with date and time in two keys
	clock   []byte
	message []byte // a line of another format, still escaped; nil if there is none
}

// jsonValue is the value of the preferred key for a field.
type jsonValue struct {
	text    []byte
	rank    int // 0 if there is no value, otherwise that of the key, plus 1
	percent bool
}

// Name returns the name of the format.
func (j *jsonLines) Name() string { return "JSON lines" }

// maxDepth is the number of objects within objects that are searched for fields.
const maxDepth = 4

// Parse parses a line. If several keys set the same field, the preferred one counts, see usualKeys; among equal keys,
// the first.
func (j *jsonLines) Parse(line []byte, e *Entry) error {
	b := skipBlanks(line)
	if len(b) == 0 || b[0] != '{' {
		return ErrJSON
	}
	*e = Entry{escape: jsonText}
	j.reset()
	rest, ok := j.object(b, 0)
	rest = skipBlanks(rest)
	if !ok || len(rest) != 0 && string(rest) != "," && string(rest) != "]" { // an object in a list of several lines
		return ErrJSON
	}
	return j.entry(e)
}

// reset discards the values of the line before.
func (j *jsonLines) reset() {
	j.scratch, j.path, j.values = j.scratch[:0], j.path[:0], [fieldMessage + 1]jsonValue{}
	j.date, j.clock, j.message = nil, nil, nil
}

// entry sets the entry from the values.
func (j *jsonLines) entry(e *Entry) error {
	v := &j.values
	has := func(f field) bool { return v[f].rank > 0 }
	if has(fieldMessage) {
		j.message = v[fieldMessage].text
	}
	if !has(fieldAddress) && has(fieldForwarded) {
		v[fieldAddress] = v[fieldForwarded]
	}
	if has(fieldRequest) && bytes.IndexByte(v[fieldRequest].text, ' ') < 0 {
		switch request := v[fieldRequest]; {
		case len(request.text) > 0 && request.text[0] == '/' && !has(fieldURI): // Loggly's example for Apache
			v[fieldURI], v[fieldRequest] = request, jsonValue{}
		case has(fieldURI):
			if !has(fieldMethod) { // Fastly names the method so
				v[fieldMethod] = request
			}
			v[fieldRequest] = jsonValue{}
		}
	}
	if has(fieldURI) && !has(fieldRequest) && bytes.Contains(v[fieldURI].text, []byte(" HTTP/")) { // Ceph
		v[fieldRequest], v[fieldURI] = v[fieldURI], jsonValue{}
	}
	if string(v[fieldSubrequest].text) == "true" {
		return ErrComment
	}
	if !has(fieldAddress) && !has(fieldStatus) && !has(fieldRequest) && !has(fieldURI) && !has(fieldMethod) {
		return ErrMessage
	}
	if !has(fieldAddress) || !has(fieldStatus) || !has(fieldRequest) && !has(fieldURI) {
		return ErrFields
	}
	for _, f := range []field{fieldAddress, fieldStatus, fieldMethod, fieldURI, fieldRequest, fieldAgent,
		fieldForwarded, fieldQuery} {
		if !has(f) {
			continue
		}
		text := j.text(f, v[f].text)
		if f == fieldStatus && (string(text) == "null" || len(text) == 0) {
			text = []byte("-")
		}
		if f == fieldAgent && string(text) == "null" {
			text = nil
		}
		if f == fieldURI && len(text) > 0 && (isNameByte(text[0]) || text[0] == '%') && bytes.IndexByte(text, ':') < 0 {
			start := len(j.scratch) // Akamai may leave out the slash
			j.scratch = append(append(j.scratch, '/'), text...)
			text = j.scratch[start:]
		}
		if err := e.set(f, text); err != nil {
			return err
		}
	}
	if !has(fieldMethod) && !has(fieldRequest) {
		e.Method = defaultMethod
	}
	if v[fieldAgent].percent {
		e.escape = jsonPercent
	}
	if has(fieldTime) && v[fieldTime].text == nil {
		e.Time = j.time
		return nil
	}
	if len(j.date) == 10 && len(j.clock) >= 8 {
		start := len(j.scratch)
		j.scratch = append(append(append(j.scratch, j.date...), ' '), j.clock...)
		var ok bool
		if e.Time, ok = parseTime(j.scratch[start:]); ok {
			return nil
		}
	}
	if has(fieldTime) {
		return ErrTime
	}
	return ErrNoTime
}

// hasLog reports whether the message is in the key log, which comes first among those of messages.
func (j *jsonLines) hasLog() bool { return j.values[fieldMessage].rank == 2 }

// clocked returns the time of the object, for a line within it that has none.
func (j *jsonLines) clocked() (at int64, ok bool) {
	v := j.values[fieldTime]
	return j.time, v.rank > 0 && v.text == nil
}

// object reads an object, which b begins with, and returns the text after it.
func (j *jsonLines) object(b []byte, depth int) (rest []byte, ok bool) {
	length := len(j.path)
	defer func() { j.path = j.path[:length] }()
	b = skipBlanks(b[1:])
	if len(b) > 0 && b[0] == '}' {
		return b[1:], true
	}
	for {
		name, rest, ok := cutString(b)
		if !ok {
			return nil, false
		}
		rest = skipBlanks(rest)
		if len(rest) == 0 || rest[0] != ':' {
			return nil, false
		}
		rest = skipBlanks(rest[1:])
		j.path = append(j.path[:length], name...)
		key := j.key()
		if key.nested && depth < maxDepth && len(rest) > 0 && rest[0] == '{' {
			j.path = append(j.path, '.')
			if b, ok = j.object(rest, depth+1); !ok {
				return nil, false
			}
		} else {
			var value []byte
			isObject := len(rest) > 0 && rest[0] == '{'
			if value, b, ok = cutValue(rest); !ok {
				return nil, false
			}
			switch array := rest[:len(rest)-len(b)]; {
			case key.field == fieldMessage && value == nil:
				value = j.bytes(array)
			case key.field == fieldForwarded && array[0] == '[':
				value = j.joined(array)
			}
			if key.field != fieldNone && !isObject {
				j.set(key, value)
			}
		}
		b = skipBlanks(b)
		if len(b) == 0 {
			return nil, false
		}
		if b[0] == '}' {
			return b[1:], true
		}
		if b[0] != ',' {
			return nil, false
		}
		b = skipBlanks(b[1:])
	}
}

// maxCachedKeys limits the memory for logs whose keys are values.
const maxCachedKeys = 4096

// key returns the meaning of the key in path.
func (j *jsonLines) key() jsonKey {
	key, ok := j.cache[string(j.path)]
	if ok {
		return key
	}
	key = j.keys.find(string(j.path))
	if j.cache == nil || len(j.cache) >= maxCachedKeys {
		j.cache = map[string]jsonKey{}
	}
	j.cache[string(j.path)] = key
	return key
}

// set sets the value of a field, unless a preferred key has set it.
func (j *jsonLines) set(key jsonKey, value []byte) {
	v := &j.values[key.field]
	if key.field == fieldTime {
		value = bytes.TrimSuffix(bytes.TrimPrefix(j.text(fieldTime, value), []byte("[")), []byte("]")) // Apache's %t
		switch {
		case len(value) == 10 && value[4] == '-':
			j.date = value
			return
		case len(value) >= 8 && len(value) < 19 && value[2] == ':':
			j.clock = value
			return
		}
		if at, ok := parseTime(value); ok && (v.rank == 0 || v.text != nil || key.rank+1 < v.rank) {
			j.time = at
			*v = jsonValue{rank: key.rank + 1}
		} else if v.rank == 0 {
			*v = jsonValue{text: value, rank: key.rank + 1} // an invalid time, unless another key has a valid one
		}
		return
	}
	if v.rank > 0 {
		likely, before := likelihood(key.field, value), likelihood(key.field, v.text)
		if likely < before || likely == before && key.rank+1 >= v.rank {
			return
		}
	}
	*v = jsonValue{value, key.rank + 1, key.percent}
}

// likelihood returns how likely a value is the one that is wanted, if several keys set the same field: a server behind
// a proxy may log the address of the proxy and, in another key, that of the visitor; a status may also be a word.
func likelihood(f field, value []byte) int {
	switch f {
	case fieldAddress:
		return min(addressRank(value), 1)
	case fieldStatus:
		if len(value) == 3 && isDigit(value[0]) && isDigit(value[1]) && isDigit(value[2]) {
			return 1
		}
	}
	return 0
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

// bytes returns the text in an array of bytes, escaped, nil if it is none. This is how journald writes a message that
// is not valid UTF-8: [50,48,51].
func (j *jsonLines) bytes(array []byte) []byte {
	array = bytes.TrimSuffix(bytes.TrimPrefix(array, []byte("[")), []byte("]"))
	start := len(j.scratch)
	for number := range bytes.SplitSeq(array, []byte(",")) {
		c, err := strconv.ParseUint(string(bytes.TrimSpace(number)), 10, 8)
		if err != nil {
			return nil
		}
		if c == '\\' {
			j.scratch = append(j.scratch, '\\')
		}
		j.scratch = append(j.scratch, byte(c))
	}
	return j.scratch[start:]
}

// joined returns the strings in an array, with commas between them: several headers X-Forwarded-For are one list.
func (j *jsonLines) joined(array []byte) []byte {
	start := len(j.scratch)
	for {
		quote := bytes.IndexByte(array, '"')
		if quote < 0 {
			return j.scratch[start:]
		}
		value, rest, ok := cutString(array[quote:])
		if !ok {
			return nil
		}
		if len(j.scratch) > start {
			j.scratch = append(j.scratch, ", "...)
		}
		j.scratch, array = append(j.scratch, value...), rest
	}
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

// cutValue splits off a value from the beginning of b. It returns the text between the quotes for a string, the first
// string of an array, the text itself for a number, true, false or null, and nothing for an object. Values without
// quotes may be what Nginx writes for a variable, although that is not JSON: nothing, "-", or a list of numbers.
func cutValue(b []byte) (value, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	switch b[0] {
	case '"':
		return cutString(b)
	case '{', '[':
		if first := skipBlanks(b[1:]); b[0] == '[' && len(first) > 0 && first[0] == '"' {
			value, _, _ = cutString(first)
		}
		rest, ok = skipNested(b)
		return value, rest, ok
	}
	for i, c := range b {
		switch c {
		case '"':
			return nil, nil, false
		case ',':
			next := skipBlanks(b[i+1:])
			if len(next) > 0 && next[0] != '"' && next[0] != '}' {
				continue // a list: 0.001, 0.002
			}
			return bytes.TrimRight(b[:i], " \t"), b[i:], true
		case '}':
			return bytes.TrimRight(b[:i], " \t"), b[i:], true
		}
	}
	return nil, nil, false
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
