package site

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// openAPIURL is the URL of the description of the API for programs.
const openAPIURL = "/api/openapi.json"

// node is an object of the OpenAPI description.
type node map[string]any

// addOpenAPI adds the description of the API in the form of OpenAPI 3.1, made from the same tables as the page for
// developers.
func addOpenAPI(b *Build, r *Reference) {
	b.AddFile(output.Pages, openAPIURL[1:], encodeJSON(openAPI(b, r)))
}

func openAPI(b *Build, r *Reference) node {
	spec := b.Index.Spec()
	d := &description{spec: spec, reference: r}
	title := b.Site.Project + " downloads"
	if b.Site.Sample {
		title += " (sample data)"
	}
	return node{
		"openapi": "3.1.0",
		"info": node{
			"title": title, "version": "1",
			"description": "Permanent links to packages, and JSON files and feeds that describe them. " +
				"New keys may be added to JSON objects; existing keys are not removed and keep their meaning.",
		},
		"externalDocs": node{"url": b.AbsURL(apiURL), "description": "The same for people"},
		"servers":      []node{{"url": b.Site.BaseURL}},
		"tags": []node{
			{"name": "packages", "description": "One package, chosen by parameters"},
			{"name": "permalinks", "description": "One package, without parameters"},
			{"name": "data", "description": "Files that change when packages are added or removed"},
		},
		"paths":      d.paths(),
		"components": node{"schemas": d.schemas(), "parameters": d.parameters(), "responses": responses()},
	}
}

// description makes the parts of the OpenAPI description.
type description struct {
	spec      *lookup.Spec
	reference *Reference
}

// paths describes every path of the API. Each has one operation, GET; HEAD has the same answer without a body.
func (d *description) paths() node {
	const jsonType, atomType = "application/json", "application/atom+xml"
	paths := node{}
	for _, route := range lookup.Routes() {
		paths[string(route)] = d.route(route)
	}
	paths[lookup.BitstreamPrefix+"{id}"] = get("bitstream", "packages", "the file of one package",
		[]node{d.id()}, redirect("to the file"), 404)
	for _, l := range d.reference.Permalinks {
		name := operationID(l.Form)
		parameters := make([]node, len(l.Names))
		for i, n := range l.Names {
			parameters[i] = d.inPath(d.spec.Parameter(n))
		}
		paths[l.Form] = get(name, "permalinks", l.About, parameters,
			redirect("to "+lookup.BitstreamPrefix+"{id}"), 404)
		paths[l.Form+lookup.RecordSuffix] = get(name+"-record", "permalinks", l.About+", described in JSON",
			parameters, body("the package", jsonType, ref(recordObject)), 404)
	}
	paths["/"+recordPath("{id}")] = get("package", "data", "one package in the form of /find", []node{d.id()},
		body("the package", jsonType, ref(recordObject)), 404)
	if summed := d.reference.Examples.Summed; summed != "" {
		version := d.inPath(d.spec.Mode(lookup.ByVersion))
		version["description"], version["example"] = "The version of a release.", summed
		paths["/releases/{version}/SHA512SUMS"] = get("checksums", "data",
			"checksums of a release, for sha512sum -c", []node{version}, body("the checksums", "*/*",
				node{"type": "string"}), 404)
	}
	for _, f := range []struct {
		path, about, media string
		schema             node
	}{
		{releasesJSONURL, releasesOfAPI().About, jsonType, ref(releasesObject)},
		{latestJSONURL, latestOfAPI().About, jsonType, ref(latestObject)},
		{releasesFeedURL, "the newest releases as an Atom feed", atomType, node{"type": "string"}},
		{previewFeedURL, "the newest days with preview builds as an Atom feed", atomType, node{"type": "string"}},
		{openAPIURL, "this description", jsonType, node{"type": "object"}},
	} {
		paths[f.path] = get(operationID(f.path), "data", f.about, nil, body(f.about, f.media, f.schema))
	}
	return paths
}

// operationID returns a name for the operation of a path, for instance latest-os for /latest/{os}.
func operationID(path string) string {
	return strings.NewReplacer("/", "-", "{", "", "}", "", ".", "-").Replace(strings.Trim(path, "/"))
}

// route describes a route that takes a query.
func (d *description) route(route lookup.Route) node {
	var parameters []node
	for _, p := range d.reference.Parameters {
		described := node{"$ref": "#/components/parameters/" + p.Name}
		if p.Role == lookup.OSRole && route.Single() { // required here, and optional elsewhere
			described = d.parameter(p.Parameter, "query", p.Value)
			described["required"] = true
		}
		parameters = append(parameters, described)
	}
	switch route {
	case lookup.Download:
		return get("download", "packages", route.About(), parameters, redirect("to "+lookup.BitstreamPrefix+"{id}"),
			400, 404)
	case lookup.Find:
		return get("find", "packages", route.About(), parameters,
			body("the package", "application/json", ref(recordObject)), 400, 404)
	case lookup.FindAll:
		return get("findall", "packages", route.About(), parameters,
			body("the packages", "application/json", ref(cellsObject)), 400)
	}
	page := body("the page", "text/html", node{"type": "string"})
	return get("home", "packages", route.About(), parameters, page, 400)
}

