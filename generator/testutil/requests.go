package testutil

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/lookup"
)

// RandomRequests yields n requests to the download API: mostly sensible ones near what is published, some
// wrong. The same seed gives the same requests.
func RandomRequests(x *lookup.Index, seed uint64, n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		r := randomizer{rand.New(rand.NewPCG(seed, 1)), x}
		for range n {
			if !yield(r.request()) {
				return
			}
		}
	}
}

type randomizer struct {
	*rand.Rand
	x *lookup.Index
}

func (r *randomizer) request() string {
	if r.IntN(25) == 0 {
		return lookup.BitstreamPrefix + r.oneOf(r.x.Packages()[r.IntN(len(r.x.Packages()))].ID, fmt.Sprintf("%024x", r.Uint64()))
	}
	var params []string
	add := func(name string, value string) { params = append(params, name+"="+value) }
	route := r.oneOf("/find", "/find", "/download", "/download", "/findall", "/", "//find")
	if r.IntN(30) > 0 && (strings.HasSuffix(route, "find") || route == "/download" || r.IntN(2) == 0) {
		add("os", r.oneOf("win", "macosx", "linux"))
	}
	if r.IntN(3) > 0 {
		add("stability", r.oneOf("release", "nightly", "any", "nightly", "any"))
	}
	if r.IntN(6) == 0 {
		add("arch", r.oneOf("amd64", "arm64", "arm64", "i386"))
	}
	if r.IntN(2) == 0 {
		add("offset", fmt.Sprint(int(r.NormFloat64()*r.NormFloat64()*30)))
	}
	for range 1 + r.IntN(20)/19 {
		if mode, value := r.mode(); mode != "" {
			add(mode, value)
		}
	}
	if r.IntN(30) == 0 {
		add(r.oneOf("os", "stability", "arch", "offset", "date", "revision", "version", "checkout-date", "utm"), r.oneOf("", "x", "-1", "5"))
	}
	r.Shuffle(len(params), func(i, j int) { params[i], params[j] = params[j], params[i] })
	return route + "?" + strings.Join(params, "&")
}

// mode picks a mode with a value at or near one that exists.
func (r *randomizer) mode() (mode, value string) {
	p := r.x.Packages()[r.IntN(len(r.x.Packages()))]
	near := r.IntN(5) - 2
	switch r.IntN(6) {
	case 0:
		parts := strings.Split(p.Version+".9", ".")
		return "version", strings.Join(parts[:1+r.IntN(len(parts))], ".")
	case 1:
		return "revision", fmt.Sprint(max(p.Revision+near*r.IntN(2), 0))
	case 2:
		return "closest-revision", fmt.Sprint(max(p.Revision+near, 0))
	case 3, 4:
		return "date", p.Built.AddDate(0, 0, near).Format(time.DateOnly)
	}
	return "", ""
}

func (r *randomizer) oneOf(list ...string) string { return list[r.IntN(len(list))] }
