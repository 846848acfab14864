package accesslog

import "bytes"

// parseLabels parses a line whose values have labels, which mean the same as the keys of JSON Lines. It is LTSV, with
// tabs between the values, or logfmt, with blanks:
//
//	time:20/Sep/2026:00:01:32 +0000	host:203.0.113.9	req:GET /bitstream/6a46 HTTP/1.1	status:302	ua:curl/8
//	ts=2026-09-20T00:01:32Z remote_addr=203.0.113.9 method=GET path=/bitstream/6a46 status=302 agent="curl/7.88.1"
func (j *jsonLines) parseLabels(line []byte, e *Entry) (name string, err error) {
	const least = 4 // address, time, request, status
	*e = Entry{}
	j.reset()
	switch {
	case bytes.Count(line, []byte("\t")) >= least-1:
		name = "LTSV"
		for column := range bytes.SplitSeq(line, []byte("\t")) {
			if label, value, ok := bytes.Cut(column, []byte(":")); ok {
				j.setLabel(label, value)
			}
		}
	case bytes.Count(line, []byte("=")) >= least-1:
		name = "logfmt"
		for rest := line; len(rest) > 0; {
			var label, value []byte
			label, value, rest = cutLabel(rest)
			j.setLabel(label, value)
		}
	default:
		return "", ErrFields
	}
	err = j.entry(e)
	e.escape = backslash
	return name, err
}

// cutLabel cuts label=value or label="value" from the beginning of b. The label is empty for a word without a value.
func cutLabel(b []byte) (label, value, rest []byte) {
	word, after := cutToken(b)
	label, value, ok := bytes.Cut(word, []byte("="))
	if !ok {
		return nil, nil, after
	}
	if len(value) > 0 && value[0] == '"' {
		if value, rest, ok := cutString(b[len(label)+1:]); ok {
			return label, value, rest
		}
	}
	return label, value, after
}

// setLabel sets the value of a label.
func (j *jsonLines) setLabel(label, value []byte) {
	if len(label) == 0 || string(value) == "" {
		return
	}
	j.path = append(j.path[:0], label...)
	key := j.key()
	if string(label) == "host" && isAddressList(value) { // in LTSV, that of the client
		key = jsonKey{field: fieldAddress, rank: envelopeRank}
	}
	if key.percent = false; key.field != fieldNone && key.field != fieldMessage {
		j.set(key, value)
	}
}
