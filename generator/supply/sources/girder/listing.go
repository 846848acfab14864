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

// DecodeListing reads the body of GET /app/<id>/package?limit=0, a JSON array of raw Girder items. It is lenient with
// items, since one that is wrong should not hide the others: numbers and booleans are read as strings, null as absent,
// and an item or a meta that is not an object as an empty one. Of a repeated key the last counts, unknown keys are
// skipped, and bytes that are not UTF-8 become U+FFFD. catalog.Publish validates the values. Its error is
// a *ListingError.
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
	case '[', jsontext.KindInvalid: // the second at the end of the text too, which is not the same mistake
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

// itemFields and metaFields map the keys that are read to where their values go.
var (
	itemFields = map[string]func(*Item) *string{
		"_id":     func(r *Item) *string { return &r.ID },
		"name":    func(r *Item) *string { return &r.Name },
		"created": func(r *Item) *string { return &r.Created },
		"updated": func(r *Item) *string { return &r.Updated },
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

// decodeObject calls member, which reads or skips the value, with each key of the next object. It skips any other
// value.
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

// decodeText reads any JSON value as text: strings as they are, null as "", everything else as it is written.
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

// parseSize reads a size in bytes, which Mongo may have kept as a float. It returns 0, the size of an item that is not
// uploaded yet, for what is not a whole positive number.
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
	Path         string // of the file; "" for an answer of a server
	Line, Column int    // of the error, counted from 1, the column in bytes
	Item         int    // the item with the error, counted from 1; 0 when it is not in an item
	Problem      string
	CutOff       bool // the listing ends before its last bracket
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

// Unwrap returns io.ErrUnexpectedEOF for a listing that is cut off, nil for any other.
func (e *ListingError) Unwrap() error {
	if e.CutOff {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// Error returns the problem after its place.
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
