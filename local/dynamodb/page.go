package dynamodb

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/noidle/noidle/local/api"
)

// maxPage is how many bytes Query and Scan read at once
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html).
const maxPage = 1 << 20

// page is one page of a query or scan.
type page struct {
	request *pageRequest
	forward bool
	filter  condition
	paths   []path
	// outside is the error of a starting key that is not within the span.
	outside string

	// table, view and span are known from open on.
	table *table
	view  *view
	span  span
	// fetch says that a local index is read whose items are completed from the
	// table.
	fetch bool
}

// hashBound returns the first place of a segment among several.
func hashBound(segment, total int) string {
	if segment == total {
		return ""
	}
	return string(binary.BigEndian.AppendUint32(nil, uint32((uint64(segment)<<32)/uint64(total))))
}

// parse reads the filter and the projection. Other expressions of the request
// are read before.
func (p *page) parse(absent string) error {
	in := p.request
	var err, problem error
	p.filter, err = parse(&in.substitutions, filterExpression, in.FilterExpression, (*parser).condition)
	p.paths, problem = parse(&in.substitutions, projectionExpression, in.ProjectionExpression, (*parser).projection)
	return cmp.Or(err, problem, in.finish(absent), p.validate())
}

func (p *page) validate() error {
	in := p.request
	if err := cmp.Or(
		accounting{ReturnConsumedCapacity: in.ReturnConsumedCapacity}.validate(),
		oneOf("select", in.Select, "SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")); err != nil {
		return err
	}
	switch {
	case in.Limit != nil && *in.Limit < 1:
		return constraint(*in.Limit, "limit", "Member must have value greater than or equal to 1")
	case in.Select == "SPECIFIC_ATTRIBUTES" && p.paths == nil:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case in.Select != "" && in.Select != "SPECIFIC_ATTRIBUTES" && p.paths != nil:
		return invalid("Cannot specify the ProjectionExpression when choosing to get %s", in.Select)
	case in.Select == "ALL_PROJECTED_ATTRIBUTES" && in.IndexName == "":
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	}
	return nil
}

// open checks the caller's permission and finds what is read. Err is what is
// wrong with the request.
func (s *Service) open(call *api.Call, p *page, a access, err error) error {
	in := p.request
	a.table, a.index = in.TableName, in.IndexName
	a.keys = api.Keys{"Select": {p.selection()}, "ReturnConsumedCapacity": {in.ReturnConsumedCapacity}}
	if p.paths != nil {
		a.attributes = in.names()
	}
	if denied := s.authorize(call, a); denied != nil {
		return denied
	}
	if err != nil {
		return err
	}
	if p.table, err = s.find(in.TableName); err != nil {
		return err
	}
	if p.view, err = p.table.view(in.IndexName); err != nil {
		return err
	}
	return p.checkIndex()
}

// selection returns what is read, also when the request does not say it.
func (p *page) selection() string {
	switch {
	case p.request.Select != "":
		return p.request.Select
	case p.paths != nil:
		return "SPECIFIC_ATTRIBUTES"
	case p.request.IndexName != "":
		return "ALL_PROJECTED_ATTRIBUTES"
	}
	return "ALL_ATTRIBUTES"
}

// checkIndex checks what an index allows. A local index completes its items from
// the table where more is asked for than it has; a global one cannot
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html).
func (p *page) checkIndex() error {
	v := p.view
	if v.Global && p.request.ConsistentRead {
		return invalid("Consistent reads are not supported on global secondary indexes")
	}
	if v.attributes == nil {
		return nil
	}
	absent := func(names map[string]bool) []string {
		return slices.DeleteFunc(slices.Sorted(maps.Keys(names)), func(name string) bool { return slices.Contains(v.attributes, name) })
	}
	all := p.selection() == "ALL_ATTRIBUTES"
	unprojected := absent(p.request.attributes[projectionExpression])
	switch {
	case v.Global && all:
		return invalid(invalidParameterValues+"Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", v.Name)
	case v.Global && len(unprojected) > 0:
		return invalid(invalidParameterValues+"Global secondary index %s does not project [%s]", v.Name, join(unprojected))
	}
	p.fetch = !v.Global && (all || len(absent(p.request.names())) > 0)
	return nil
}

// read reads the page.
func (p *page) read() (*pageOutput, error) {
	if err := p.start(); err != nil {
		return nil, err
	}
	in := p.request
	out := &pageOutput{}
	if p.selection() != "COUNT" {
		out.Items = []item{}
	}
	used := newMeter(p.table)
	size := 0
	var last item
	p.table.mu.RLock()
	p.view.read(p.span, p.forward, func(_ string, whole item) bool {
		i := p.view.project(whole)
		if size += i.size(); size > maxPage && out.ScannedCount > 0 {
			size -= i.size()
			out.LastEvaluatedKey = p.key(last)
			return false
		}
		if p.fetch {
			i = whole
			used.read(p.table.views[0], i.size(), in.ConsistentRead)
		}
		p.add(out, i)
		last = whole
		if in.Limit != nil && out.ScannedCount == *in.Limit {
			out.LastEvaluatedKey = p.key(last)
			return false
		}
		return true
	})
	p.table.mu.RUnlock()
	used.read(p.view, size, in.ConsistentRead)
	out.ConsumedCapacity = used.report(in.ReturnConsumedCapacity)
	return out, nil
}

// add adds an item that was read to the page, unless the filter keeps it out.
func (p *page) add(out *pageOutput, i item) {
	out.ScannedCount++
	if p.filter != nil && !p.filter.holds(i) {
		return
	}
	out.Count++
	if out.Items != nil {
		out.Items = append(out.Items, i.project(p.paths))
	}
}

// key returns the key that the next page starts after: that of the index and of
// the table.
func (p *page) key(i item) item {
	return i.only(slices.Concat(p.view.Key.names(), p.table.Key.names()))
}

// start moves the beginning of what is read behind ExclusiveStartKey.
func (p *page) start() error {
	key := p.request.ExclusiveStartKey
	if key == nil {
		return nil
	}
	for name, v := range key {
		if p.table.Attributes[name] != v.kind {
			return invalid("The provided starting key is invalid: " + keyDoesNotMatchTheSchema)
		}
	}
	place, ok := p.table.place(p.view, key)
	switch {
	case !ok || len(p.key(key)) != len(key):
		return invalid("The provided starting key is invalid: " + keyDoesNotMatchTheSchema)
	case !p.span.contains(place):
		return invalid("%s", p.outside)
	case p.forward:
		p.span.from = place + "\x00"
	default:
		p.span.to = place
	}
	return nil
}
