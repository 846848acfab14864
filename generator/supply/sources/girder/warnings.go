package girder

import (
	"fmt"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
)

// uploadTime is the time after which an unfinished upload counts as abandoned. A normal upload takes minutes.
const uploadTime = 24 * time.Hour

// warnings returns warnings for the administrators of the server.
func warnings(items []Item, app string, published []*catalog.Package, now time.Time) []string {
	var list []string
	var unfinished []string
	for i := range items {
		item := &items[i]
		created, ok := catalog.ParseBuildDate(item.Created)
		if item.AppID == app && (item.Size == 0 || item.Size == emptyUpload) && ok && now.Sub(created) > uploadTime {
			unfinished = append(unfinished, fmt.Sprintf("%.80q (%.40q)", item.Name, item.ID))
		}
	}
	if len(unfinished) > 0 {
		list = append(list, fmt.Sprintf("%s unfinished for more than a day; upload again, or delete in Girder: %s",
			count(len(unfinished), "upload"), examples(unfinished)))
	}

	// A draft next to the release it was promoted to needs no warning: releases were copied from drafts for years.
	type build struct {
		catalog.Platform
		revision int
		release  string
	}
	first := make(map[build]*catalog.Package)
	var twins []string
	for _, p := range published {
		b := build{p.Platform(), p.Revision, p.Release}
		if other, ok := first[b]; ok {
			twins = append(twins, fmt.Sprintf("%.80q (%q) and %.80q (%q)", other.Name, other.ID, p.Name, p.ID))
			continue
		}
		first[b] = p
	}
	if len(twins) > 0 {
		list = append(list, fmt.Sprintf("%s with the same system, architecture and revision as another; the plugin "+
			"rejects uploads to them until one is deleted in Girder: %s",
			count(len(twins), "package"), examples(twins)))
	}
	return list
}

// maxExamples is the number of items that a warning names.
const maxExamples = 3

func examples(list []string) string {
	if more := len(list) - maxExamples; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:maxExamples], ", "), more)
	}
	return strings.Join(list, ", ")
}

// count returns "1 package" or "2 packages".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
