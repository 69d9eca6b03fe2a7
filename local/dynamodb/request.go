package dynamodb

import (
	"cmp"
	"slices"

	"github.com/noidle/noidle/local/api"
)

// conditional are the members of requests that write, and of the conditions of
// transactions.
type conditional struct {
	TableName                           string
	ConditionExpression                 *string
	ReturnValuesOnConditionCheckFailure string
	substitutions
}

// The requests for one item, alone or as a part of a batch or transaction.
type (
	putRequest struct {
		conditional
		Item item
	}
	deleteRequest struct {
		conditional
		Key item
	}
	updateRequest struct {
		conditional
		Key              item
		UpdateExpression *string
	}
	getRequest struct {
		TableName                string
		Key                      item
		ProjectionExpression     *string
		ExpressionAttributeNames map[string]string
	}
)

// request is what is done with one item.
type request struct {
	// action is the permission that it needs: PutItem, UpdateItem, DeleteItem,
	// ConditionCheckItem or GetItem.
	action    string
	tableName string
	// attributes are the key, or the whole item when it is put.
	attributes item
	condition  condition
	update     *update
	// paths are what is read of the item. Nil means all.
	paths []path
	// used are the names of the attributes that expressions have. Nil means that
	// all attributes are read.
	used map[string]bool
	// returnOld says that the error has the item when the condition does not hold.
	returnOld bool

	// table and place are known from bind on.
	table *table
	place string
}

func (in *putRequest) read() (*request, error) {
	return in.parse(&request{action: "PutItem", attributes: in.Item}, "item", nil)
}

func (in *deleteRequest) read() (*request, error) {
	return in.parse(&request{action: "DeleteItem", attributes: in.Key}, "key", nil)
}

func (in *updateRequest) read() (*request, error) {
	return in.parse(&request{action: "UpdateItem", attributes: in.Key}, "key", in.UpdateExpression)
}

// parse reads the expressions of a write. It returns the request also with an
// error, so that permissions can be checked first.
func (in *conditional) parse(r *request, member string, updates *string) (_ *request, err error) {
	absent := "ConditionExpression is null"
	if r.action == "UpdateItem" {
		absent = "UpdateExpression and ConditionExpression are null"
	}
	r.tableName = in.TableName
	r.returnOld = in.ReturnValuesOnConditionCheckFailure == "ALL_OLD"
	err = oneOf("returnValuesOnConditionCheckFailure", in.ReturnValuesOnConditionCheckFailure, "ALL_OLD", "NONE")
	if r.attributes == nil {
		err = cmp.Or(err, missing(member))
	}
	var inUpdate, inCondition error
	r.update, inUpdate = parse(&in.substitutions, updateExpression, updates, (*parser).update)
	r.condition, inCondition = parse(&in.substitutions, conditionExpression, in.ConditionExpression, (*parser).condition)
	r.used = in.names()
	return r, cmp.Or(err, inUpdate, inCondition, in.finish(absent))
}

// read reads the expression of a request that reads.
func (in *getRequest) read() (*request, error) {
	names := &substitutions{ExpressionAttributeNames: in.ExpressionAttributeNames}
	r := &request{action: "GetItem", tableName: in.TableName, attributes: in.Key}
	var err error
	if in.Key == nil {
		err = missing("key")
	}
	paths, problem := parse(names, projectionExpression, in.ProjectionExpression, (*parser).projection)
	if r.paths = paths; paths != nil {
		r.used = names.names()
	}
	return r, cmp.Or(err, problem, names.finish(""))
}

// access returns the permission that the request needs.
func (r *request) access() access {
	return access{action: r.action, table: r.tableName, items: []item{r.attributes}, attributes: r.used, keys: api.Keys{}}
}

// bind finds where the request goes, and checks what depends on the table alone.
func (r *request) bind(t *table) error {
	r.table = t
	r.place, _ = t.Key.place(r.attributes)
	if r.action == "PutItem" {
		return cmp.Or(t.checkItem(r.attributes), t.checkIndexKeys(r.attributes), checkSize(r.attributes, "Item size has exceeded the maximum allowed size"))
	}
	if err := t.checkKey(r.attributes); err != nil || r.update == nil {
		return err
	}
	for _, p := range r.update.paths {
		if slices.Contains(t.Key.names(), p[0].name) {
			return invalid(invalidParameterValues+"Cannot update attribute %s. This attribute is part of the key", p[0].name)
		}
	}
	return nil
}

// bindAll binds requests of a batch or transaction, no two of which may be for
// the same item. It returns what is wrong with each of them.
func (s *Service) bindAll(requests []*request, twice error) ([]error, error) {
	problems := make([]error, len(requests))
	seen := map[string]bool{}
	for n, r := range requests {
		t, err := s.find(r.tableName)
		if err != nil {
			return nil, err
		}
		problems[n] = r.bind(t)
		id := t.Name + "/" + r.place
		if seen[id] && problems[n] == nil {
			return nil, twice
		}
		seen[id] = true
	}
	return problems, nil
}

func checkSize(i item, problem string) error {
	if i.size() > maxItemSize {
		return invalid("%s", problem)
	}
	return nil
}

// prepare works out what the request changes while its table is locked. It
// changes nothing.
func (r *request) prepare() (change, error) {
	c := change{table: r.table, old: r.table.get(r.place)}
	if r.condition != nil && !r.condition.holds(c.old) {
		if r.returnOld {
			return c, checkFailed(c.old)
		}
		return c, checkFailed(nil)
	}
	switch r.action {
	case "PutItem":
		c.new = r.attributes
	case "ConditionCheckItem":
		c.new = c.old
	case "UpdateItem":
		var err error
		if c.new, err = r.update.apply(c.old, r.attributes); err != nil {
			return c, err
		}
		return c, r.table.checkUpdated(c.new)
	}
	return c, nil
}

// checkUpdated checks an item that an update has made.
func (t *table) checkUpdated(i item) error {
	for _, v := range i {
		if v.depth() > maxDepth {
			return invalid("Nesting Levels have exceeded supported limits")
		}
	}
	return cmp.Or(t.checkIndexKeys(i), checkSize(i, "Item size to update has exceeded the maximum allowed size"))
}

// execute makes a single write.
func (r *request) execute() (change, error) {
	r.table.mu.Lock()
	defer r.table.mu.Unlock()
	c, err := r.prepare()
	if err == nil {
		c.apply()
	}
	return c, err
}

// find returns the item that the request reads.
func (r *request) find() item {
	r.table.mu.RLock()
	defer r.table.mu.RUnlock()
	return r.table.get(r.place)
}
