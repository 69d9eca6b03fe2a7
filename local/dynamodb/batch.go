package dynamodb

import (
	"cmp"
	"maps"
	"slices"

	"github.com/noidle/noidle/local/api"
)

// The limits of batches
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-api).
const (
	maxBatchWrites = 25
	maxBatchGets   = 100
	maxBatchSize   = 16 << 20
)

// batch is a batch of requests that do not depend on each other.
type batch struct {
	operation string
	limit     int
	requests  []*request
	// err is what is wrong with the first bad request.
	err error
}

// add adds a request. Err is what is wrong with it.
func (b *batch) add(r *request, err error) {
	b.requests = append(b.requests, r)
	b.err = cmp.Or(b.err, err)
}

// table begins the requests for a table. There must be some.
func (b *batch) table(name string, count int) {
	if count == 0 {
		b.err = cmp.Or(b.err, constraint("[]", "requestItems."+name+".member", "Member must have length greater than or equal to 1"))
	}
}

// admitBatch authorizes and binds the requests of a batch.
func (s *Service) admitBatch(call *api.Call, b *batch) error {
	var needs []access
	for _, r := range b.requests {
		need := r.access()
		need.action = b.operation
		needs = append(needs, need)
	}
	if denied := s.authorizeAll(call, needs); denied != nil {
		return denied
	}
	switch {
	case b.err != nil:
		return b.err
	case len(b.requests) == 0:
		return missing("requestItems")
	case len(b.requests) > b.limit:
		return invalid("Too many items requested for the %s call", b.operation)
	}
	problems, err := s.bindAll(b.requests, invalid("Provided list of item keys contains duplicates"))
	return cmp.Or(err, cmp.Or(problems...))
}

type (
	batchWriteInput struct {
		RequestItems map[string][]batchWrite
		accounting
	}
	batchWrite struct {
		PutRequest    *struct{ Item item }
		DeleteRequest *struct{ Key item }
	}
	batchWriteOutput struct {
		UnprocessedItems      struct{}
		ItemCollectionMetrics map[string][]*collectionMetrics `json:",omitempty"`
		ConsumedCapacity      []*consumedCapacity             `json:",omitempty"`
	}
)

func (b batchWrite) read(table string) (*request, error) {
	of := conditional{TableName: table}
	switch {
	case (b.PutRequest == nil) == (b.DeleteRequest == nil):
		return &request{tableName: table}, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case b.PutRequest != nil:
		return (&putRequest{of, b.PutRequest.Item}).read()
	}
	return (&deleteRequest{of, b.DeleteRequest.Key}).read()
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
func (s *Service) batchWriteItem(call *api.Call, in *batchWriteInput) (*batchWriteOutput, error) {
	b := &batch{operation: "BatchWriteItem", limit: maxBatchWrites, err: in.validate()}
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		b.table(name, len(in.RequestItems[name]))
		for _, write := range in.RequestItems[name] {
			b.add(write.read(name))
		}
	}
	if err := s.admitBatch(call, b); err != nil {
		return nil, err
	}
	used := meters{}
	for _, r := range b.requests {
		c, err := r.execute()
		if err != nil {
			return nil, err
		}
		used.of(r.table).write(c)
	}
	return &batchWriteOutput{
		ItemCollectionMetrics: metrics(in.ReturnItemCollectionMetrics, b.requests),
		ConsumedCapacity:      used.report(in.ReturnConsumedCapacity),
	}, nil
}

type (
	batchGetInput struct {
		RequestItems           map[string]keysAndAttributes
		ReturnConsumedCapacity string
	}
	keysAndAttributes struct {
		Keys                     []item
		ConsistentRead           *bool             `json:",omitempty"`
		ProjectionExpression     *string           `json:",omitempty"`
		ExpressionAttributeNames map[string]string `json:",omitempty"`
	}
	batchGetOutput struct {
		Responses        map[string][]item
		UnprocessedKeys  map[string]keysAndAttributes
		ConsumedCapacity []*consumedCapacity `json:",omitempty"`
	}
)

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
func (s *Service) batchGetItem(call *api.Call, in *batchGetInput) (*batchGetOutput, error) {
	mode := accounting{ReturnConsumedCapacity: in.ReturnConsumedCapacity}
	b := &batch{operation: "BatchGetItem", limit: maxBatchGets, err: mode.validate()}
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		of := in.RequestItems[name]
		b.table(name, len(of.Keys))
		for _, key := range of.Keys {
			b.add((&getRequest{name, key, of.ProjectionExpression, of.ExpressionAttributeNames}).read())
		}
	}
	if err := s.admitBatch(call, b); err != nil {
		return nil, err
	}
	return in.read(b.requests), nil
}

// read reads items, as far as they are not too large together.
func (in *batchGetInput) read(requests []*request) *batchGetOutput {
	out := &batchGetOutput{Responses: map[string][]item{}, UnprocessedKeys: map[string]keysAndAttributes{}}
	used := meters{}
	size := 0
	for _, r := range requests {
		name := r.tableName
		of := in.RequestItems[name]
		found := r.find()
		if size += found.size(); size > maxBatchSize {
			of.Keys = append(out.UnprocessedKeys[name].Keys, r.attributes)
			out.UnprocessedKeys[name] = of
			continue
		}
		used.of(r.table).read(r.table.views[0], found.size(), of.ConsistentRead != nil && *of.ConsistentRead)
		if out.Responses[name] == nil {
			out.Responses[name] = []item{}
		}
		if found != nil {
			out.Responses[name] = append(out.Responses[name], found.project(r.paths))
		}
	}
	out.ConsumedCapacity = used.report(in.ReturnConsumedCapacity)
	return out
}
