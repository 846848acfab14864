package stats

// literals finds which of many texts a longer text contains, in one pass over it. It is an Aho-Corasick automaton: a
// tree of the texts, whose nodes also have an edge to the node of the longest suffix that is in the tree. For example,
// with the texts "iphone" and "phone os", the nodes of "iphone" are followed until the blank in "iphone os". That edge
// leads to the node of "phone " in the other branch, so no byte is read twice.
type literals struct {
	index   map[string]int32 // of the texts
	classes [256]uint8       // of bytes; 0 for all bytes that no text contains
	width   int32            // number of classes
	edges   []int32          // by node and class: the next node. Node 0 is the root
	text    []int32          // by node: the text that ends here, or -1
	suffix  []int32          // by node: the node of the longest proper suffix that is a text, or 0
}

// add adds a text and returns its position among the texts. Call compile after the last one.
func (l *literals) add(text string) int32 {
	if l.index == nil {
		l.index = map[string]int32{}
	}
	i, ok := l.index[text]
	if !ok {
		i = int32(len(l.index))
		l.index[text] = i
	}
	return i
}

// compile builds the automaton.
func (l *literals) compile() {
	l.width = 1
	for text := range l.index {
		for _, b := range []byte(text) {
			if l.classes[b] == 0 {
				l.classes[b] = uint8(l.width) // texts are folded, so there are fewer than 256 classes
				l.width++
			}
		}
	}
	tree := l.tree()
	l.edges = make([]int32, int(l.width)*len(tree))
	l.suffix = make([]int32, len(tree))
	longest := make([]int32, len(tree)) // by node: the node of the longest proper suffix
	// Nodes that are closer to the root come first, so that the edges of a shorter suffix are complete when they are
	// needed. The edges of a node are those of its suffix, except for those that lead to its children.
	queue := make([]int32, 1, len(tree))
	for len(queue) > 0 {
		node := queue[0]
		queue = queue[1:]
		edges, suffix := l.from(node), l.from(longest[node])
		copy(edges, suffix)
		for child := tree[node].child; child != 0; child = tree[child].sibling {
			class := tree[child].class
			if node != 0 {
				longest[child] = suffix[class]
			}
			if l.suffix[child] = longest[child]; l.text[longest[child]] < 0 {
				l.suffix[child] = l.suffix[longest[child]]
			}
			edges[class] = child
			queue = append(queue, child)
		}
	}
}

// from returns the edges of a node.
func (l *literals) from(node int32) []int32 { return l.edges[node*l.width : (node+1)*l.width] }

// treeNode is a node of the tree of the texts.
type treeNode struct {
	child, sibling int32 // the first child, and the next child of the same parent; 0 for none
	class          uint8 // of the edge from the parent
}

// tree returns the tree of the texts, and sets the texts of its nodes.
func (l *literals) tree() []treeNode {
	tree := []treeNode{{}}
	l.text = []int32{-1}
	for text, i := range l.index {
		node := int32(0)
		for _, b := range []byte(text) {
			class := l.classes[b]
			child := tree[node].child
			for child != 0 && tree[child].class != class {
				child = tree[child].sibling
			}
			if child == 0 {
				child = int32(len(tree))
				tree = append(tree, treeNode{sibling: tree[node].child, class: class})
				tree[node].child = child
				l.text = append(l.text, -1)
			}
			node = child
		}
		l.text[node] = i
	}
	return tree
}

// find calls found with the position of each text that s contains. If a text is contained several times, found may be
// called several times. It returns false for a text that it knows already, which skips the suffixes of this text.
func (l *literals) find(s string, found func(text int32) bool) {
	node := int32(0)
	for i := range len(s) {
		node = l.edges[node*l.width+int32(l.classes[s[i]])]
		at := node
		if l.text[at] < 0 {
			at = l.suffix[at]
		}
		for at != 0 && found(l.text[at]) {
			at = l.suffix[at]
		}
	}
}
