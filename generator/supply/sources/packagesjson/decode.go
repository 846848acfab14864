package packagesjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
)

// FormatVersion is the version of the format that Decode reads. In a newer version, keys may have other meanings.
// Adding keys does not change the version.
const FormatVersion = 1

// maxErrors limits the number of errors, and of warnings about unknown keys, for one file.
const maxErrors = 20

// Byte order marks, which Windows programs write at the start of a file.
const (
	utf8BOM = "\xef\xbb\xbf"
	utf16LE = "\xff\xfe"
	utf16BE = "\xfe\xff"
)

// Error is an error in a file, or something in it that deserves a warning.
type Error struct {
	Name         string // name of the file
	Line, Column int    // counted from 1; the column counts bytes
	Problem      string
	err          error
}

// Error returns the place and the problem.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Problem)
}

// Unwrap returns io.ErrUnexpectedEOF if the file is cut off, and nil otherwise.
func (e *Error) Unwrap() error { return e.err }

// Decode reads a packages.json. name is its name in messages. The error joins the *Errors of the file, at most
// maxErrors.
func Decode(name string, data []byte) (*Document, error) {
	data = bytes.TrimPrefix(data, []byte(utf8BOM))
	d := &decoder{name: name, data: data,
		dec: jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))}
	if bytes.HasPrefix(data, []byte(utf16LE)) || bytes.HasPrefix(data, []byte(utf16BE)) {
		d.fail(0, "is UTF-16; save it as UTF-8 (in PowerShell: -Encoding utf8)")
		return nil, d.err()
	}
	if err := d.document(); err != nil {
		d.syntax(err)
	}
	if d.err() != nil {
		return nil, d.err()
	}
	return &Document{Name: name, Packages: d.packages, Warnings: d.warnings()}, nil
}

// decoder reads a file and collects its errors. Its methods return an error only if reading cannot continue.
type decoder struct {
	name     string
	data     []byte
	dec      *jsontext.Decoder
	lines    []int64 // offset of each line; nil until the first error
	packages []Package
	errs     []*Error
	more     int        // number of errors beyond maxErrors
	only     *Error     // an error that makes all others irrelevant: a newer version, a file that is cut off
	unknown  []*unknown // unknown keys, in order of appearance
}

// unknown is a key that the format does not have.
type unknown struct {
	where, key string // where is "" in the document itself, else "packages"
	at         int64
	n          int
}

// fail adds an error at an offset.
func (d *decoder) fail(at int64, format string, args ...any) {
	if len(d.errs) == maxErrors {
		d.more++
		return
	}
	d.errs = append(d.errs, d.at(at, fmt.Sprintf(format, args...)))
}

func (d *decoder) at(offset int64, problem string) *Error {
	line, column := d.place(offset)
	return &Error{Name: d.name, Line: line, Column: column, Problem: problem}
}

// place returns the line and column of an offset.
func (d *decoder) place(offset int64) (line, column int) {
	if d.lines == nil {
		d.lines = []int64{0}
		for i, c := range d.data {
			if c == '\n' {
				d.lines = append(d.lines, int64(i)+1)
			}
		}
	}
	line, found := slices.BinarySearch(d.lines, offset)
	if found {
		line++
	}
	return line, int(offset-d.lines[line-1]) + 1
}

// err returns all errors, or nil. They include the unknown keys, because one of these may be a misspelled required key.
func (d *decoder) err() error {
	if d.only != nil {
		return d.only
	}
	if len(d.errs) == 0 {
		return nil
	}
	var errs []error
	for _, e := range d.errs {
		errs = append(errs, e)
	}
	if d.more > 0 {
		errs = append(errs, fmt.Errorf("%s: %d more errors", d.name, d.more))
	}
	for _, w := range d.warnings() {
		errs = append(errs, errors.New(w))
	}
	return errors.Join(errs...)
}

// warnings returns one line for each unknown key.
func (d *decoder) warnings() []string {
	var list []string
	for _, u := range d.unknown {
		known, times := documentKeys, ""
		if u.where != "" {
			known = packageKeys
		}
		if u.n > 1 {
			times = fmt.Sprintf(" (%d times)", u.n)
		}
		list = append(list, d.at(u.at,
			fmt.Sprintf("unknown key %.40q%s%s", u.key, times, fault.DidYouMean(u.key, known))).Error())
	}
	return list
}

