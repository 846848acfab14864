package card_test

import (
	"bytes"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/card"
)

// some returns a card of a release.
func some() card.Card {
	return card.Card{
		Project: "Aurora", Title: "3.1.2", Lines: []string{"Released 2 March 2026", "Windows · macOS · Linux"},
		Host: "download.aurora.example",
		Colors: card.Colors{Background: color.RGBA{255, 255, 255, 255}, Text: color.RGBA{27, 31, 36, 255},
			Muted: color.RGBA{87, 96, 106, 255}, Accent: color.RGBA{11, 87, 208, 255}},
	}
}

func drawn(t testing.TB, c card.Card) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWrite(t *testing.T) {
	first := drawn(t, some())
	if !bytes.Equal(first, drawn(t, some())) {
		t.Error("the same card results in different bytes")
	}
	t.Logf("%d bytes", len(first))
	if len(first) > 25_000 {
		t.Errorf("%d bytes", len(first))
	}
	picture, err := png.Decode(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != card.Width || size.Y != card.Height {
		t.Errorf("size %v", size)
	}
	seen := map[color.Color]bool{}
	for x := range card.Width {
		for y := range card.Height {
			seen[picture.At(x, y)] = true
		}
	}
	for _, want := range []color.RGBA{some().Colors.Background, some().Colors.Text, some().Colors.Muted,
		some().Colors.Accent} {
		if !seen[want] {
			t.Errorf("the picture has no colour %v", want)
		}
	}
}

// TestLines checks what happens to lines that are too long, and to lines in letters that the font does not have.
func TestLines(t *testing.T) {
	long, longer := some(), some()
	long.Title, longer.Title = strings.Repeat("5.12.4-", 40), strings.Repeat("5.12.4-", 400)
	if !bytes.Equal(drawn(t, long), drawn(t, longer)) {
		t.Error("a line that is too long is not cut")
	}
	foreign, without := some(), some()
	foreign.Project, without.Project = "医学", ""
	if !bytes.Equal(drawn(t, foreign), drawn(t, without)) {
		t.Error("a line in other letters is not left out")
	}
}

func TestVersion(t *testing.T) {
	a, b := some(), some()
	if a.Version() != b.Version() {
		t.Error("equal cards have different versions")
	}
	b.Lines = []string{"Released 2 March 2026"}
	if a.Version() == b.Version() {
		t.Error("different cards have the same version")
	}
}

func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		drawn(b, some())
	}
}
