package accesslog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxShown is the length of a line that Explain shows (bytes).
const maxShown = 300

// Explain describes a line that is in no known format, for a message: the line, the format that is nearest to it and
// what differs, and a setting with which it would be read, if one can be found. For example (in one line):
//
//	the first such line: 192.0.2.1|2026-11-20T10:00:00+00:00|GET|/bitstream/6a46|302|curl/8;
//	the nearest format is combined; here, the time is not in brackets and the request is not in quotes;
//	try --log-line '$remote_addr|$time_iso8601|$request_method|$request_uri|$status|$http_user_agent'
func (f *Formats) Explain(line []byte) string {
	line = bytes.TrimPrefix(line, byteOrderMark)
	return "the first such line: " + printable(line[:min(len(line), maxShown)]) + "; " + f.reasons(line)
}

// reasons describes a line that is in no known format, without the line itself.
func (f *Formats) reasons(line []byte) string {
	object := skipBlanks(line)
	isObject := len(object) > 0 && object[0] == '{'
	switch {
	case isBinary(line):
		return "this is not text: it may be compressed, or in a binary format"
	case errorLog.Match(line):
		return "this looks like an error log, which has no requests to count; read the access log instead"
	case isObject && bytes.Contains(object, []byte(`"logEvents"`)):
		return "this is a message of CloudWatch with several lines: extract them with jq -r '.logEvents[].message'"
	case isObject && bytes.Contains(object, []byte(`"resultType"`)):
		return "this is an answer of Loki with several lines: extract them with jq -r '.data.result[].values[][1]'"
	case isObject && bytes.Contains(object, []byte(`"resourceLogs"`)):
		return "this is a batch of OpenTelemetry with several lines: extract them with " +
			"jq -r '.resourceLogs[].scopeLogs[].logRecords[].body.stringValue'"
	case objectList.Match(object):
		return "the nearest format is JSON lines; here, a line has a list of requests: " +
			"write each in a line of its own, for instance with jq -c '.[]' or jq -c '.records[]'"
	case objects.Match(object):
		return "the nearest format is JSON lines; here, a line has several objects: " +
			"write each in a line of its own, for instance with jq -c ."
	case openObject.Match(object):
		return "the nearest format is JSON lines; here, an object has several lines: " +
			"write each in a line of its own, for instance with jq -c . or, for a list, jq -c '.[]'"
	case isObject:
		return f.objectReasons(object)
	case headless.Match(line):
		return "the nearest format is the standard log of CloudFront; here, the #Fields line is missing, " +
			"which names the columns: keep it when you copy or join logs"
	}
	parts := findParts(line)
	text := "the nearest format is combined; here, " + differences(line, parts)
	if proposal := propose(line, parts); proposal != "" {
		return text + "; try --log-line '" + proposal + "'"
	}
	if w, ok := unwrap(line); ok && !w.guess { // formats that are configured are also tried for the inner line
		if inner := findParts(w.text); propose(w.text, inner) != "" {
			return "it contains a line of another format: " + f.reasons(w.text)
		}
	}
	return text + "; if this is an access log, describe its lines with --log-line; see Log formats in docs/stats.md"
}

// objectReasons describes a JSON object that is no request, and does not contain a line in a known format.
func (f *Formats) objectReasons(object []byte) string {
	fields := f.proposeFields(object)
	if inner := f.innerLine(object); inner != nil && fields == "" {
		return "it contains a line of another format: " + f.reasons(inner)
	}
	text := "the nearest format is JSON lines; here, " + f.explainJSON(object)
	if fields != "" {
		text += "; try, in sitegen.yaml: stats: {json_fields: " + fields + "}"
	}
	return text
}

// innerLine returns the line that a JSON object contains, nil if there is none.
func (f *Formats) innerLine(object []byte) []byte {
	j := jsonLines{keys: f.keys}
	var e Entry
	if err := j.Parse(object, &e); err == nil || err == ErrJSON || len(j.message) == 0 {
		return nil
	}
	return bytes.TrimRight(unescapeJSON(bytes.Clone(j.message)), "\r\n")
}

