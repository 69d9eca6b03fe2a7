package dynamodb

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
)

// Service is the DynamoDB of the local account.
type Service struct {
	clock   clockwork.Clock
	stop    chan struct{}
	stopped sync.WaitGroup
	tokens  tokens

	// mu guards tables.
	mu     sync.RWMutex
	tables map[string]*table
}

// New returns a service without tables. Close ends it.
func New(clock clockwork.Clock) *Service {
	s := &Service{clock: clock, stop: make(chan struct{}), tables: map[string]*table{}}
	s.tokens.byToken = map[string]*idempotent{}
	ticker := clock.NewTicker(expiryInterval)
	s.stopped.Go(func() { s.expire(ticker) })
	return s
}

// Close ends the deletion of expired items.
func (s *Service) Close() {
	close(s.stop)
	s.stopped.Wait()
}

// CreateTable adds a table, which is there at once. It refuses what AWS does
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html).
func (s *Service) CreateTable(definition Table) error {
	if err := definition.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables[definition.Name] != nil {
		return &api.Error{Code: "ResourceInUseException", Message: "Table already exists: " + definition.Name}
	}
	s.tables[definition.Name] = newTable(definition, s.clock.Now())
	return nil
}

// Operations returns the operations of the service's API.
func (s *Service) Operations() api.Operations {
	return api.Operations{
		"PutItem":            api.Op(s.putItem),
		"UpdateItem":         api.Op(s.updateItem),
		"DeleteItem":         api.Op(s.deleteItem),
		"GetItem":            api.Op(s.getItem),
		"Query":              api.Op(s.query),
		"Scan":               api.Op(s.scan),
		"BatchGetItem":       api.Op(s.batchGetItem),
		"BatchWriteItem":     api.Op(s.batchWriteItem),
		"TransactGetItems":   api.Op(s.transactGetItems),
		"TransactWriteItems": api.Op(s.transactWriteItems),
		"DescribeTable":      api.Op(s.describeTable),
		"DescribeTimeToLive": api.Op(s.describeTimeToLive),
		"ListTables":         api.Op(s.listTables),
	}
}

// tableName returns the name of a table that a request names by its name or its
// ARN.
func tableName(name string) string { return strings.TrimPrefix(name, TableARN("")) }

// find returns a table by its name or ARN.
func (s *Service) find(name string) (*table, error) {
	if name == "" {
		return nil, missing("tableName")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.tables[tableName(name)]; t != nil {
		return t, nil
	}
	return nil, &api.Error{Code: resourceNotFound, Message: "Requested resource not found"}
}

// access is an action on a table or index that a request needs, with what IAM's
// condition keys say of it
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html).
type access struct {
	action string
	// table is the table's name, and index that of an index, if it is read.
	table, index string
	// items have the partition keys that are used, and possibly other attributes.
	items []item
	// attributes are the names of the attributes that are used. Nil means that any
	// may be.
	attributes map[string]bool
	// keys are further condition keys.
	keys api.Keys
}

// authorize asks whether the caller may do what a request needs.
func (s *Service) authorize(call *api.Call, a access) error {
	if call.Principal == nil {
		return nil
	}
	resource := TableARN(tableName(a.table))
	if a.index != "" {
		resource = indexARN(tableName(a.table), a.index)
	}
	return call.Authorize("dynamodb:"+a.action, resource, s.conditionKeys(a))
}

// conditionKeys returns the condition keys of DynamoDB
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html).
func (s *Service) conditionKeys(a access) api.Keys {
	keys := api.Keys{}
	for name, values := range a.keys {
		if values[0] != "" {
			keys["dynamodb:"+name] = values
		}
	}
	t, err := s.find(a.table)
	if err != nil {
		return keys
	}
	schema := t.Key
	if v, err := t.view(a.index); err == nil {
		schema = v.Key
	}
	leading, attributes := map[string]bool{}, map[string]bool{}
	for _, i := range a.items {
		if partition, ok := i[schema.Partition]; ok {
			leading[partition.text()] = true
		}
		for name := range i {
			attributes[name] = true
		}
	}
	if len(leading) > 0 {
		keys["dynamodb:LeadingKeys"] = slices.Sorted(maps.Keys(leading))
	}
	if a.attributes != nil {
		maps.Copy(attributes, a.attributes)
		keys["dynamodb:Attributes"] = slices.Sorted(maps.Keys(attributes))
	}
	return keys
}

// merge joins accesses with the same action and table into one, in the order in
// which they first come.
func merge(all []access) []access {
	var merged []access
	for _, a := range all {
		n := slices.IndexFunc(merged, func(m access) bool { return m.action == a.action && tableName(m.table) == tableName(a.table) })
		if n < 0 {
			a.attributes = maps.Clone(a.attributes)
			merged = append(merged, a)
			continue
		}
		m := &merged[n]
		m.items = slices.Concat(m.items, a.items)
		if m.attributes == nil || a.attributes == nil {
			m.attributes = nil
			continue
		}
		maps.Copy(m.attributes, a.attributes)
	}
	return merged
}

// authorizeAll asks for each access.
func (s *Service) authorizeAll(call *api.Call, all []access) error {
	for _, a := range merge(all) {
		if err := s.authorize(call, a); err != nil {
			return err
		}
	}
	return nil
}

// accounting are the members of requests that ask for metrics.
type accounting struct {
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

func (a accounting) validate() error {
	return cmp.Or(
		oneOf("returnConsumedCapacity", a.ReturnConsumedCapacity, "INDEXES", "TOTAL", "NONE"),
		oneOf("returnItemCollectionMetrics", a.ReturnItemCollectionMetrics, "SIZE", "NONE"))
}