// syntax adds the error of a file that is not JSON.
func (d *decoder) syntax(err error) {
	e := d.at(d.dec.InputOffset(), err.Error())
	if s, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e = d.at(s.ByteOffset, s.Err.Error())
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		d.only = d.at(int64(len(d.data)), "the file is cut off")
		d.only.err = io.ErrUnexpectedEOF
	}
	d.errs = append(d.errs, e) // even beyond maxErrors, because it shows where reading stopped
}

var documentKeys = []string{"version", "packages", "$schema"}

// document reads the whole file.
func (d *decoder) document() error {
	if k := d.dec.PeekKind(); k != '{' && k != 0 {
		at, v, err := d.value()
		if err == nil {
			d.fail(at, `not an object with "version" and "packages" (found %s)`, shown(v))
		}
		return err
	}
	seen := map[string]bool{}
	var begin int64
	err := d.object(&begin, func(key string, at int64) error {
		if seen[key] {
			d.fail(at, "%s occurs twice; remove one", key)
		}
		seen[key] = true
		switch key {
		case "version":
			return d.version()
		case "packages":
			return d.list()
		case "$schema":
			return d.dec.SkipValue()
		}
		d.ignore("", key, at)
		return d.dec.SkipValue()
	})
	if err != nil {
		return err
	}
	if !seen["version"] && !seen["packages"] {
		d.only = d.at(begin, `not a packages.json: the object has neither "version" nor "packages"`)
	}
	if !seen["version"] {
		d.fail(begin, `version is missing; add "version": %d, the version of the format`, FormatVersion)
	}
	if !seen["packages"] {
		d.fail(begin, `packages is missing; add "packages": [], a list of objects`)
	}
	if rest := d.data[d.dec.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		d.fail(int64(len(d.data)-len(bytes.TrimLeft(rest, " \t\r\n"))), "unexpected text after the end of the object")
	}
	return nil
}

// object reads the next object and stores its offset in begin. It calls member with each key and the key's offset;
// member must read the value.
func (d *decoder) object(begin *int64, member func(key string, at int64) error) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	*begin = d.dec.InputOffset() - 1
	for d.dec.PeekKind() != '}' {
		name, err := d.dec.ReadValue()
		if err != nil {
			return err
		}
		at := d.dec.InputOffset() - int64(len(name))
		key, err := jsontext.AppendUnquote(nil, name)
		if err != nil {
			return err
		}
		if err := member(string(key), at); err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	return err
}

// value reads any value and returns it with its offset.
func (d *decoder) value() (at int64, v jsontext.Value, err error) {
	v, err = d.dec.ReadValue()
	return d.dec.InputOffset() - int64(len(v)), v, err
}

// ignore records an unknown key and skips its value.
func (d *decoder) ignore(where, key string, at int64) {
	for _, u := range d.unknown {
		if u.where == where && u.key == key {
			u.n++
			return
		}
	}
	if len(d.unknown) < maxErrors {
		d.unknown = append(d.unknown, &unknown{where, key, at, 1})
	}
}

// version reads the version of the format.
func (d *decoder) version() error {
	at, v, err := d.value()
	if err != nil {
		return err
	}
	n, ok := wholeNumber(v)
	switch {
	case !ok || n < FormatVersion:
		d.fail(at, "version is not %d, the version of the format (found %s)", FormatVersion, shown(v))
	case n > FormatVersion:
		d.only = d.at(at, fmt.Sprintf("version is %d, but sitegen reads version %d; update sitegen, or write "+
			"version %d", n, FormatVersion, FormatVersion))
	}
	return nil
}

