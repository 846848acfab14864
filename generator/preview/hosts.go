package preview

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// allowedHost reports whether to answer a request with the given Host header: localhost, an IP address, the host of
// listen and the allowed names. This prevents DNS rebinding, in which a page on the Internet makes its own host name
// resolve to 127.0.0.1 to read the preview. Such a request has the name of the attacker in its Host header.
func allowedHost(header, listen string, allowed []string) bool {
	name := hostname(header)
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(allowed, name) ||
		name == hostname(listen) && name != ""
}

// hostname returns the host of "host:port" or "host" in lower case, without a dot at its end.
func hostname(hostport string) string {
	name, _, err := net.SplitHostPort(hostport)
	if err != nil {
		name = hostport
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