var (
	// errorLog matches the beginning of a line in an error log of Nginx or Apache.
	errorLog = regexp.MustCompile(`^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\]|\[\w{3} \w{3} \d\d [\d:.]+ \d{4}\] \[)`)
	// objectList matches a line with a list of objects.
	objectList = regexp.MustCompile(`^(\{\s*"\w+"\s*:\s*)?\[\s*\{.*\}\s*\]`)
	// objects matches a line with several objects, as Firehose joins them.
	objects = regexp.MustCompile(`^\{.*\}\s*\{.*\}$`)
	// openObject matches a line of an object that has several.
	openObject = regexp.MustCompile(`^(\{|\[|"[^"]+"\s*:\s*("[^"]*"|[\w.+-]+|[{[]),?)$`)
	// foreignMonth matches a time whose month is not an English abbreviation.
	foreignMonth = regexp.MustCompile(`\d\d/([^\s/\d]+)/\d{4}:\d\d:\d\d`)
	// headless matches a line of CloudFront's standard log.
	headless = regexp.MustCompile(`^\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t`)
)

// isBinary reports whether more than a tenth of the bytes are control characters.
func isBinary(line []byte) bool {
	n := 0
	for _, c := range line {
		if c < ' ' && c != '\t' && c != '\x1b' {
			n++
		}
	}
	return n > len(line)/10
}

// explainJSON returns what is missing in a JSON object.
func (f *Formats) explainJSON(text []byte) string {
	missing, err := f.missingFields(text)
	switch {
	case err == ErrJSON:
		return "the line is not a JSON object"
	case len(missing) == 0 && err != nil:
		return err.Error()
	}
	return "no known key has the " + strings.Join(missing, ", ")
}

// missingFields returns the parts of a request for which a JSON object has no known key.
func (f *Formats) missingFields(text []byte) (missing []string, err error) {
	j := jsonLines{keys: f.keys}
	var e Entry
	if err = j.Parse(text, &e); err == ErrJSON {
		return nil, err
	}
	for _, m := range []struct {
		field field
		name  string
	}{{fieldAddress, "address"}, {fieldTime, "time"}, {fieldStatus, "status"}, {fieldURI, "path"}} {
		if j.values[m.field].rank == 0 && (m.field != fieldURI || j.values[fieldRequest].rank == 0) &&
			(m.field != fieldTime || j.date == nil) {
			missing = append(missing, m.name)
		}
	}
	return missing, err
}

// proposeFields returns a setting for json_fields that names the keys of the missing parts, "" if they cannot be
// recognised by their values. For example, it proposes {address: visitor, request: line} for
//
//	{"visitor":"203.0.113.9","time":"2026-09-20T00:01:32Z","line":"GET / HTTP/1.1","status":302}
func (f *Formats) proposeFields(text []byte) string {
	missing, err := f.missingFields(text)
	if len(missing) == 0 || err == ErrJSON {
		return ""
	}
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&object) != nil {
		return ""
	}
	found := map[string]string{}
	collectFields(object, "", found)
	var list []string
	add := func(name string) { list = append(list, name+": "+yamlKey(found[name])) }
	hasRequest := !slices.Contains(missing, "path")
	for _, name := range missing {
		if name == "path" && found["path"] == "" {
			name, hasRequest = "request", true
		}
		if found[name] == "" {
			return ""
		}
		add(name)
	}
	// Without these, all requests would count as GET, and all agents would be unknown.
	j := jsonLines{keys: f.keys}
	_ = j.Parse(text, new(Entry)) // returns the same error as in missingFields
	if (!hasRequest || j.values[fieldURI].rank > 0) && j.values[fieldMethod].rank == 0 && found["method"] != "" {
		add("method")
	}
	if j.values[fieldAgent].rank == 0 && found["agent"] != "" {
		add("agent")
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// yamlKey returns the name of a key as it is written in a flow mapping of YAML.
func yamlKey(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r > 'z' || !isNameByte(byte(r)) && r != '.' }) < 0 {
		return name
	}
	return fmt.Sprintf("%q", name)
}

// collectFields adds the keys of an object whose values look like parts of a request, by the name of the part. Prefix
// has the keys of the objects around it, each with a dot.
func collectFields(object map[string]any, prefix string, found map[string]string) {
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(object))) { // so that the first key wins
		switch v := object[key].(type) {
		case map[string]any:
			collectFields(v, prefix+key+".", found)
		case string, json.Number:
			text := []byte(fmt.Sprint(v))
			part := ""
			switch _, isTime := parseTime(text); {
			case isAddressList(text):
				part = "address"
			case isTime:
				part = "time"
			case statusForm.Match(text):
				part = "status"
			case requestForm.Match(text):
				part = "request"
			case methodAlone.Match(text):
				part = "method"
			case len(text) > 1 && text[0] == '/':
				part = "path"
			case agentAlone.Match(text):
				part = "agent"
			}
			if part != "" {
				found[part] = prefix + key
			}
		}
	}
}

