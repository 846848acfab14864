package cloudfront

import (
	"fmt"
	"maps"
	"strings"
)

// pathPart is the number of the part of the root for the table of paths; see root.
const pathPart = 3

// AddPaths returns the root and the nodes of an edition that also serves the objects at further paths. root and nodes
// are those of the edition without them, of the current format. A path that the edition has already stays as it is.
func AddPaths(root string, nodes, objects map[string]string) (string, map[string]string, error) {
	s := store{pairs: maps.Clone(nodes)}
	text, err := s.whole(root)
	if err != nil {
		return "", nil, err
	}
	parts := strings.Split(text, "\n\n")
	if len(parts) <= pathPart {
		return "", nil, fmt.Errorf("the root has %d parts, and none for the table of paths", len(parts))
	}
	rows, err := s.takeRows(pathNodes, parts[pathPart])
	if err != nil {
		return "", nil, err
	}
	have := make(map[string]bool, len(rows))
	for _, r := range rows {
		have[r.key] = true
	}
	for path, object := range objects {
		for key, kind := range pathKeys(path) {
			if !have[key] {
				rows = append(rows, row{key: key, text: kind + object})
			}
		}
	}
	t := s.tree(pathNodes, sorted(rows), nil)
	with := func() string {
		parts[pathPart] = t.rows()
		return strings.Join(parts, "\n\n")
	}
	t.level = max(len(t.levels)-1, 0)
	for t.level > 0 { // a level less is a read less; see fit
		if t.level--; len(with()) > MaxValue {
			t.level++
			break
		}
	}
	t.keep(&s)
	return s.piece(with()), s.pairs, nil
}

// whole returns the text of a value; see piece.
func (s *store) whole(value string) (string, error) {
	text := ""
	for strings.HasPrefix(value, "~") {
		text += value[1+hashSize:]
		rest, ok := s.pairs[textNodes+value[1:1+hashSize]]
		if !ok {
			return "", fmt.Errorf("the node %s is missing", textNodes+value[1:1+hashSize])
		}
		value = rest
	}
	return text + value, nil
}

// takeRows returns the rows of a table without changes and packages, and removes its nodes. text is the part of the
// root for the table, or the text of a node.
func (s *store) takeRows(kind, text string) (rows []row, err error) {
	inner := strings.HasPrefix(text, "+")
	for i, line := range strings.Split(strings.TrimPrefix(text, "+"), "\n") {
		key, rest, _ := strings.Cut(line, " ")
		if !inner {
			if i > 0 { // the first line of a leaf has hashes
				rows = append(rows, row{key: key, text: rest})
			}
			continue
		}
		value, ok := s.pairs[kind+rest]
		if !ok {
			return nil, fmt.Errorf("the node %s is missing", kind+rest)
		}
		if value, err = s.whole(value); err != nil {
			return nil, err
		}
		below, err := s.takeRows(kind, value)
		if err != nil {
			return nil, err
		}
		rows = append(rows, below...)
		delete(s.pairs, kind+rest)
	}
	return rows, nil
}
