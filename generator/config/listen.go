package config

import (
	"net"
	"strconv"
)

// address is where a server listens: a host, which may be empty for all of them, and a port.
func address(text, _ string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", invalid{"is no host and port", "write it as 127.0.0.1:8080"}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "", invalid{"has a port that is no number from 0 to 65535", "write it as 127.0.0.1:8080"}
	}
	return text, nil
}
