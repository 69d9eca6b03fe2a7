// Package idempotency runs a piece of work once for each key, however often it is
// asked to, and answers repeated requests with the first result. It remembers the
// keys in a DynamoDB table.
//
// # The table
//
// The partition key is id (S), the only key. The attribute for time to live is
// expiry (N, seconds since 1970). A table may serve several callers if their keys
// do not meet. A function needs dynamodb:PutItem, dynamodb:UpdateItem and
// dynamodb:DeleteItem on it.
//
// DynamoDB deletes expired items within a few days, not at once
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html), so
// a record counts as gone as soon as its expiry has passed.
//
// # What holds
//
// Once the work is done and its result is recorded, it is not run again until the
// record expires: [Do] returns the recorded result. While it runs, nobody else
// runs it: they get [ErrInProgress].
//
// The work holds a lease for as long as its context lasts. If the process dies
// between the effect of the work and the record of its result, the work runs
// again once the lease has ended. So its effect itself has to be repeatable, for
// example a conditional write under an ID derived from the key. The package turns
// many repetitions into few, and repeated answers into equal ones; it cannot turn
// "at least once" into "exactly once" for an effect outside the table.
//
// Leases and expiries are compared with the clock of the function that asks: they
// are as exact as the clocks of two functions agree.
package idempotency

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	defaultExpiry = 24 * time.Hour
	// defaultLease is the lease of work whose context has no deadline.
	defaultLease = time.Minute
	// settleTimeout bounds recording the outcome of the work, which has to happen
	// also after the caller has gone.
	settleTimeout = 2 * time.Second

	statusInProgress = "IN_PROGRESS"
	statusCompleted  = "COMPLETED"
)

// The conditions. The names of attributes that are reserved words
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html)
// are placeholders.
const (
	// claimCondition lets a request have the key: it is new, its record has expired,
	// or the same work was begun and left.
	claimCondition = "attribute_not_exists(id) OR expiry < :now OR (#status = :inProgress AND lease < :nowMs AND #hash = :hash)"
	ownerCondition = "#owner = :owner"
	completeUpdate = "SET #status = :completed, #result = :result, expiry = :expiry REMOVE lease"
)

var (
	// ErrInProgress means that another request with the same key is being worked on.
	// A later one gets its result.
	ErrInProgress = errors.New("idempotency: the work is in progress")
	// ErrPayloadMismatch means that the key was used before for another payload.
	ErrPayloadMismatch = errors.New("idempotency: the key was used for another payload")
	// ErrLeaseLost means that the work was done, but took longer than its lease, and that
	// another request with the same key has taken over.
	ErrLeaseLost = errors.New("idempotency: the lease ended before the work")
)

