package dynamodb

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// The limits of transactions
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
const (
	maxTransactItems = 100
	maxTransactSize  = 4 << 20
)

// transaction is a transaction's requests.
type transaction struct {
	operation string
	requests  []*request
	// err is what is wrong with the first bad request.
	err error
}

// add adds a request, unless there is none. Err is what is wrong with it.
func (t *transaction) add(r *request, err error) {
	if r != nil {
		t.requests = append(t.requests, r)
	}
	t.err = cmp.Or(t.err, err)
}

// admitTransaction authorizes and binds the requests of a transaction.
func (s *Service) admitTransaction(call *api.Call, t *transaction) error {
	var needs []access
	for _, r := range t.requests {
		need := r.access()
		need.keys["EnclosingOperation"] = []string{t.operation}
		needs = append(needs, need)
	}
	if denied := s.authorizeAll(call, needs); denied != nil {
		return denied
	}
	switch count := len(t.requests); {
	case t.err != nil:
		return t.err
	case count == 0:
		return constraint("[]", "transactItems", "Member must have length greater than or equal to 1")
	case count > maxTransactItems:
		return constraint(fmt.Sprintf("[%d items]", count), "transactItems", fmt.Sprintf("Member must have length less than or equal to %d", maxTransactItems))
	}
	problems, err := s.bindAll(t.requests, invalid("Transaction request cannot include multiple operations on one item"))
	return cmp.Or(err, canceled(problems))
}

// tables returns each table of the transaction once, in the order in which all
// transactions lock tables.
func (t *transaction) tables() []*table {
	var all []*table
	for _, r := range t.requests {
		all = append(all, r.table)
	}
	slices.SortFunc(all, func(a, b *table) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(all)
}

// cancellationReason says what is wrong with a part of a transaction
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CancellationReason.html).
type cancellationReason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    any    `json:",omitempty"`
}

// canceled returns the error of a transaction with the problems of its parts in
// their order, or nil without problems.
func canceled(problems []error) error {
	if cmp.Or(problems...) == nil {
		return nil
	}
	reasons := make([]cancellationReason, len(problems))
	codes := make([]string, len(problems))
	for n, problem := range problems {
		reasons[n].Code = "None"
		if failure, ok := errors.AsType[*api.Error](problem); ok {
			reasons[n] = cancellationReason{"ValidationError", failure.Message, failure.Members["Item"]}
			if failure.Code == conditionalCheckFailed {
				reasons[n].Code = "ConditionalCheckFailed"
			}
		}
		codes[n] = reasons[n].Code
	}
	return &api.Error{
		Code:    "TransactionCanceledException",
		Message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" + join(codes) + "]",
		Members: map[string]any{"CancellationReasons": reasons},
	}
}

func checkTransactSize(size int) error {
	if size > maxTransactSize {
		return invalid("The aggregate size of the items in the transaction exceeds 4 MB")
	}
	return nil
}

type (
	transactWriteInput struct {
		TransactItems      transactWrites
		ClientRequestToken string
		accounting
	}
	// transactWrite is a part of a transaction: one of its members.
	transactWrite struct {
		ConditionCheck *deleteRequest
		Delete         *deleteRequest
		Put            *putRequest
		Update         *updateRequest
	}
	transactWriteOutput struct {
		ConsumedCapacity      []*consumedCapacity             `json:",omitempty"`
		ItemCollectionMetrics map[string][]*collectionMetrics `json:",omitempty"`
	}
)

func (t transactWrite) read() (r *request, err error) {
	parts := 0
	if t.Put != nil {
		parts++
		r, err = t.Put.read()
	}
	if t.Delete != nil {
		parts++
		r, err = t.Delete.read()
	}
	if t.Update != nil {
		parts++
		if r, err = t.Update.read(); t.Update.UpdateExpression == nil {
			err = missing("transactItems.member.update.updateExpression")
		}
	}
	if t.ConditionCheck != nil {
		parts++
		if r, err = t.ConditionCheck.read(); t.ConditionCheck.ConditionExpression == nil {
			err = missing("transactItems.member.conditionCheck.conditionExpression")
		}
		r.action = "ConditionCheckItem"
	}
	if parts != 1 {
		err = invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	return r, err
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func (s *Service) transactWriteItems(call *api.Call, in *transactWriteInput) (*transactWriteOutput, error) {
	t := &transaction{operation: "TransactWriteItems", err: cmp.Or(in.validate(), checkToken(in.ClientRequestToken))}
	for _, part := range in.TransactItems.parts {
		t.add(part.read())
	}
	if err := s.admitTransaction(call, t); err != nil {
		return nil, err
	}
	used := meters{transaction: writeUnit}
	made, err := s.once(call, in, func() error {
		changes, err := t.execute()
		for _, c := range changes {
			used.of(c.table).write(c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !made {
		// A repeated transaction costs what reading its items does.
		used = meters{transaction: readUnit}
		t.read(&used)
	}
	return &transactWriteOutput{used.report(in.ReturnConsumedCapacity), metrics(in.ReturnItemCollectionMetrics, t.requests)}, nil
}

// execute makes all writes or none.
func (t *transaction) execute() ([]change, error) {
	for _, locked := range t.tables() {
		locked.mu.Lock()
		defer locked.mu.Unlock()
	}
	changes := make([]change, len(t.requests))
	problems := make([]error, len(t.requests))
	size := 0
	for n, r := range t.requests {
		changes[n], problems[n] = r.prepare()
		size += max(changes[n].old.size(), changes[n].new.size())
	}
	if err := cmp.Or(canceled(problems), checkTransactSize(size)); err != nil {
		return nil, err
	}
	for _, c := range changes {
		c.apply()
	}
	return changes, nil
}

type (
	transactGetInput struct {
		TransactItems          []struct{ Get *getRequest }
		ReturnConsumedCapacity string
	}
	transactGetOutput struct {
		Responses        []itemOutput
		ConsumedCapacity []*consumedCapacity `json:",omitempty"`
	}
)

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html
func (s *Service) transactGetItems(call *api.Call, in *transactGetInput) (*transactGetOutput, error) {
	mode := accounting{ReturnConsumedCapacity: in.ReturnConsumedCapacity}
	t := &transaction{operation: "TransactGetItems", err: mode.validate()}
	for _, part := range in.TransactItems {
		if part.Get == nil {
			t.add(nil, missing("transactItems.member.get"))
			continue
		}
		t.add(part.Get.read())
	}
	if err := s.admitTransaction(call, t); err != nil {
		return nil, err
	}
	used := meters{transaction: readUnit}
	found, size := t.read(&used)
	out := &transactGetOutput{ConsumedCapacity: used.report(in.ReturnConsumedCapacity)}
	for n, r := range t.requests {
		out.Responses = append(out.Responses, r.output(found[n]))
	}
	return out, checkTransactSize(size)
}

// read reads all items as they are at one time, and returns them and their size
// together.
func (t *transaction) read(used *meters) (found []item, size int) {
	for _, locked := range t.tables() {
		locked.mu.RLock()
		defer locked.mu.RUnlock()
	}
	for _, r := range t.requests {
		i := r.table.get(r.place)
		used.of(r.table).read(r.table.views[0], i.size(), true)
		found, size = append(found, i), size+i.size()
	}
	return found, size
}
