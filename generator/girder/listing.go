package girder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
)

// DecodeListing reads the body of GET /app/<id>/package?limit=0, a JSON array of raw Girder items. It takes
// numbers and booleans for strings, null and absent alike, and ignores keys that it does not know. What the
// values are worth is for catalog.Publish to say.
func DecodeListing(r io.Reader) ([]catalog.Record, error) {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	open, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("read the listing: %w", err)
	}
	if open != json.Delim('[') {
		return nil, fmt.Errorf("read the listing: a JSON array was expected (found %.80q)", fmt.Sprint(open))
	}
	var records []catalog.Record
	for dec.More() {
		var it *item
		if err := dec.Decode(&it); err != nil {
			return nil, fmt.Errorf("read item %d of the listing: %w", len(records)+1, err)
		}
		if it == nil {
			it = &item{}
		}
		records = append(records, it.record())
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("read the listing: cut off after %d items: %w", len(records), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("read the listing: more after its end")
	}
	return records, nil
}

// item is a raw Girder item with the keys that we use.
type item struct {
	ID      text   `json:"_id"`
	Name    text   `json:"name"`
	Created text   `json:"created"`
	Size    number `json:"size"`
	Meta    meta   `json:"meta"`
}

type meta struct {
	AppID      text `json:"app_id"`
	BaseName   text `json:"baseName"`
	OS         text `json:"os"`
	Arch       text `json:"arch"`
	Revision   text `json:"revision"`
	Version    text `json:"version"`
	Release    text `json:"release"`
	BuildDate  text `json:"build_date"`
	SHA512     text `json:"sha512"`
	PreRelease text `json:"pre_release"`
}

// UnmarshalJSON lets a meta that is no object count as an empty one.
func (m *meta) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	type plain meta
	return json.Unmarshal(b, (*plain)(m))
}

func (it *item) record() catalog.Record {
	m := &it.Meta
	return catalog.Record{
		ID: string(it.ID), Name: string(it.Name), Created: string(it.Created), Size: int64(it.Size),
		AppID: string(m.AppID), BaseName: string(m.BaseName), OS: string(m.OS), Arch: string(m.Arch),
		Revision: string(m.Revision), Version: string(m.Version), Release: string(m.Release),
		BuildDate: string(m.BuildDate), SHA512: string(m.SHA512), PreRelease: string(m.PreRelease),
	}
}

// text takes any JSON value: strings as they are, null as "", everything else as it is written.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*t = ""
		return nil
	}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	*t = text(b)
	return nil
}

// number takes an integer or a string that holds one; anything else is 0, which reads as "not uploaded".
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	var v json.Number
	if err := json.Unmarshal(bytes.Trim(b, `"`), &v); err != nil {
		*n = 0
		return nil
	}
	i, err := v.Int64()
	if f, ferr := v.Float64(); err != nil && ferr == nil && !strings.ContainsAny(v.String(), "-") && f < 1<<53 {
		i = int64(f)
	}
	*n = number(max(i, 0))
	return nil
}
