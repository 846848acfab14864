package site

import (
	"image/color"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/card"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/output"
)

// siteCardURL is the picture for links to pages that have none of their own.
const siteCardURL = "/card.png"

// CardURL returns the address of the picture for links to the release's page.
func (r *Release) CardURL() string { return r.URL() + "card.png" }

// addCards adds the pictures that other sites show next to links: one for each release, and one for all other pages.
func addCards(b *Build, releases []*Release) {
	l := b.locales[0]
	colors := b.Site.Colors.card()
	host := strings.TrimPrefix(strings.TrimPrefix(b.Site.BaseURL, "https://"), "http://")
	add := func(url string, c card.Card) {
		c.Project, c.Host, c.Colors, c.Comment = b.Site.Project, host, colors, output.Mark
		b.files = append(b.files, output.File{Root: output.Public, Group: output.Records, Path: url[1:],
			Write: c.Write, Version: c.Version()})
	}
	for _, r := range releases {
		add(r.CardURL(), card.Card{Title: r.Version,
			Lines: []string{l.MustText("card.released", language.Values{"day": l.Day(r.Built)}),
				strings.Join(r.systems(), " · ")}})
	}
	var systems []string
	for _, s := range b.Index.Spec().Systems {
		systems = append(systems, s.Title)
	}
	lines := wrap(b.Site.Description, cardWidth)
	add(siteCardURL, card.Card{Lines: append(lines[:min(len(lines), 2)], strings.Join(systems, " · "))})
}

// cardWidth is the number of letters that fit into a line of a picture.
const cardWidth = 50

// wrap splits a text into lines of at most width letters, unless a word is longer.
func wrap(text string, width int) (lines []string) {
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last >= 0 && len(lines[last])+1+len(word) <= width {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// systems returns the titles of the systems that the release has packages for.
func (r *Release) systems() (list []string) {
	for _, i := range r.Items {
		if !slices.Contains(list, i.System()) {
			list = append(list, i.System())
		}
	}
	return list
}

// Colors are the colours of the site, for what is not styled by its style sheets: the frame of a browser's window, and
// pictures.
type Colors struct {
	Light, Dark string // of the background: #0f1318

	light, dark map[string]string // all colours of a scheme, by the name of the custom property
}

// Style sheets with colours, besides brandSheet. Those of the custom one, which may be missing, replace all others.
const (
	tokenSheet  = "tokens.css"
	customSheet = "custom.css"
)

var (
	darkRE  = regexp.MustCompile(`prefers-color-scheme:\s*dark`)
	colorRE = regexp.MustCompile(`--([a-z-]+):\s*(#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3}))\b`)
)

// colors reads the colours from the style sheets.
func (as assetSet) colors() Colors {
	var sheets [][]byte
	for _, name := range []string{tokenSheet, brandSheet, customSheet} {
		if as[name] != nil {
			sheets = append(sheets, as[name].file.Data)
		}
	}
	return readColors(sheets...)
}

// readColors reads the colours from style sheets. Colours that are not written in hexadecimal digits are not found.
func readColors(sheets ...[]byte) Colors {
	light, dark := map[string]string{}, map[string]string{}
	for _, sheet := range sheets {
		css := string(sheet)
		at := len(css)
		if m := darkRE.FindStringIndex(css); m != nil {
			at = m[0]
		}
		for _, m := range colorRE.FindAllStringSubmatch(css[:at], -1) {
			light[m[1]] = m[2]
		}
		for _, m := range colorRE.FindAllStringSubmatch(css[at:], -1) {
			dark[m[1]] = m[2]
		}
	}
	return Colors{Light: light["bg"], Dark: dark["bg"], light: light, dark: dark}
}

// card returns the colours of pictures: the light ones of the site. Missing ones are black and white.
func (c Colors) card() card.Colors {
	of := func(name string, otherwise color.RGBA) color.RGBA {
		if value := c.light[name]; value != "" {
			return hexColor(value)
		}
		return otherwise
	}
	return card.Colors{Background: of("bg", white), Text: of("text", black), Muted: of("muted", black),
		Accent: of("accent", black)}
}

// hexColor returns the colour #rgb or #rrggbb, which colorRE has matched.
func hexColor(s string) color.RGBA {
	digits := s[1:]
	if len(digits) == 3 {
		digits = strings.Repeat(digits[:1], 2) + strings.Repeat(digits[1:2], 2) + strings.Repeat(digits[2:], 2)
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		panic(err) // impossible: six hexadecimal digits
	}
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}
}
