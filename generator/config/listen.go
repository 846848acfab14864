package config

import (
	"net"
	"strconv"
)

// address parses the address that a server listens on: a host, which may be empty for all interfaces, and a port.
func address(text, _ string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", invalid{"must be host:port", "for instance 127.0.0.1:8080"}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "", invalid{"has a port that is not a number from 0 to 65535", "for instance 127.0.0.1:8080"}
	}
	return text, nil
}
