package dynamodb

import (
	"cmp"

	"github.com/noidle/noidle/local/api"
)

// writeOptions are the members of single writes that parts of transactions do
// not have.
type writeOptions struct {
	accounting
	ReturnValues string
}

type (
	putItemInput struct {
		putRequest
		writeOptions
	}
	deleteItemInput struct {
		deleteRequest
		writeOptions
	}
	updateItemInput struct {
		updateRequest
		writeOptions
	}
	writeOutput struct {
		Attributes            item               `json:",omitempty"`
		ConsumedCapacity      *consumedCapacity  `json:",omitempty"`
		ItemCollectionMetrics *collectionMetrics `json:",omitempty"`
	}
)

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
func (s *Service) putItem(call *api.Call, in *putItemInput) (*writeOutput, error) {
	r, err := in.read()
	return s.write(call, r, in.writeOptions, err)
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html
func (s *Service) deleteItem(call *api.Call, in *deleteItemInput) (*writeOutput, error) {
	r, err := in.read()
	return s.write(call, r, in.writeOptions, err)
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
func (s *Service) updateItem(call *api.Call, in *updateItemInput) (*writeOutput, error) {
	r, err := in.read()
	return s.write(call, r, in.writeOptions, err)
}

// write makes a single write. Err is what is wrong with its request.
func (s *Service) write(call *api.Call, r *request, options writeOptions, err error) (*writeOutput, error) {
	keys := api.Keys{"ReturnValues": {cmp.Or(options.ReturnValues, "NONE")}, "ReturnConsumedCapacity": {options.ReturnConsumedCapacity}}
	if err := s.admit(call, r, keys, cmp.Or(err, options.validateFor(r.action))); err != nil {
		return nil, err
	}
	c, err := r.execute()
	if err != nil {
		return nil, err
	}
	used := newMeter(r.table)
	used.write(c)
	return &writeOutput{
		Attributes:            r.returned(c, options.ReturnValues),
		ConsumedCapacity:      used.report(options.ReturnConsumedCapacity),
		ItemCollectionMetrics: r.table.metrics(options.ReturnItemCollectionMetrics, r.attributes),
	}, nil
}

// admit authorizes and binds a request for one item. Err is what is wrong with
// it.
func (s *Service) admit(call *api.Call, r *request, keys api.Keys, err error) error {
	a := r.access()
	a.keys = keys
	if denied := s.authorize(call, a); denied != nil {
		return denied
	}
	if err != nil {
		return err
	}
	t, err := s.find(r.tableName)
	if err != nil {
		return err
	}
	return r.bind(t)
}

func (o writeOptions) validateFor(action string) error {
	err := cmp.Or(o.validate(), oneOf("returnValues", o.ReturnValues, "ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"))
	if action != "UpdateItem" && oneOf("", o.ReturnValues, "NONE", "ALL_OLD") != nil {
		err = cmp.Or(err, invalid("ReturnValues can only be ALL_OLD or NONE"))
	}
	return err
}

// returned returns what ReturnValues asks for.
func (r *request) returned(c change, values string) item {
	updated := func(i item) item {
		if r.update == nil {
			return nil
		}
		return i.project(r.update.paths)
	}
	switch values {
	case "ALL_OLD":
		return c.old
	case "ALL_NEW":
		return c.new
	case "UPDATED_OLD":
		return updated(c.old)
	case "UPDATED_NEW":
		return updated(c.new)
	}
	return nil
}

type (
	getItemInput struct {
		getRequest
		ConsistentRead         bool
		ReturnConsumedCapacity string
	}
	// itemOutput has an item, which is absent when there is none.
	itemOutput struct {
		Item *item `json:",omitempty"`
	}
	getItemOutput struct {
		itemOutput
		ConsumedCapacity *consumedCapacity `json:",omitempty"`
	}
)

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
func (s *Service) getItem(call *api.Call, in *getItemInput) (*getItemOutput, error) {
	r, err := in.read()
	mode := accounting{ReturnConsumedCapacity: in.ReturnConsumedCapacity}
	if err := s.admit(call, r, api.Keys{"ReturnConsumedCapacity": {in.ReturnConsumedCapacity}}, cmp.Or(err, mode.validate())); err != nil {
		return nil, err
	}
	found := r.find()
	used := newMeter(r.table)
	used.read(r.table.views[0], found.size(), in.ConsistentRead)
	return &getItemOutput{itemOutput: r.output(found), ConsumedCapacity: used.report(in.ReturnConsumedCapacity)}, nil
}

// output returns what the request reads of an item.
func (r *request) output(found item) itemOutput {
	if found == nil {
		return itemOutput{}
	}
	return itemOutput{new(found.project(r.paths))}
}
