package lookup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/Slicer/sitegen/generator/catalog"
)

// object is the package object of /find and /findall. Its keys are a contract: they may be added to, and
// none may go or change its type. Keys are in alphabetical order, as they always were.
type object struct {
	Arch                catalog.Arch      `json:"arch"`
	BuildDate           string            `json:"build_date"`
	BuildDateYMD        string            `json:"build_date_ymd"`
	CheckoutDate        *string           `json:"checkout_date"`     // of the retired server, always null
	CheckoutDateYMD     *string           `json:"checkout_date_ymd"` // likewise
	Codebase            *string           `json:"codebase"`          // likewise
	DownloadURL         string            `json:"download_url"`      // relative to the site's root
	ExtensionsBrowseURL string            `json:"extensions_browse_url"`
	MD5                 *string           `json:"md5"` // of the retired server, always null
	Name                string            `json:"name"`
	OS                  catalog.OS        `json:"os"`
	Package             *string           `json:"package"` // of the retired server, always null
	ProductName         string            `json:"product_name"`
	Revision            string            `json:"revision"` // decimal
	SHA512              *string           `json:"sha512"`   // hex, null when unknown
	Size                int64             `json:"size"`     // bytes
	Stability           catalog.Stability `json:"stability"`
	Version             *string           `json:"version"` // null when the package has none
}

// ExtensionsURL is the page that lists the extensions made for a package.
func ExtensionsURL(p *catalog.Package) string {
	return fmt.Sprintf("https://extensions.slicer.org/catalog/All/%d/%s", p.Revision, p.OS)
}

// ObjectJSON is the package object of /find: compact JSON in ASCII but for what Girder gave, with no line end.
// It can stand in an HTML script element as it is.
func ObjectJSON(p *catalog.Package) []byte {
	return encode(object{
		Arch: p.Arch, BuildDate: p.BuildDate, BuildDateYMD: p.Day(), DownloadURL: Location(p),
		ExtensionsBrowseURL: ExtensionsURL(p), Name: p.Name, OS: p.OS, ProductName: p.ProductName,
		Revision: strconv.Itoa(p.Revision), SHA512: orNull(p.SHA512), Size: p.Size,
		Stability: p.Stability(), Version: orNull(p.Version),
	})
}

// ObjectsJSON is the answer of /findall: {os: {stability: package or null}}.
func ObjectsJSON(cells []Cell) []byte {
	all := map[catalog.OS]map[catalog.Stability]json.RawMessage{}
	for _, c := range cells {
		if all[c.OS] == nil {
			all[c.OS] = map[catalog.Stability]json.RawMessage{}
		}
		all[c.OS][c.Stability] = json.RawMessage("null")
		if c.Package != nil {
			all[c.OS][c.Stability] = ObjectJSON(c.Package)
		}
	}
	return encode(all)
}

func encode(v any) []byte {
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(v); err != nil {
		panic(err) // strings, numbers and maps of them: cannot happen
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
