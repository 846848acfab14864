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

// listen opens the address to serve at. Where the port is taken, the hint names the next one that is free.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		return l, nil
	}
	hint := ""
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("listen at %s: the port is taken by another program", address)
		if free := nextFree(ctx, address); free != "" {
			hint = fmt.Sprintf("%s is free: --listen %[1]s", free)
		}
	} else {
		err = fmt.Errorf("listen at %s: %w", address, err)
	}
	return nil, fault.Wrap(fault.Usage, err, hint)
}

// nextFree looks for a port above that of an address; "" when none of the next hundred is free.
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
