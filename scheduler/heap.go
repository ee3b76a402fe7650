package scheduler

// heap is a binary heap whose items know where they lie, so that any of them can be
// moved or removed in O(log n). at points to an item's place, -1 when it is not inside.
type heap[T any] struct {
	items []T
	less  func(a, b T) bool
	at    func(T) *int
}

func (h *heap[T]) len() int { return len(h.items) }

// first is the least item; the heap must not be empty.
func (h *heap[T]) first() T { return h.items[0] }

func (h *heap[T]) push(x T) {
	*h.at(x) = len(h.items)
	h.items = append(h.items, x)
	h.up(len(h.items) - 1)
}

// remove takes x out; nothing happens if it is not inside.
func (h *heap[T]) remove(x T) {
	i := *h.at(x)
	if i < 0 {
		return
	}
	last := len(h.items) - 1
	h.swap(i, last)
	var zero T
	h.items[last] = zero
	h.items = h.items[:last]
	*h.at(x) = -1
	if i < last {
		h.fix(i)
	}
}

// moved restores the order after x's key has changed.
func (h *heap[T]) moved(x T) {
	if i := *h.at(x); i >= 0 {
		h.fix(i)
	}
}

func (h *heap[T]) fix(i int) {
	if !h.down(i) {
		h.up(i)
	}
}

func (h *heap[T]) swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	*h.at(h.items[i]) = i
	*h.at(h.items[j]) = j
}

func (h *heap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(h.items[i], h.items[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *heap[T]) down(i int) bool {
	start := i
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			break
		}
		if child+1 < len(h.items) && h.less(h.items[child+1], h.items[child]) {
			child++
		}
		if !h.less(h.items[child], h.items[i]) {
			break
		}
		h.swap(i, child)
		i = child
	}
	return i > start
}
