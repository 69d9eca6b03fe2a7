package dynamodb

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/btree"
)

// maxItemSize is the size of an item with its attributes' names in bytes
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items).
const maxItemSize = 400 << 10

// table is a table with its items.
type table struct {
	Table
	id      string
	created time.Time

	// mu guards what follows.
	mu sync.RWMutex
	// views are the table itself and its indexes.
	views []*view
	bytes int
}

// view is a table or an index: items in the order of its key. Items are stored
// whole.
type view struct {
	Index
	items btree.Map[string, stored]
	// attributes are the names of what an index has, nil for all attributes.
	attributes []string
}

func newTable(definition Table, created time.Time) *table {
	t := &table{Table: definition, id: uuid.NewString(), created: created}
	t.views = append(t.views, &view{Index: Index{Key: t.Key, Projection: ProjectAll}})
	for _, index := range t.Indexes {
		v := &view{Index: index}
		if index.Projection != ProjectAll {
			v.attributes = slices.Compact(slices.Sorted(slices.Values(slices.Concat(t.Key.names(), index.Key.names(), index.Include))))
		}
		t.views = append(t.views, v)
	}
	return t
}

// view returns an index by its name, or the table itself for an empty one.
func (t *table) view(name string) (*view, error) {
	for _, v := range t.views {
		if v.Name == name {
			return v, nil
		}
	}
	return nil, invalid("The table does not have the specified index: %s", name)
}

// isIndex says whether this is an index and not the table.
func (v *view) isIndex() bool { return v.Name != "" }

// project returns what an index has of an item.
func (v *view) project(i item) item {
	if v.attributes == nil || i == nil {
		return i
	}
	return i.only(v.attributes)
}

// place returns where an item is in the view, or false when an index does not
// have it.
func (t *table) place(v *view, i item) (string, bool) {
	place, ok := v.Key.place(i)
	if !ok || !v.isIndex() {
		return place, ok
	}
	own, ok := t.Key.place(i)
	return place + own, ok
}

// stored is an item as a table keeps it: in JSON, which takes a fraction of the
// memory.
type stored []byte

func store(i item) stored {
	if i == nil {
		return nil
	}
	return bytes.Clone(i.appendJSON(nil)) // in no more memory than it needs
}

// item returns the item, or nil if there is none.
func (s stored) item() item {
	if s == nil {
		return nil
	}
	r := &reader{data: s, canonical: true}
	i, err := r.item(0)
	if err != nil {
		panic(err) // a table holds what this package wrote
	}
	return i
}

// get returns the item at a place, or nil.
func (t *table) get(place string) item {
	s, _ := t.views[0].items.Get(place)
	return s.item()
}

// change is a write whose outcome is known: an item and what becomes of it. Nil
// is no item.
type change struct {
	table    *table
	old, new item
}

// apply makes the change in the table and all of its indexes.
func (c change) apply() {
	s := store(c.new)
	for _, v := range c.table.views {
		from, had := c.table.place(v, c.old)
		to, has := c.table.place(v, c.new)
		if had && from != to {
			v.items.Delete(from)
		}
		if has {
			v.items.Set(to, s)
		}
	}
	c.table.bytes += c.new.size() - c.old.size()
}

// read visits the items within a span in order, until visit returns false.
func (v *view) read(within span, forward bool, visit func(place string, i item) bool) {
	switch {
	case forward:
		v.items.Ascend(within.from, func(place string, s stored) bool {
			return within.contains(place) && visit(place, s.item())
		})
	case within.to == "":
		v.items.Reverse(func(place string, s stored) bool {
			return within.contains(place) && visit(place, s.item())
		})
	default:
		v.items.Descend(within.to, func(place string, s stored) bool {
			return place == within.to || within.contains(place) && visit(place, s.item())
		})
	}
}
