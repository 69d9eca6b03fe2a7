package dynamodb

import "cmp"

// The sizes in bytes of what a capacity unit reads and writes
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html).
const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

// consumedCapacity is what an operation used of a table's capacity
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html).
type consumedCapacity struct {
	TableName string
	capacity
	Table                  *capacity           `json:",omitempty"`
	GlobalSecondaryIndexes map[string]capacity `json:",omitempty"`
	LocalSecondaryIndexes  map[string]capacity `json:",omitempty"`
}

// capacity are capacity units. Only transactions tell reads from writes.
type capacity struct {
	CapacityUnits      float64
	ReadCapacityUnits  float64 `json:",omitempty"`
	WriteCapacityUnits float64 `json:",omitempty"`
}

// meter adds up the capacity that is used of a table and its indexes.
type meter struct {
	table *table
	units map[*view]float64
	// transaction is what a transaction does: readUnit or writeUnit. Zero means
	// that there is none.
	transaction int
}

func newMeter(t *table) *meter { return &meter{table: t, units: map[*view]float64{}} }

// units returns how many units a size needs, one at least.
func units(size, unit int) float64 {
	return float64(max(1, (size+unit-1)/unit))
}

// read counts a read from a view. Half of it is charged unless it is consistent.
func (m *meter) read(v *view, size int, consistent bool) {
	n := units(size, readUnit)
	switch {
	case m.transaction != 0:
		n *= 2
	case !consistent:
		n /= 2
	}
	m.units[v] += n
}

// write counts a change in the table and in the indexes that it touches.
func (m *meter) write(c change) {
	factor := 1.0
	if m.transaction != 0 {
		factor = 2
	}
	m.units[m.table.views[0]] += factor * units(max(c.old.size(), c.new.size()), writeUnit)
	for _, v := range m.table.views[1:] {
		from, had := m.table.place(v, c.old)
		to, has := m.table.place(v, c.new)
		old, next := v.project(c.old), v.project(c.new)
		switch {
		case had && has && from == to && old.equal(next):
		case had && has && from == to:
			m.units[v] += factor * units(max(old.size(), next.size()), writeUnit)
		default:
			if had {
				m.units[v] += factor * units(old.size(), writeUnit)
			}
			if has {
				m.units[v] += factor * units(next.size(), writeUnit)
			}
		}
	}
}

// report returns what was used as ReturnConsumedCapacity asks for it: INDEXES,
// TOTAL, or NONE.
func (m *meter) report(mode string) *consumedCapacity {
	if cmp.Or(mode, "NONE") == "NONE" {
		return nil
	}
	report := &consumedCapacity{TableName: m.table.Name}
	total := 0.0
	for _, n := range m.units {
		total += n
	}
	report.capacity = m.capacity(total)
	if mode == "TOTAL" {
		return report
	}
	report.Table = new(m.capacity(m.units[m.table.views[0]]))
	for v, n := range m.units {
		switch {
		case !v.isIndex():
		case v.Global:
			report.GlobalSecondaryIndexes = with(report.GlobalSecondaryIndexes, v.Name, m.capacity(n))
		default:
			report.LocalSecondaryIndexes = with(report.LocalSecondaryIndexes, v.Name, m.capacity(n))
		}
	}
	return report
}

func (m *meter) capacity(n float64) capacity {
	c := capacity{CapacityUnits: n}
	switch m.transaction {
	case readUnit:
		c.ReadCapacityUnits = n
	case writeUnit:
		c.WriteCapacityUnits = n
	}
	return c
}

func with[K comparable, V any](all map[K]V, key K, v V) map[K]V {
	if all == nil {
		all = map[K]V{}
	}
	all[key] = v
	return all
}

// meters are those of an operation on several tables.
type meters struct {
	all         []*meter
	transaction int
}

func (m *meters) of(t *table) *meter {
	for _, one := range m.all {
		if one.table == t {
			return one
		}
	}
	one := newMeter(t)
	one.transaction = m.transaction
	m.all = append(m.all, one)
	return one
}

func (m *meters) report(mode string) []*consumedCapacity {
	var reports []*consumedCapacity
	for _, one := range m.all {
		if report := one.report(mode); report != nil {
			reports = append(reports, report)
		}
	}
	return reports
}

// collectionMetrics are the metrics of the items with one partition key
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ItemCollectionMetrics.html).
type collectionMetrics struct {
	ItemCollectionKey   item
	SizeEstimateRangeGB [2]float64
}

// metrics returns the metrics of a written item's collection when
// ReturnItemCollectionMetrics is SIZE. Tables without local indexes have no
// collections.
func (t *table) metrics(mode string, key item) *collectionMetrics {
	for _, index := range t.Indexes {
		if mode == "SIZE" && !index.Global {
			return &collectionMetrics{key.only([]string{t.Key.Partition}), [2]float64{0, 1}}
		}
	}
	return nil
}

// metrics returns the metrics of the collections of all written items, by table.
func metrics(mode string, writes []*request) map[string][]*collectionMetrics {
	var all map[string][]*collectionMetrics
	for _, r := range writes {
		if one := r.table.metrics(mode, r.attributes); one != nil && r.action != "ConditionCheckItem" {
			all = with(all, r.tableName, append(all[r.tableName], one))
		}
	}
	return all
}
