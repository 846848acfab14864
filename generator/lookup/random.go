package lookup

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"
)

// RandomRequests returns an iterator over n requests to the download API: paths with queries. Most are valid and close
// to published packages, some are invalid. The same seed results in the same requests. The index must have packages.
func (x *Index) RandomRequests(seed uint64, n int) iter.Seq[string] {
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
	x *Index
}

func (r *randomizer) request() string {
	if r.IntN(25) == 0 {
		return BitstreamPrefix + r.oneOf(r.x.Packages()[r.IntN(len(r.x.Packages()))].ID,
			fmt.Sprintf("%024x", r.Uint64()))
	}
	var params []string
	add := func(name string, value string) { params = append(params, name+"="+value) }
	route := r.oneOf("/find", "/find", "/download", "/download", "/findall", "/", "//find")
	single := strings.HasSuffix(route, "find") || route == "/download"
	spec := r.x.Spec()
	var modes []Parameter
	names := []string{"utm"} // not a parameter of the API
	for _, p := range spec.Parameters() {
		names = append(names, p.Name)
		switch p.Role {
		case ModeRole:
			modes = append(modes, p)
		case OSRole:
			if r.IntN(30) > 0 && (single || r.IntN(2) == 0) {
				add(p.Name, r.oneOf(p.Values...))
			}
		case StabilityRole:
			if r.IntN(3) > 0 {
				add(p.Name, r.oneOf(p.Values...))
			}
		case ArchRole:
			if r.IntN(6) == 0 {
				add(p.Name, r.oneOf(p.Values...))
			}
		case OffsetRole:
			if r.IntN(2) == 0 {
				add(p.Name, r.pasted(fmt.Sprint(int(r.NormFloat64()*r.NormFloat64()*30))))
			}
		}
	}
	for range 1 + r.IntN(20)/19 {
		if mode := r.IntN(len(modes) + 1); mode < len(modes) {
			add(modes[mode].Name, r.value(modes[mode].Finds))
		}
	}
	if r.IntN(30) == 0 {
		add(r.oneOf(names...), r.oneOf("", "x", "-1", "5"))
	}
	r.Shuffle(len(params), func(i, j int) { params[i], params[j] = params[j], params[i] })
	return route + "?" + strings.Join(params, "&")
}

// value returns a random value for a mode, equal or close to one that exists.
func (r *randomizer) value(f Finds) string {
	p := r.x.Packages()[r.IntN(len(r.x.Packages()))]
	near := r.IntN(5) - 2
	switch f {
	case ByVersion:
		parts := strings.Split(p.Version+".9", ".")
		return strings.Join(parts[:1+r.IntN(len(parts))], ".")
	case ByRevision:
		return r.pasted(fmt.Sprint(max(p.Revision+near*r.IntN(2), 0)))
	case ByClosestRevision:
		return r.pasted(fmt.Sprint(max(p.Revision+near, 0)))
	}
	return p.Built.AddDate(0, 0, near).Format(time.DateOnly)
}

// pasted adds blanks or a plus sign to some numbers, as they occur in pasted links.
func (r *randomizer) pasted(number string) string {
	switch r.IntN(12) {
	case 0:
		return number + r.oneOf("%20", "+", "%20%20")
	case 1:
		return r.oneOf("+", "%20", "+%20") + number
	case 2:
		if number[0] != '-' {
			return "%2B" + number
		}
	}
	return number
}

func (r *randomizer) oneOf(list ...string) string { return list[r.IntN(len(list))] }
