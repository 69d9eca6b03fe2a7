package dynamodb

import (
	"maps"
	"slices"
)

// edit is an action whose value is known: what a path leads to from then on.
type edit struct {
	path   path
	remove bool
	value  value
}

// apply returns the item as the update leaves it. Old is the item before it, nil
// for none, and key its key. All operands have their values from before the
// update. An update that only removes does not create an item.
func (u *update) apply(old, key item) (item, error) {
	base := old
	if old == nil {
		base = key
	}
	if u == nil {
		return base, nil
	}
	edits := make([]edit, len(u.actions))
	creates := old != nil
	for n, a := range u.actions {
		var err error
		if edits[n], err = a.edit(old); err != nil {
			return nil, err
		}
		creates = creates || a.section == "SET" || a.section == "ADD"
	}
	next, err := applyEdits(mapValue(base), edits, 0)
	if err != nil || !creates {
		return nil, err
	}
	return next.fields(), nil
}

// edit works out what an action does to an item.
func (a action) edit(old item) (edit, error) {
	switch a.section {
	case "REMOVE":
		return edit{path: a.path, remove: true}, nil
	case "SET":
		v, err := a.operand.compute(old)
		return edit{path: a.path, value: v}, err
	}
	operand, err := a.operand.compute(old)
	if err != nil {
		return edit{}, err
	}
	before, exists := a.path.evaluate(old)
	if exists && before.kind != operand.kind {
		return edit{}, errOperandType
	}
	v := operand
	switch {
	case a.section == "DELETE":
		left := without(before.members(), operand.members())
		return edit{a.path, len(left) == 0, setValue(operand.kind, left)}, nil
	case operand.kind == typeNumber && exists:
		v.scalar, err = addNumbers(before.scalar, operand.scalar, false)
	case exists:
		v = setValue(operand.kind, union(before.members(), operand.members()))
	}
	return edit{path: a.path, value: v}, err
}

// applyEdits returns a copy of a map or list with the edits made, whose paths
// lead into it from a depth on. New elements of a list come after the others in
// the order of their indexes, and removed ones go last.
func applyEdits(within value, edits []edit, depth int) (value, error) {
	next := parts{fields: maps.Clone(within.fields()), list: slices.Clone(within.list())}
	removed := map[int]bool{}
	for _, b := range branches(edits, func(e edit) step { return e.path[depth] }) {
		if within.kind != typeMap && !b.step.element || within.kind != typeList && b.step.element {
			return value{}, errDocumentPath
		}
		part, exists := within.at(b.step)
		remove := false
		if last := b.all[0]; len(last.path) == depth+1 {
			part, remove = last.value, last.remove
		} else if !exists {
			return value{}, errDocumentPath
		} else {
			var err error
			if part, err = applyEdits(part, b.all, depth+1); err != nil {
				return value{}, err
			}
		}
		switch {
		case !b.step.element && remove:
			delete(next.fields, b.step.name)
		case !b.step.element:
			next.fields[b.step.name] = part
		case remove:
			removed[b.step.index] = exists
		case exists:
			next.list[b.step.index] = part
		default:
			next.list = append(next.list, part)
		}
	}
	if len(removed) > 0 {
		at := -1
		next.list = slices.DeleteFunc(next.list, func(value) bool {
			at++
			return removed[at]
		})
	}
	return value{kind: within.kind, parts: &next}, nil
}
