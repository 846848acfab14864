package accesslog

import (
	"bytes"
	"net/netip"
)

// setAddress sets the client address. It rejects a missing address and characters that cannot occur in an IP address
// or host name. A port is removed. A list of addresses, as in X-Forwarded-For, is kept until resolveClient.
func (e *Entry) setAddress(b []byte) error {
	if len(b) == 0 || (len(b) == 1 && b[0] == '-') {
		return ErrAddress
	}
	if list := forwardedFor(b); list != nil {
		e.Address, e.list = list, true
		return nil
	}
	colons, special, blank, padded := 0, false, false, false
	for _, c := range b {
		switch {
		case c == '=':
			padded = true
		case padded:
			return ErrAddress
		case c == ':':
			colons++
		case c == ',' || c == '[':
			special = true
		case c == ' ' && special:
			blank = true
		case c <= ' ' || c >= 0x7f || noAddress[c]:
			return ErrAddress
		}
	}
	switch {
	case special && bytes.IndexByte(b, ',') >= 0:
		if !isAddressList(b) {
			return ErrAddress
		}
		e.Address, e.list = b, true
		return nil
	case blank:
		return ErrAddress
	case special:
		if !isAddressList(b) {
			return ErrAddress
		}
		b, _ = trimPort(b)
	case colons == 1:
		b, _ = trimPort(b)
	}
	if len(b) > 255 {
		return ErrAddress
	}
	e.Address = b
	return nil
}

// noAddress are characters that cannot occur in an address or a host name, nor in what replaces them in logs without
// personal data: 192.0.2.*, 192.0.2.0/24, or a hash in base64. The text is that of another field, as in
// MESSAGE=203.0.113.9.
var noAddress = [0x7f]bool{'\\': true, '|': true, '<': true, '>': true, '{': true, '}': true, '(': true, ')': true,
	'"': true, '\'': true, ';': true, '&': true, '?': true, '!': true, '$': true}

// CleanAddress returns an address as Parse does: without a port, and that of the visitor if it is a list of addresses,
// see Formats.TrustedProxies.
func CleanAddress(text []byte, proxies int) ([]byte, error) {
	var e Entry
	err := e.setAddress(text)
	if err == nil && e.list {
		err = e.resolveClient(proxies)
	}
	return e.Address, err
}

// trimPort removes the port from an address: 192.0.2.1:443 becomes 192.0.2.1, and [2001:db8::1]:443 becomes
// 2001:db8::1. It reports whether brackets are closed.
func trimPort(b []byte) ([]byte, bool) {
	if len(b) > 0 && b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		return b[1:max(1, end)], end > 1 && (end == len(b)-1 || b[end+1] == ':')
	}
	i := bytes.IndexByte(b, ':')
	if i <= 0 || i == len(b)-1 || i != bytes.LastIndexByte(b, ':') {
		return b, true
	}
	for _, c := range b[i+1:] {
		if c < '0' || c > '9' {
			return b, true
		}
	}
	return b[:i], true
}

// forwardedFor returns the addresses in the header Forwarded (RFC 7239), separated by commas, nil if the text is not
// that of such a header. For example, both of these contain 192.0.2.43, 2001:db8::17:
//
//	for=192.0.2.43;proto=https, for="[2001:db8::17]:4711"
//	for=192.0.2.43, For=\x22[2001:db8::17]\x22;by=203.0.113.43
//
// Names that hide an address (unknown, _gazonk) become "unknown".
func forwardedFor(text []byte) []byte {
	i := bytes.IndexByte(text, '=')
	if i < 2 || !bytes.Contains(text, []byte("or=")) {
		return nil
	}
	var list []byte
	found := false
	for element := range bytes.SplitSeq(text, []byte(",")) {
		address := []byte("unknown")
		for pair := range bytes.SplitSeq(element, []byte(";")) {
			name, value, _ := bytes.Cut(bytes.TrimSpace(pair), []byte("="))
			if bytes.EqualFold(name, []byte("for")) {
				found = true
				if value = bytes.Trim(Unescape(value), `"`); isAddressList(value) {
					address = value
				}
			}
		}
		if list != nil {
			list = append(list, ", "...)
		}
		list = append(list, address...)
	}
	if !found {
		return nil
	}
	return list
}

// isForwarded reports whether a text in quotes is a header with the addresses that proxies have forwarded. Clients can
// send anything, so only the last address must be one: that of the client of the last proxy.
func isForwarded(text []byte) bool {
	last := bytes.LastIndexByte(text, ',')
	return isAddressList(text) || forwardedFor(text) != nil || last > 0 && isAddressList(text[last+1:])
}

// resolveClient replaces a list of addresses by the address of the visitor. Each trusted proxy has appended the address
// of its client. For example, with the list
//
//	198.51.100.66, 203.0.113.9, 192.0.2.10
//
// the visitor is 192.0.2.10 behind one trusted proxy and 203.0.113.9 behind two; anything before may be invented by the
// client. If the number of proxies is not configured, the visitor is the first address, 198.51.100.66.
func (e *Entry) resolveClient(proxies int) error {
	list := e.Address
	if e.forwarded != nil {
		if list = forwardedFor(e.forwarded); list == nil {
			list = e.forwarded
		}
	}
	var chosen []byte
	for n := 1; len(list) > 0; n++ {
		i := bytes.LastIndexByte(list, ',')
		part, ok := trimPort(bytes.TrimSpace(list[i+1:]))
		if _, err := netip.ParseAddr(string(part)); ok && err == nil {
			chosen = part
		}
		if proxies > 0 && n >= proxies && chosen != nil || i < 0 {
			break
		}
		list = list[:i]
	}
	if chosen == nil {
		if e.list {
			return ErrAddress
		}
		return nil
	}
	e.Address = chosen
	return nil
}