// list reads the list of packages.
func (d *decoder) list() error {
	if d.dec.PeekKind() != '[' {
		at, v, err := d.value()
		if err == nil {
			d.fail(at, "packages is not a list of objects (found %s)", shown(v))
		}
		return err
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	for i := 0; d.dec.PeekKind() != ']'; i++ {
		if err := d.pkg(fmt.Sprintf("packages[%d]", i)); err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	return err
}

// field is a key of a package.
type field struct {
	key      string
	required bool
	right    string // description of a valid value, for messages

	text   func(*Package) *string // returns the destination of a text
	number func(*Package, int64)  // stores a whole number; a key may accept both
}

// fields lists the keys of a package, in the order of the documentation.
var fields = []field{
	{key: "version", required: true, right: `the version in quotes, for instance "3.1"`,
		text: func(p *Package) *string { return &p.Version }},
	{key: "built", required: true,
		right: `the date and time of the build in quotes, for instance "2026-11-20T03:12:00Z"`,
		text:  func(p *Package) *string { return &p.Built }},
	{key: "system", required: true, right: `the operating system in quotes, for instance "linux"`,
		text: func(p *Package) *string { return &p.System }},
	{key: "arch", required: true, right: `the processor architecture in quotes, for instance "x86_64"`,
		text: func(p *Package) *string { return &p.Arch }},
	{key: "size", required: true, right: "the size of the file in bytes, for instance 104857600",
		number: func(p *Package, n int64) { p.Size = n }},
	{key: "url", right: "the http or https URL of the file in quotes",
		text: func(p *Package) *string { return &p.URL }},
	{key: "sha256", right: "the SHA-256 checksum of the file in quotes, 64 hex digits",
		text: func(p *Package) *string { return &p.SHA256 }},
	{key: "sha512", right: "the SHA-512 checksum of the file in quotes, 128 hex digits",
		text: func(p *Package) *string { return &p.SHA512 }},
	{key: "signature", right: "the http or https URL of the file's detached signature in quotes",
		text: func(p *Package) *string { return &p.Signature }},
	{key: "sbom", right: "the http or https URL of the file's software bill of materials in quotes",
		text: func(p *Package) *string { return &p.SBOM }},
	{key: "stability", right: `"release", "pre-release" or "nightly"`,
		text: func(p *Package) *string { return (*string)(&p.Stability) }},
	{key: "revision", right: "a whole number, for instance 34645",
		text:   func(p *Package) *string { return &p.Revision },
		number: func(p *Package, n int64) { p.Revision = strconv.FormatInt(n, 10) }},
	{key: "id", right: `a word in quotes that no other package has`, text: func(p *Package) *string { return &p.ID }},
	{key: "name", right: "a text in quotes", text: func(p *Package) *string { return &p.Name }},
	{key: "product", right: "the name of the software in quotes", text: func(p *Package) *string { return &p.Product }},
	{key: "file", right: "the name of the file in quotes", text: func(p *Package) *string { return &p.File }},
}

var packageKeys = func() (keys []string) {
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	return keys
}()

// pkg reads one package. path is its name in messages, such as packages[0].
func (d *decoder) pkg(path string) error {
	if k := d.dec.PeekKind(); k != '{' && k != 0 {
		at, v, err := d.value()
		if err == nil {
			d.fail(at, "%s is not an object (found %s)", path, shown(v))
		}
		return err
	}
	var p Package
	var begin int64
	seen := map[string]bool{}
	err := d.object(&begin, func(key string, at int64) error {
		i := slices.Index(packageKeys, key)
		if i < 0 {
			d.ignore("packages", key, at)
			return d.dec.SkipValue()
		}
		if seen[key] {
			d.fail(at, "%s.%s occurs twice; remove one", path, key)
		}
		seen[key] = true
		return d.field(&p, path, &fields[i])
	})
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.required && !seen[f.key] {
			d.fail(begin, "%s.%s is missing; add %s", path, f.key, f.right)
		}
	}
	p.Line, _ = d.place(begin)
	d.packages = append(d.packages, p)
	return nil
}

// field reads the value of a field.
func (d *decoder) field(p *Package, path string, f *field) error {
	at, v, err := d.value()
	if err != nil {
		return err
	}
	if v.Kind() == 'n' && !f.required {
		return nil
	}
	if v.Kind() == '"' && f.text != nil {
		text, err := jsontext.AppendUnquote(nil, v)
		if err != nil {
			return err
		}
		*f.text(p) = string(text)
		if f.key == "stability" && !slices.Contains([]Stability{Release, PreRelease, Nightly}, p.Stability) {
			d.fail(at, "%s.stability is not %s (found %.60q)", path, f.right, text)
		}
		return nil
	}
	if n, ok := wholeNumber(v); ok && f.number != nil {
		f.number(p, n)
		return nil
	}
	d.fail(at, "%s.%s is not %s (found %s)", path, f.key, f.right, shown(v))
	return nil
}

// shown returns a value for messages: on one line, shortened to 60 characters.
func shown(v jsontext.Value) string {
	const most = 60 // characters
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, string(v))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

// wholeNumber reads a JSON number from 0 to catalog.MaxSize without a fraction; 1e3 and 1000.0 are whole.
func wholeNumber(v jsontext.Value) (int64, bool) {
	text := string(v)
	if v.Kind() != '0' || len(text) > 40 {
		return 0, false
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(exponent) > 3 {
		return 0, false // far too large, and expanding it would take long
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok || !r.IsInt() || r.Sign() < 0 || !r.Num().IsInt64() || r.Num().Int64() > catalog.MaxSize {
		return 0, false
	}
	return r.Num().Int64(), true
}