// Client is the part of the DynamoDB client that a [Store] uses.
type Client interface {
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// Options configures a [Store]. Zero values are the defaults.
type Options struct {
	// Expiry is how long a result is remembered, to the second. Zero means 24 hours.
	Expiry time.Duration
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Store remembers the keys. It is safe for concurrent use.
type Store struct {
	client Client
	table  string
	expiry time.Duration
	now    func() time.Time
}

// New returns a Store that remembers its keys in the named table. Nil options mean
// the defaults. It panics if the expiry is negative.
func New(client Client, table string, options *Options) *Store {
	s := &Store{client: client, table: table, expiry: defaultExpiry, now: time.Now}
	if options == nil {
		return s
	}
	if options.Expiry < 0 {
		panic(fmt.Errorf("idempotency: expiry %v is negative", options.Expiry))
	}
	if options.Expiry > 0 {
		s.expiry = options.Expiry
	}
	if options.Now != nil {
		s.now = options.Now
	}
	return s
}

// Do returns the result of fn for the key. If the result is recorded, it is
// returned and fn is not called. Otherwise fn is called and its result, written as
// JSON, recorded.
//
// The key is 1 to 2048 bytes long (the limit of DynamoDB for a partition key,
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html). The payload is
// what the request asks for, in a canonical form: only its hash is kept. The
// lease lasts until the deadline of ctx, or one minute if it has none. The
// record, and with it the result, has to fit into an item of 400 kB.
//
// The errors are:
//   - [ErrPayloadMismatch]: the key is known, its payload is another. This holds
//     in progress as well.
//   - [ErrInProgress]: another call for the key is running, or has died and its
//     lease has not ended.
//   - [ErrLeaseLost]: fn was done, but its result is not recorded, because another
//     call has taken over.
//   - the error of fn. The key is free again. If even that could not be recorded,
//     until the lease ends, the error says so and still wraps that of fn.
//   - any other error: the table could not be reached or the result not be encoded
//     or decoded. fn may have been called: calling Do again is right.
//
// If fn panics, the key is freed and the panic goes on.
func Do[T any](ctx context.Context, s *Store, key string, payload []byte, fn func(context.Context) (T, error)) (T, error) {
	var none T
	c := s.newClaim(ctx, key, payload)
	recorded, err := c.put(ctx)
	if err != nil {
		return none, fmt.Errorf("idempotency: claim key %q: %w", key, err)
	}
	if recorded != nil {
		return decode[T](recorded, c)
	}
	return work(ctx, c, fn)
}

// work calls fn and settles the claim, whatever way fn ends.
func work[T any](ctx context.Context, c *claim, fn func(context.Context) (T, error)) (T, error) {
	var none T
	returned := false
	defer func() {
		if returned {
			return
		}
		if err := c.release(ctx); err != nil {
			slog.ErrorContext(ctx, "idempotency: cannot free the key of work that panicked", "error", err.Error())
		}
	}()
	result, err := fn(ctx)
	returned = true

	if err != nil {
		if release := c.release(ctx); release != nil {
			return none, fmt.Errorf("%w (and the key is not free until its lease ends: %w)", err, release)
		}
		return none, err
	}
	text, err := json.Marshal(result)
	if err != nil {
		return none, fmt.Errorf("idempotency: encode the result: %w", errors.Join(err, c.release(ctx)))
	}
	if err := c.complete(ctx, text); err != nil {
		return none, fmt.Errorf("idempotency: record the result of key %q: %w", c.key, err)
	}
	return result, nil
}

// claim is one request's attempt to do the work of a key.
type claim struct {
	store      *Store
	key        string
	hash       string
	owner      string
	now, lease time.Time
}

func (s *Store) newClaim(ctx context.Context, key string, payload []byte) *claim {
	hash := sha256.Sum256(payload)
	c := &claim{store: s, key: key, hash: hex.EncodeToString(hash[:]), owner: rand.Text(), now: s.now()}
	c.lease = c.now.Add(defaultLease)
	if deadline, ok := ctx.Deadline(); ok {
		c.lease = deadline
	}
	return c
}

type item = map[string]types.AttributeValue

// put claims the key. It returns the completed record that stands in the way, or
// nil if the key is claimed.
func (c *claim) put(ctx context.Context) (item, error) {
	_, err := c.store.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(c.store.table),
		Item: item{
			"id":     str(c.key),
			"status": str(statusInProgress),
			"hash":   str(c.hash),
			"owner":  str(c.owner),
			"lease":  num(c.lease.UnixMilli()),
			"expiry": c.expiry(c.now),
		},
		ConditionExpression:      aws.String(claimCondition),
		ExpressionAttributeNames: map[string]string{"#status": "status", "#hash": "hash"},
		ExpressionAttributeValues: item{
			":now":        num(c.now.Unix()),
			":nowMs":      num(c.now.UnixMilli()),
			":inProgress": str(statusInProgress),
			":hash":       str(c.hash),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	taken, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !ok {
		return nil, err
	}
	return c.read(taken.Item)
}

// read decides what the record in the way of the claim means.
func (c *claim) read(record item) (item, error) {
	status, hash, owner := text(record, "status"), text(record, "hash"), text(record, "owner")
	switch {
	case hash == "":
		return nil, fmt.Errorf("the table refused the key without saying why: %v", record)
	case hash != c.hash:
		return nil, ErrPayloadMismatch
	case status == statusCompleted:
		return record, nil
	case status == statusInProgress && owner == c.owner:
		return nil, nil // our own claim, sent again by the SDK because the answer was lost
	case status == statusInProgress:
		return nil, ErrInProgress
	default:
		return nil, fmt.Errorf("unknown status %q", status)
	}
}

// complete records the result. Sending it twice does no harm.
func (c *claim) complete(ctx context.Context, result []byte) error {
	ctx, cancel := settling(ctx)
	defer cancel()
	_, err := c.store.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           aws.String(c.store.table),
		Key:                 item{"id": str(c.key)},
		UpdateExpression:    aws.String(completeUpdate),
		ConditionExpression: aws.String(ownerCondition),
		ExpressionAttributeNames: map[string]string{
			"#status": "status", "#result": "result", "#owner": "owner",
		},
		ExpressionAttributeValues: item{
			":completed": str(statusCompleted),
			":result":    str(string(result)),
			":expiry":    c.expiry(c.store.now()),
			":owner":     str(c.owner),
		},
	})
	if _, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return ErrLeaseLost
	}
	return err
}

// release frees the key, unless another request has taken over.
func (c *claim) release(ctx context.Context) error {
	ctx, cancel := settling(ctx)
	defer cancel()
	_, err := c.store.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:                 aws.String(c.store.table),
		Key:                       item{"id": str(c.key)},
		ConditionExpression:       aws.String(ownerCondition),
		ExpressionAttributeNames:  map[string]string{"#owner": "owner"},
		ExpressionAttributeValues: item{":owner": str(c.owner)},
	})
	if _, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return nil
	}
	return err
}

func (c *claim) expiry(from time.Time) types.AttributeValue {
	return num(from.Add(c.store.expiry).Unix())
}

// settling returns a context for recording the outcome. The caller may be gone.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}

func decode[T any](record item, c *claim) (T, error) {
	var result T
	if err := json.Unmarshal([]byte(text(record, "result")), &result); err != nil {
		var none T
		return none, fmt.Errorf("idempotency: decode the result of key %q: %w", c.key, err)
	}
	return result, nil
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// text returns a string attribute, or "" if there is none of that name and type.
func text(record item, name string) string {
	s, _ := record[name].(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}