// part is a part of a request that was found in a line by its form.
type part struct {
	from, to int
	variable string // of Nginx
}

// The forms of the parts of a request.
const methods = `GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|PROPFIND`

var (
	timeForms = []struct {
		variable string
		form     *regexp.Regexp
	}{
		{"$time_local", regexp.MustCompile(`\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d([.,]\d+)?( [+-]\d{4})?`)},
		{"$time_iso8601", regexp.MustCompile(
			`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?( ?(Z|[+-]\d\d:?\d\d)\b)?`)},
		{"$time_local", regexp.MustCompile(
			`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d( GMT| [+-]\d{4})?`)},
		{"$time_local", regexp.MustCompile(`[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}`)},
		{"$msec", regexp.MustCompile(`\b[12]\d{9}(\.\d+|\d{3}|\d{6}|\d{9})?\b`)},
	}
	requestForm = regexp.MustCompile(`\b(` + methods + `) [^\s"]+ HTTP/\d(\.\d)?`)
	targetForm  = regexp.MustCompile(`^(/|\*|https?://)`)
	methodForm  = regexp.MustCompile(`\b(` + methods + `)\b`)
	methodAlone = regexp.MustCompile(`^(` + methods + `)$`)
	pathForm    = regexp.MustCompile(`(https?:/|[^\w.:/-])(/[^\s|;,"]*)`)
	addressForm = regexp.MustCompile(
		`\[[\da-fA-F]*:[\da-fA-F:.]+\](:\d+)?|[\da-fA-F]*:[\da-fA-F:.]+|\d+\.\d+\.\d+\.\d+(:\d+)?`)
	statusForm   = regexp.MustCompile(`^[1-5]\d\d$`)
	statusInLine = regexp.MustCompile(`\b(200|206|30[1-478]|40[0-58]|410|416|429|499|50[0-4])\b`)
	agentAlone   = regexp.MustCompile(`^[A-Za-z][\w.-]*/\d[\w.-]*($| )`)
	agentForm    = regexp.MustCompile(`\b(Mozilla|[A-Za-z][\w.-]*)/\d`)
)

// findParts finds the parts of a request in a line, in order of their positions.
func findParts(line []byte) (parts []part) {
	free := func(from, to int) bool {
		return !slices.ContainsFunc(parts, func(p part) bool { return from < p.to && to > p.from })
	}
	add := func(variable string, from, to int) bool {
		if !free(from, to) {
			return false
		}
		parts = append(parts, part{from, to, variable})
		return true
	}
	for _, t := range timeForms {
		if at := t.form.FindIndex(line); at != nil {
			if _, ok := parseTime(line[at[0]:at[1]]); ok {
				add(t.variable, at[0], at[1])
				break
			}
		}
	}
	request := 0
	if at := requestForm.FindIndex(line); at != nil {
		add("$request", at[0], at[1])
		request = at[1]
	} else if at := methodForm.FindIndex(line); at != nil {
		add("$request_method", at[0], at[1])
		if path := pathForm.FindSubmatchIndex(line[at[1]:]); path != nil {
			from := at[1] + path[4]
			if path[3]-path[2] > 1 { // an absolute target
				from = at[1] + path[2]
			}
			add("$request_uri", from, at[1]+path[5])
			request = at[1] + path[5]
		}
	}
	for _, at := range addressForm.FindAllIndex(line, -1) {
		if isAddressList(line[at[0]:at[1]]) && isolated(line, at[0], at[1]) && add("$remote_addr", at[0], at[1]) {
			break
		}
	}
	for _, from := range []int{request, 0} { // rather after the request than before
		at := slices.IndexFunc(statusInLine.FindAllIndex(line[from:], -1), func(at []int) bool {
			return isolated(line, from+at[0], from+at[1]) && add("$status", from+at[0], from+at[1])
		})
		if at >= 0 {
			break
		}
	}
	for _, at := range agentForm.FindAllIndex(line, -1) {
		if end := agentEnd(line, at[0]); free(at[0], at[1]) && !bytes.HasPrefix(line[at[0]:], []byte("HTTP/")) &&
			add("$http_user_agent", at[0], end) {
			break
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return a.from - b.from })
	return parts
}

// isolated reports whether a part of a line has delimiters around it.
func isolated(line []byte, from, to int) bool {
	return (from == 0 || strings.IndexByte(delimiters, line[from-1]) >= 0) &&
		(to == len(line) || strings.IndexByte(delimiters, line[to]) >= 0)
}

