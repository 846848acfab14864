package site

import (
	"fmt"
	"image/color"
	"math"
	"path"

	"github.com/Slicer/sitegen/generator/fault"
)

// Brand is what a site sets in its configuration to look like its project: a logo, an icon, a colour and a font. Zero
// values leave what the assets have.
type Brand struct {
	Logo, Icon Picture
	Accent     string // colour of links and buttons: #rrggbb
	AccentDark string // the same in the dark colour scheme; "" derives it from Accent
	Font       string // value of the property font-family
}

// Picture is a file with a picture. Its extension, .svg or .png, is its type.
type Picture struct {
	Name string // for instance logo.svg; "" for none
	Data []byte
}

// brandSheet is the name of the style sheet with the colours and the font of a Brand.
const brandSheet = "brand.css"

// addTo adds the files of the brand to the sources of assets.
func (b *Brand) addTo(sources map[string][]byte) {
	for _, p := range []Picture{b.Logo, b.Icon} {
		if p.Name != "" {
			sources[p.Name] = p.Data
		}
	}
	if css := b.sheet(readColors(sources[tokenSheet])); css != "" {
		sources[brandSheet] = []byte(css)
	}
}

// picture returns the asset of a picture of the brand; without one, the asset with the name and a known extension, or
// nil. It marks the asset as used.
func (as assetSet) picture(p Picture, name string) *Asset {
	for _, file := range []string{p.Name, name + ".svg", name + ".png"} {
		if a := as[file]; a != nil {
			a.referred = true
			return a
		}
	}
	return nil
}

// MediaType returns the media type of a picture that is an asset.
func (a *Asset) MediaType() string {
	if path.Ext(a.URL) == ".png" {
		return "image/png"
	}
	return "image/svg+xml"
}

// sheet returns the style sheet of the brand, or "" if it has neither a colour nor a font.
func (b *Brand) sheet(colors Colors) string {
	light, dark := "", ""
	if b.Accent != "" {
		light += accent(hexColor(b.Accent))
	}
	if c, ok := b.accentDark(colors); ok {
		dark = accent(c)
	}
	if b.Font != "" {
		light += "--font: " + b.Font + "; "
	}
	css := ""
	if light != "" {
		css += ":root { " + light + "}\n"
	}
	if dark != "" {
		css += "@media (prefers-color-scheme: dark) { :root { " + dark + "} }\n"
	}
	return css
}

// accentDark returns the accent colour of the dark scheme. Without one, it is the light accent, as much lighter as
// needed for text.
func (b *Brand) accentDark(colors Colors) (color.RGBA, bool) {
	switch {
	case b.AccentDark != "":
		return hexColor(b.AccentDark), true
	case b.Accent == "":
		return color.RGBA{}, false
	}
	c := hexColor(b.Accent)
	for part := 0.0; part < 1 && colors.contrast(true, c) < textContrast; part += 0.05 {
		c = mixed(hexColor(b.Accent), white, part)
	}
	return c, true
}

// accent returns the custom properties of an accent colour: itself, its text, and its shade below the pointer, which
// has a higher contrast to the text.
func accent(c color.RGBA) string {
	text, other := white, black
	if contrast(c, black) > contrast(c, white) {
		text, other = black, white
	}
	return fmt.Sprintf("--accent: %s; --accent-hover: %s; --on-accent: %s; ", hexText(c),
		hexText(mixed(c, other, 0.2)), hexText(text))
}

// textContrast is the lowest contrast of text to its background that WCAG 2.2 allows at level AA (success criterion
// 1.4.3).
const textContrast = 4.5

// brandWarnings returns a warning for each accent colour that has too little contrast to be the colour of links.
func brandWarnings(in *Input, colors Colors) (list fault.Findings) {
	for _, s := range []struct {
		key, accent string
		dark        bool
		at          fault.Place
	}{
		{"colors.accent", in.Brand.Accent, false, in.AccentAt},
		{"colors.accent_dark", in.Brand.AccentDark, true, in.AccentDarkAt},
	} {
		if s.accent == "" {
			continue
		}
		if ratio := colors.contrast(s.dark, hexColor(s.accent)); ratio < textContrast {
			// Rounded down, so that a contrast that is too low never looks sufficient.
			list = append(list, s.at.Errorf("%s %s has a contrast of %.1f to the background; text needs %.1f (WCAG AA)",
				s.key, s.accent, math.Floor(ratio*10)/10, textContrast))
		}
	}
	return list
}

// contrast returns the lower of the contrasts of a colour to the backgrounds of the light or the dark scheme.
func (c Colors) contrast(dark bool, text color.RGBA) float64 {
	scheme, otherwise := c.light, white
	if dark {
		scheme, otherwise = c.dark, black
	}
	lowest := math.Inf(1)
	for _, name := range []string{"bg", "surface"} {
		background := otherwise
		if value := scheme[name]; value != "" {
			background = hexColor(value)
		}
		lowest = min(lowest, contrast(text, background))
	}
	return lowest
}

var (
	white = color.RGBA{255, 255, 255, 255}
	black = color.RGBA{0, 0, 0, 255}
)

// contrast returns the contrast of two colours, 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
func contrast(a, b color.RGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance returns the relative luminance of a colour, 0 to 1: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance.
func luminance(c color.RGBA) float64 {
	linear := func(channel uint8) float64 {
		v := float64(channel) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// mixed returns a colour with a part of another, 0 to 1.
func mixed(c, other color.RGBA, part float64) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-part) + float64(b)*part)) }
	return color.RGBA{mix(c.R, other.R), mix(c.G, other.G), mix(c.B, other.B), 255}
}

// hexText returns a colour in the notation of CSS.
func hexText(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