// parameters describes the parameters of queries.
func (d *description) parameters() node {
	all := node{}
	for _, p := range d.reference.Parameters {
		all[p.Name] = d.parameter(p.Parameter, "query", p.Value)
	}
	return all
}

// parameter describes a parameter in a query or a path, with an example.
func (d *description) parameter(p lookup.Parameter, in, example string) node {
	about := sentence(p.About)
	if p.Without != "" && in == "query" {
		about += " Without it: " + p.Without + "."
	}
	if p.Role == lookup.ModeRole && in == "query" {
		about += " Use at most one of " + strings.Join(d.reference.Modes, ", ") + "."
	}
	schema := node{"type": "string", "minLength": 1}
	var value any = example
	switch p.Kind {
	case lookup.Choice:
		schema = node{"type": "string", "enum": p.Values}
	case lookup.Natural:
		schema = node{"type": "integer", "minimum": 0}
		value = json.Number(example)
	case lookup.Integer:
		schema = node{"type": "integer"}
		value = json.Number(example)
	case lookup.Day:
		schema = node{"type": "string", "format": "date"}
	}
	return node{"name": p.Name, "in": in, "description": about, "schema": schema, "example": value}
}

// inPath describes a parameter in the path of a permalink.
func (d *description) inPath(p *lookup.Parameter) node {
	n := d.parameter(*p, "path", d.reference.Value(p.Name))
	n["required"] = true
	return n
}

// id describes the id of a package in a path.
func (d *description) id() node {
	return node{"name": "id", "in": "path", "required": true,
		"description": "The id of a package: " + d.spec.IDs.Describe() + ".",
		"schema":      node{"type": "string"}, "example": d.reference.Examples.ID}
}

// schemas describes the JSON objects.
func (d *description) schemas() node {
	platforms := node{"type": "object", "description": "Packages by system and architecture.",
		"propertyNames": node{"enum": d.reference.OSes},
		"additionalProperties": node{"type": "object", "propertyNames": node{"enum": d.reference.Arches},
			"additionalProperties": ref(packageObject)}}
	cells := node{"type": "object", "description": "Packages by system and stability.",
		"propertyNames": node{"enum": d.reference.OSes},
		"additionalProperties": node{"type": "object",
			"propertyNames":        node{"enum": d.spec.Of(lookup.StabilityRole).Values},
			"additionalProperties": node{"anyOf": []node{ref(recordObject), {"type": "null"}}}}}
	all := node{platformsObject: platforms, cellsObject: cells}
	for _, o := range d.reference.Objects {
		all[o.Name] = o.schema()
	}
	return all
}

// schema returns the JSON Schema of an object. It allows other keys, because newer versions may add some.
func (o Object) schema() node {
	properties, required := node{}, []string{}
	for _, k := range o.Keys {
		properties[k.Name] = k.schema()
		if k.Absent != lookup.LeftOut {
			required = append(required, k.Name)
		}
	}
	return node{"type": "object", "description": sentence(o.About), "properties": properties, "required": required}
}

// schema returns the JSON Schema of the values of a key.
func (k Key) schema() node {
	n := node{"description": sentence(k.About)}
	switch {
	case k.Type == "object":
		n["$ref"] = ref(k.Of)["$ref"]
		return n
	case k.Absent == lookup.OrNull:
		n["type"] = []string{k.Type, "null"}
	default:
		n["type"] = k.Type
	}
	if k.Type == "array" {
		n["items"] = ref(k.Of)
	}
	if k.Format != "" {
		n["format"] = k.Format
	}
	if k.Values != nil {
		n["enum"] = k.Values
	}
	return n
}

// ref refers to the schema of an object.
func ref(name string) node { return node{"$ref": "#/components/schemas/" + name} }

// answer is the answer to a valid request.
type answer struct {
	status  int
	content node
}

// redirect is an answer that leads elsewhere.
func redirect(where string) answer {
	location := node{"required": true, "schema": node{"type": "string", "format": "uri-reference"}}
	return answer{302, node{"description": sentence(where), "headers": node{"Location": location}}}
}

// body is an answer with a body.
func body(about, media string, schema node) answer {
	return answer{200, node{"description": sentence(about), "content": node{media: node{"schema": schema}}}}
}

// get describes a path. Its answer is ok, or one of the errors.
func get(id, tag, about string, parameters []node, ok answer, errors ...int) node {
	responses := node{strconv.Itoa(ok.status): ok.content}
	for _, status := range errors {
		responses[strconv.Itoa(status)] = node{"$ref": "#/components/responses/" + strconv.Itoa(status)}
	}
	operation := node{"operationId": id, "tags": []string{tag}, "summary": sentence(about), "responses": responses}
	if len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	return node{"get": operation}
}

// responses describes the answers to requests with mistakes.
func responses() node {
	page := func(about string) node {
		return node{"description": about,
			"content": node{"text/html": node{"schema": node{"type": "string"}}}}
	}
	return node{
		"400": page("A parameter has an invalid value, is missing, or is in conflict with another one. " +
			"The page names it."),
		"404": page("No package matches the request."),
	}
}

// sentence returns a phrase as a sentence.
func sentence(phrase string) string {
	r, size := utf8.DecodeRuneInString(phrase)
	return string(unicode.ToUpper(r)) + strings.TrimSuffix(phrase[size:], ".") + "."
}