// delimiters are the characters that may separate the fields of a line.
const delimiters = " \t|;,\"'[]()="

// agentEnd returns the end of the user agent that begins at from: the quote that closes it, the next character of the
// kind that is before it, or the end of the line.
func agentEnd(line []byte, from int) int {
	if from > 0 && strings.IndexByte("\t|;,\"'", line[from-1]) >= 0 {
		if end := indexDelimiter(line[from:], string(line[from-1])); end >= 0 {
			return from + end
		}
	}
	return len(line)
}

// differences returns how a line differs from the combined format.
func differences(line []byte, parts []part) string {
	at := func(variables ...string) *part {
		i := slices.IndexFunc(parts, func(p part) bool { return slices.Contains(variables, p.variable) })
		if i < 0 {
			return nil
		}
		return &parts[i]
	}
	between := func(p *part, open, closing byte) bool {
		return p.from > 0 && p.to < len(line) && line[p.from-1] == open && line[p.to] == closing
	}
	var list []string
	when, what := at("$time_local", "$time_iso8601", "$msec"), at("$request", "$request_method")
	address, status := at("$remote_addr"), at("$status")
	switch {
	case address == nil:
		list = append(list, "there is no address")
	case address.from > 0:
		list = append(list, "the address is not at the beginning")
	}
	month := foreignMonth.FindSubmatch(line)
	switch {
	case when == nil && month != nil && parseMonth(month[1]) == 0:
		list = append(list, fmt.Sprintf("the month %q is not English (start the server with LC_TIME=C)", month[1]))
	case when == nil:
		list = append(list, "there is no valid time such as [20/Sep/2026:00:01:32 +0000] or 2026-09-20T00:01:32Z")
	case !between(when, '[', ']'):
		list = append(list, "the time is not in brackets")
	}
	switch {
	case what == nil:
		list = append(list, "there is no request such as \"GET / HTTP/1.1\"")
	case what.variable != "$request" || !between(what, '"', '"'):
		list = append(list, "the request is not in quotes")
	}
	switch {
	case status == nil:
		list = append(list, "there is no status")
	case what != nil && status.from < what.to:
		list = append(list, "the status is before the request")
	}
	if len(list) == 0 {
		return "the parts are not separated in the same way"
	}
	return joinAnd(list)
}

// joinAnd joins a list: "a, b and c".
func joinAnd(list []string) string {
	if n := len(list) - 1; n > 0 {
		return strings.Join(list[:n], ", ") + " and " + list[n]
	}
	return list[0]
}

// propose returns a pattern that parses the line, "" if none is found. Everything between the parts, except delimiters
// and the names of values (status=302), becomes a field without a meaning.
func propose(line []byte, parts []part) string {
	var b strings.Builder
	at := 0
	for _, p := range parts {
		b.WriteString(gap(line[at:p.from]))
		variable := p.variable
		if variable == "$request" && (p.to == len(line) || line[p.to] == ' ') { // blanks do not end it
			variable = "$request_method $request_uri ${field}"
		}
		b.WriteString(variable)
		if at = p.to; at < len(line) && isNameByte(line[at]) {
			return "" // it would belong to the name of the variable
		}
	}
	if at < len(line) {
		b.WriteByte(line[at]) // the rest of a line does not matter
		if line[at] == ' ' || line[at] == '\t' {
			b.WriteString("${field}")
		}
	}
	text := b.String()
	p, err := compile("proposal", text)
	var e Entry
	if err != nil || p.Parse(line, &e) != nil || strings.ContainsAny(text, "'\n") || !targetForm.Match(e.URI) {
		return ""
	}
	return strings.ReplaceAll(text, "\t", `\t`)
}

// gap returns the pattern for the text between two parts.
func gap(text []byte) string {
	var b strings.Builder
	for len(text) > 0 {
		end := bytes.IndexAny(text, delimiters)
		switch {
		case end < 0:
			end = len(text)
			b.WriteString("${field}")
		case end == 0:
			end = 1
			b.WriteByte(text[0])
		case text[end] == '=':
			b.Write(text[:end])
		default:
			b.WriteString("${field}")
		}
		text = text[end:]
	}
	return b.String()
}

func isNameByte(c byte) bool { return c == '_' || isLetter(c) || c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// printable returns a line with special characters escaped.
func printable(line []byte) string {
	text := fmt.Sprintf("%q", line)
	return strings.ReplaceAll(text[1:len(text)-1], `\"`, `"`)
}
