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
	bytes := 0 // there is at most one node for each, and the root
	for text := range l.index {
		bytes += len(text)
	}
	l.edges = make([]int32, 0, (bytes+1)*int(l.width))
	l.addNode()
	for text, i := range l.index {
		node := int32(0)
		for _, b := range []byte(text) {
			edge := node*l.width + int32(l.classes[b])
			if l.edges[edge] == 0 {
				l.edges[edge] = l.addNode()
			}
			node = l.edges[edge]
		}
		l.text[node] = i
	}
	// Nodes that are closer to the root come first, so that the edges of a shorter suffix are complete when they are
	// needed.
	longest := make([]int32, len(l.text)) // by node: the node of the longest proper suffix
	queue := []int32{0}
	for len(queue) > 0 {
		node := queue[0]
		queue = queue[1:]
		for class := range l.width {
			next, other := &l.edges[node*l.width+class], int32(0)
			if node != 0 {
				other = l.edges[longest[node]*l.width+class]
			}
			if *next == 0 {
				*next = other
				continue
			}
			longest[*next] = other
			if l.suffix[*next] = other; l.text[other] < 0 {
				l.suffix[*next] = l.suffix[other]
			}
			queue = append(queue, *next)
		}
	}
}

// addNode adds a node without edges.
func (l *literals) addNode() int32 {
	l.edges = l.edges[:len(l.edges)+int(l.width)]
	l.text, l.suffix = append(l.text, -1), append(l.suffix, 0)
	return int32(len(l.text) - 1)
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
