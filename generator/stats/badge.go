package stats

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"math"

	"github.com/Slicer/sitegen/generator/output"
)

// BadgeFolder is the path of the pictures of badges among the files. They are published in a folder of their own, with
// short addresses.
const BadgeFolder = "badge/"

// The data of badges for shields.io.
const (
	BadgeTotalFile  = "badge-total.json"  // all downloads
	BadgeLatestFile = "badge-latest.json" // downloads of the newest release
)

// Badge is the data of an endpoint badge of shields.io.
type Badge struct {
	SchemaVersion int    `json:"schemaVersion"` // 1
	Label         string `json:"label"`
	Message       string `json:"message"`
}

// badge returns a badge that shows a number.
func badge(label string, n int64) Badge { return Badge{1, label, short(n)} }

// publishBadges adds the badges, whose numbers come from the summary: data for shields.io, and pictures.
func (p *publisher) publishBadges(s *Summary) error {
	label, n := "downloads of the latest release", int64(0)
	if s.Newest != "" {
		label = "downloads of " + s.Newest
		for _, v := range s.Versions {
			if v.Value == s.Newest {
				n = v.Downloads
			}
		}
	}
	total := badge("downloads", s.Total)
	if err := errors.Join(p.encoded(BadgeTotalFile, total), p.encoded(BadgeLatestFile, badge(label, n))); err != nil {
		return err
	}
	for _, b := range []Badge{total, {Label: "version", Message: cmp.Or(s.Newest, "none")}} {
		p.add(output.Pages, BadgeFolder+b.Label+".svg", b.picture(lightBadge))
		p.add(output.Pages, BadgeFolder+b.Label+"-dark.svg", b.picture(darkBadge))
	}
	return nil
}

// badgeColours are the colours of a badge's picture. Contrasts of text are at least 4.5 to 1.
type badgeColours struct{ label, onLabel, message, onMessage string }

var (
	lightBadge = badgeColours{"#424a53", "#ffffff", "#0b57d0", "#ffffff"}
	darkBadge  = badgeColours{"#2d343d", "#e8ecf1", "#8ab4f8", "#08203f"}
)

// picture returns the badge as SVG. It has no style sheet, so it can be shown under any Content-Security-Policy. Fonts
// differ between computers: textLength makes the text fit the width that is estimated here.
func (b Badge) picture(c badgeColours) []byte {
	const height, space = 20, 7
	left, right := textWidth(b.Label), textWidth(b.Message)
	width := left + right + 4*space
	label, message := html.EscapeString(b.Label), html.EscapeString(b.Message)
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img" `+
		`aria-label="%s: %s"><title>%[3]s: %[4]s</title>`+
		`<clipPath id="r"><rect width="%[1]d" height="%[2]d" rx="4"/></clipPath><g clip-path="url(#r)">`+
		`<rect width="%[5]d" height="%[2]d" fill="%[6]s"/><rect x="%[5]d" width="%[7]d" height="%[2]d" fill="%[8]s"/></g>`+
		`<g font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">`+
		`<text x="%[9]d" y="14" fill="%[10]s" textLength="%[11]d">%[3]s</text>`+
		`<text x="%[12]d" y="14" fill="%[13]s" textLength="%[14]d">%[4]s</text></g></svg>`+"\n",
		width, height, label, message, left+2*space, c.label, right+2*space, c.message,
		space, c.onLabel, left, left+3*space, c.onMessage, right)
}

// textWidth estimates the width of a text in Verdana at 11 pixels.
func textWidth(s string) int {
	width := 0.0
	for _, r := range s {
		switch r {
		case 'i', 'j', 'l', '.', ',', ' ', '\'', '|':
			width += 3.6
		case 'f', 'r', 't', '-', '(', ')':
			width += 4.8
		case 'm', 'w', 'M', 'W':
			width += 10.4
		default:
			width += 7
		}
	}
	return int(math.Ceil(width))
}

// short formats a number for a badge, rounded to two or three digits: 950, 1k, 9.9k, 12k, 1.2M. The unit is that of the
// rounded number: 999,600 is 1M, not 1000k.
func short(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	value, units := float64(n), []string{"k", "M", "G", "T", "P", "E"}
	for i, unit := range units {
		value /= 1000
		if tenths := math.Round(value * 10); tenths < 100 {
			return fmt.Sprintf("%g%s", tenths/10, unit)
		}
		if whole := math.Round(value); whole < 1000 || i == len(units)-1 {
			return fmt.Sprintf("%.0f%s", whole, unit)
		}
	}
	return ""
}
