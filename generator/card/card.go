// Package card draws the pictures that other sites show next to a link to a page: 1200 × 630 pixels, as the Open Graph
// protocol recommends.
//
//	c := card.Card{Project: "Aurora", Title: "3.1", Lines: []string{"Released 2 March 2026"}, Colors: card.Colors{…}}
//	err := c.Write(file)
//
// The same Card always results in the same bytes. A picture is a PNG with a palette, about 10 KB large. The font is Go
// (https://go.dev/blog/go-fonts), which has Latin, Greek and Cyrillic letters; a line with other letters is left out.
package card

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Size of a picture in pixels.
const (
	Width  = 1200
	Height = 630
)

// Card is what a picture shows, from top to bottom.
type Card struct {
	Project string
	Title   string   // in large letters: a version; "" for none
	Lines   []string // in small letters
	Host    string   // of the site, in the corner
	Comment string   // stored in the file, invisible; in Latin-1
	Colors  Colors
}

// Colors are the colours of a picture.
type Colors struct {
	Background, Text, Muted, Accent color.RGBA
}

// drawing is a part of Version. Change it whenever the same Card results in another picture.
const drawing = 1

// Version identifies the picture: two pictures with the same Version have the same bytes.
func (c *Card) Version() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q", drawing, fmt.Sprintf("%+v", *c)))
	return hex.EncodeToString(sum[:])
}

// Measures of the layout in pixels.
const (
	margin = 80
	bar    = 20 // height of the line at the bottom
)

// Write draws the picture and writes it as a PNG.
func (c *Card) Write(w io.Writer) error {
	p, err := newPainter(&c.Colors)
	if err != nil {
		return err
	}
	bottom, accent := image.Rect(0, Height-bar, Width, Height), &image.Uniform{c.Colors.Accent}
	draw.Draw(p.picture, bottom, accent, image.Point{}, draw.Src)
	large := c.Title == ""
	y := 150
	if large {
		y = 250
	}
	size := 64.0
	if large {
		size = 120
	}
	if err := p.text(p.bold, c.Project, size, y, textInk); err != nil {
		return err
	}
	if !large {
		y = 330
		if err := p.text(p.bold, c.Title, 170, y, accentInk); err != nil {
			return err
		}
	}
	for i, line := range c.Lines {
		if err := p.text(p.regular, line, 42, y+95+i*62, mutedInk); err != nil {
			return err
		}
	}
	if err := p.text(p.regular, c.Host, 32, Height-bar-38, mutedInk); err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, p.picture); err != nil {
		return err
	}
	return writeComment(w, picture.Bytes(), c.Comment)
}

// headerEnd is the size of the signature and the first chunk of a PNG, IHDR.
const headerEnd = 8 + 25

// writeComment writes a PNG with a comment after its header: a chunk of the type tEXt with the keyword Comment, see
// https://www.w3.org/TR/png/#11textinfo.
func writeComment(w io.Writer, picture []byte, comment string) error {
	chunk := []byte("tEXtComment\x00" + comment)
	sized := binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-len("tEXt")))
	sized = append(sized, chunk...)
	sized = binary.BigEndian.AppendUint32(sized, crc32.ChecksumIEEE(chunk))
	_, err := w.Write(slices.Concat(picture[:headerEnd], sized, picture[headerEnd:]))
	return err
}

// shades is the number of colours between the background and a colour of text, for smooth letters.
const shades = 16

// ink is a colour of text: the number of the first of its shades in the palette.
type ink int

// The inks. The palette begins with the background.
const (
	textInk ink = 1 + iota*shades
	mutedInk
	accentInk
)

// painter draws text.
type painter struct {
	picture       *image.Paletted
	regular, bold *opentype.Font
}

func newPainter(c *Colors) (*painter, error) {
	palette := color.Palette{c.Background}
	for _, to := range []color.RGBA{c.Text, c.Muted, c.Accent} {
		for i := 1; i <= shades; i++ {
			palette = append(palette, between(c.Background, to, i))
		}
	}
	p := &painter{picture: image.NewPaletted(image.Rect(0, 0, Width, Height), palette)}
	var err error
	if p.regular, err = opentype.Parse(goregular.TTF); err != nil {
		return nil, err
	}
	p.bold, err = opentype.Parse(gobold.TTF)
	return p, err
}

// between returns the i-th of the shades from a to b.
func between(a, b color.RGBA, i int) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(shades-i) + int(b)*i) / shades) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// text draws a line with its baseline at y. The letters become smaller if the line is too long, down to half of the
// size; then the line is cut.
func (p *painter) text(f *opentype.Font, s string, size float64, y int, color ink) error {
	if !writable(f, s) {
		return nil
	}
	const room = Width - 2*margin
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return err
	}
	if width := font.MeasureString(face, s).Ceil(); width > room {
		size = max(size/2, size*room/float64(width))
		o := &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone}
		if face, err = opentype.NewFace(f, o); err != nil {
			return err
		}
		s = cut(face, s, room)
	}
	metrics := face.Metrics()
	mask := image.NewAlpha(image.Rect(0, y-metrics.Ascent.Ceil(), Width, y+metrics.Descent.Ceil()))
	drawer := font.Drawer{Dst: mask, Src: image.Opaque, Face: face, Dot: fixed.P(margin, y)}
	drawer.DrawString(s)
	start := p.picture.PixOffset(0, mask.Rect.Min.Y)
	for i, alpha := range mask.Pix {
		if shade := (int(alpha)*shades + 127) / 255; shade > 0 {
			p.picture.Pix[start+i] = uint8(int(color) + shade - 1)
		}
	}
	return nil
}

// cut shortens a line to a width in pixels.
func cut(face font.Face, s string, room int) string {
	short := []rune(s)
	for font.MeasureString(face, s).Ceil() > room && len(short) > 0 {
		short = short[:len(short)-1]
		s = string(short) + "…"
	}
	return s
}

// writable reports whether a font has all letters of a line.
func writable(f *opentype.Font, s string) bool {
	var buf sfnt.Buffer
	for _, r := range s {
		if i, err := f.GlyphIndex(&buf, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}
