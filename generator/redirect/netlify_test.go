package redirect_test

import (
	"testing"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestNetlify compares the answers of tables with Netlify's.
func TestNetlify(t *testing.T) {
	start := func(t *testing.T, table *redirect.Table, site *emulate.Site) func(string) emulate.Reply {
		return func(request string) emulate.Reply {
			reply, err := testutil.TableReply(table, site, request)
			if err != nil {
				t.Fatalf("%s: %v", request, err)
			}
			return reply
		}
	}
	testutil.CompareNetlify(t, start)
}
