package preview

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// allowedHost reports whether a Host header can come from a client that addressed this server. A page on the
// Internet can have its own name lead to 127.0.0.1 (DNS rebinding), but it cannot change what an address
// means, or a name of this machine.
func allowedHost(header, listen string, allowed []string) bool {
	name := hostname(header)
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(allowed, name) ||
		name == hostname(listen) && name != ""
}

// hostname takes the port away.
func hostname(hostport string) string {
	name, _, err := net.SplitHostPort(hostport)
	if err != nil {
		name = hostport
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
