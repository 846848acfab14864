package preview

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/Slicer/sitegen/generator/fault"
)

// listen listens on an address. If the port is in use, the error has a hint with the next free port.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		return l, nil
	}
	hint := ""
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("listen on %s: the port is already in use", address)
		if free := nextFree(ctx, address); free != "" {
			hint = fmt.Sprintf("use a free port: --listen %s", free)
		}
	} else {
		err = fmt.Errorf("listen on %s: %w", address, err)
	}
	return nil, fault.Wrap(fault.Usage, err, hint)
}

// nextFree returns the address with the next free port, or "" if none of the next hundred ports is free.
func nextFree(ctx context.Context, address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return ""
	}
	for p := n + 1; p <= min(n+100, 65535); p++ {
		next := net.JoinHostPort(host, strconv.Itoa(p))
		if l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", next); err == nil {
			l.Close()
			return next
		}
	}
	return ""
}
