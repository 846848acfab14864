package girder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/Slicer/sitegen/generator/catalog"
)

// DecodeListing reads the body of GET /app/<id>/package?limit=0, a JSON array of raw Girder items. It is lenient,
// because an invalid item must not hide the others: numbers and booleans are read as strings, null as absent, and an
// item or meta that is not an object as an empty one. The last of repeated keys counts, unknown keys are skipped, and
// invalid UTF-8 becomes U+FFFD. catalog.Publish validates the values. The error is a *ListingError.
func DecodeListing(data []byte) ([]Item, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true))
	items, err := decodeItems(dec)
	if err != nil {
		return nil, newListingError(data, dec, len(items), err)
	}
	return items, nil
}

// Errors of a listing outside of its items.
var (
	errNotArray = errors.New("not a JSON array")
	errMore     = errors.New("unexpected text after the end of the array")
)

// decodeItems returns the items before the first error.
func decodeItems(dec *jsontext.Decoder) (items []Item, err error) {
	switch dec.PeekKind() {
	case '[', jsontext.KindInvalid: // KindInvalid also means the end of the text, which ReadToken tells apart
	default:
		return nil, errNotArray
	}
	switch token, err := dec.ReadToken(); {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, err
	case err != nil || token.Kind() != '[':
		return nil, errNotArray
	}
	for dec.PeekKind() != ']' {
		var r Item
		if err := decodeItem(dec, &r); err != nil {
			return items, err
		}
		items = append(items, r)
	}
	if _, err := dec.ReadToken(); err != nil {
		return items, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return items, errMore
	}
	return items, nil
}

// itemFields and metaFields map keys to the fields that store their values.
var (
	itemFields = map[string]func(*Item) *string{
		"_id":      func(r *Item) *string { return &r.ID },
		"name":     func(r *Item) *string { return &r.Name },
		"created":  func(r *Item) *string { return &r.Created },
		"updated":  func(r *Item) *string { return &r.Updated },
		"folderId": func(r *Item) *string { return &r.FolderID },
	}
	metaFields = map[string]func(*Item) *string{
		"app_id":      func(r *Item) *string { return &r.AppID },
		"baseName":    func(r *Item) *string { return &r.BaseName },
		"os":          func(r *Item) *string { return &r.OS },
		"arch":        func(r *Item) *string { return &r.Arch },
		"revision":    func(r *Item) *string { return &r.Revision },
		"version":     func(r *Item) *string { return &r.Version },
		"release":     func(r *Item) *string { return &r.Release },
		"build_date":  func(r *Item) *string { return &r.BuildDate },
		"sha512":      func(r *Item) *string { return &r.SHA512 },
		"pre_release": func(r *Item) *string { return &r.PreRelease },
	}
)

func decodeItem(dec *jsontext.Decoder, r *Item) error {
	return decodeObject(dec, func(key string) error {
		switch key {
		case "meta":
			return decodeObject(dec, func(key string) error { return decodeField(dec, r, metaFields[key]) })
		case "size":
			text, err := decodeText(dec)
			r.Size = parseSize(text)
			return err
		}
		return decodeField(dec, r, itemFields[key])
	})
}

// decodeObject reads the next value. If it is an object, decodeObject calls member for each key; member must read or
// skip the key's value. Any other value is skipped.
func decodeObject(dec *jsontext.Decoder, member func(key string) error) error {
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		key, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := member(key.String()); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func decodeField(dec *jsontext.Decoder, r *Item, field func(*Item) *string) error {
	if field == nil {
		return dec.SkipValue()
	}
	text, err := decodeText(dec)
	*field(r) = text
	return err
}

// decodeText reads any JSON value as text: a string as its content, null as "", everything else as the JSON text.
func decodeText(dec *jsontext.Decoder) (string, error) {
	if dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return "", err
		}
		return token.String(), nil
	}
	value, err := dec.ReadValue()
	if err != nil || value.Kind() == 'n' {
		return "", err
	}
	return string(value), nil
}

// parseSize parses a size in bytes, which Mongo may have stored as a float. For anything but a positive whole number it
// returns 0, the size of an unfinished upload.
func parseSize(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return max(n, 0)
	}
	f, err := strconv.ParseFloat(text, 64)
	if n := int64(f); err == nil && f > 0 && f <= catalog.MaxSize && float64(n) == f {
		return n
	}
	return 0
}

// ListingError is the error of a listing that is not a JSON array of items.
type ListingError struct {
	Path         string // path of the file; "" for an answer of a server
	Line, Column int    // place of the error, counted from 1; the column counts bytes
	Item         int    // item with the error, counted from 1; 0 if it is outside of the items
	Problem      string
	CutOff       bool // whether the listing ends too early
}

func newListingError(data []byte, dec *jsontext.Decoder, whole int, err error) *ListingError {
	offset := dec.InputOffset()
	e := &ListingError{Item: whole + 1, Problem: err.Error()}
	if syntax := (*jsontext.SyntacticError)(nil); errors.As(err, &syntax) {
		offset, e.Problem = syntax.ByteOffset, syntax.Err.Error()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		offset, e.CutOff, e.Problem = int64(len(data)), true, "cut off"
	}
	if dec.StackDepth() == 0 || errors.Is(err, errMore) {
		e.Item = 0
	}
	if errors.Is(err, errNotArray) {
		offset = int64(len(data) - len(bytes.TrimLeft(data, " \t\r\n")))
		e.Problem += fmt.Sprintf(" (found %.40q)", data[offset:])
	}
	before := data[:offset]
	e.Line = 1 + bytes.Count(before, []byte("\n"))
	e.Column = int(offset) - bytes.LastIndexByte(before, '\n')
	return e
}

// Unwrap returns io.ErrUnexpectedEOF if the listing is cut off, and nil otherwise.
func (e *ListingError) Unwrap() error {
	if e.CutOff {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// Error returns the place and the problem.
func (e *ListingError) Error() string {
	problem := e.Problem
	if e.Item > 0 {
		problem = fmt.Sprintf("item %d: %s", e.Item, problem)
	}
	if e.Path == "" {
		return fmt.Sprintf("line %d, column %d of the listing: %s", e.Line, e.Column, problem)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, problem)
}
