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

// DecodeListing reads the body of GET /app/<id>/package?limit=0, a JSON array of raw Girder items. It takes
// numbers and booleans for strings, null and absent alike, an item or a meta that is no object for an empty
// one, and of a repeated key the last; keys that it does not know are skipped. Bytes that are no UTF-8 become
// U+FFFD. What the values are worth is for catalog.Publish to say. Its error is a *ListingError, or that of r.
func DecodeListing(r io.Reader) ([]Item, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the listing: %w", err)
	}
	return decodeListing(data)
}

func decodeListing(data []byte) ([]Item, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	records, err := decodeItems(dec)
	if err != nil {
		return nil, newListingError(data, dec, len(records), err)
	}
	return records, nil
}

// What is wrong with a listing whose items, if any, are sound.
var (
	errNotArray = errors.New("a JSON array was expected")
	errMore     = errors.New("more after the end of the array")
)

// decodeItems gives the items that it could read, the one at fault left out, and what ended it.
func decodeItems(dec *jsontext.Decoder) (records []Item, err error) {
	if kind := dec.PeekKind(); kind != '[' && kind != 0 {
		return nil, errNotArray
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() != ']' {
		var r Item
		if err := decodeItem(dec, &r); err != nil {
			return records, err
		}
		records = append(records, r)
	}
	if _, err := dec.ReadToken(); err != nil {
		return records, err
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return records, errMore
	}
	return records, nil
}

// itemFields and metaFields say which keys are read, and where to.
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

// decodeObject calls member with each key of the object that comes next, for it to read or skip the value.
// Another value than an object is skipped.
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

// decodeText takes any JSON value: strings as they are, null as "", everything else as it is written.
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

// parseSize reads a size in bytes, which Mongo may have kept as a float. What is no whole positive number is
// 0, which reads as "not uploaded".
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

// ListingError says where a listing stops making sense.
type ListingError struct {
	Path         string // of the file; "" for an answer of a server
	Line, Column int    // counted from 1, the column in bytes
	Item         int    // counted from 1; 0 when the listing as a whole is meant
	Problem      string // what is wrong there
	CutOff       bool   // the listing ends before its last bracket
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
	if dec.StackDepth() == 0 || err == errMore {
		e.Item = 0
	}
	if err == errNotArray {
		offset = int64(len(data) - len(bytes.TrimLeft(data, " \t\r\n")))
		e.Problem += fmt.Sprintf(" (found %.40q)", data[offset:])
	}
	before := data[:offset]
	e.Line = 1 + bytes.Count(before, []byte("\n"))
	e.Column = int(offset) - bytes.LastIndexByte(before, '\n')
	return e
}

// Error gives the place as path:line:col.
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
