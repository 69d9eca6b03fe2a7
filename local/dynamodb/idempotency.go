package dynamodb

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/noidle/noidle/local/api"
)

// How long and with which tokens a transaction is the same one
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#DDB-TransactWriteItems-request-ClientRequestToken).
const (
	tokenLifetime = 10 * time.Minute
	maxToken      = 36
)

// tokens are the transactions of the last minutes that had a token.
type tokens struct {
	mu      sync.Mutex
	byToken map[string]*idempotent
	// queue are the same, the oldest first.
	queue []*idempotent
}

// idempotent is a transaction with a token. Its lock is held while the
// transaction is made.
type idempotent struct {
	mu    sync.Mutex
	token string
	// digest is that of its parts, which would take much memory themselves.
	digest [sha256.Size]byte
	done   bool
	// since is when it was made, or first tried until then.
	since time.Time
}

// transactWrites are the parts of a transaction and a digest of them.
type transactWrites struct {
	parts  []transactWrite
	digest [sha256.Size]byte
}

// UnmarshalJSON implements json.Unmarshaler. The digest does not depend on the
// order of members.
func (t *transactWrites) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&t.parts); err != nil {
		return err
	}
	var members any
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	canonical, err := json.Marshal(members)
	t.digest = sha256.Sum256(canonical)
	return err
}

func (i *idempotent) expired(now time.Time) bool { return !now.Before(i.since.Add(tokenLifetime)) }

func checkToken(token string) error {
	if len(token) > maxToken {
		return constraint(token, "clientRequestToken", "Member must have length less than or equal to 36")
	}
	return nil
}

// once makes a transaction and returns true, unless the caller has made it
// before with its token. Failed ones may be tried again.
func (s *Service) once(call *api.Call, in *transactWriteInput, transact func() error) (bool, error) {
	if in.ClientRequestToken == "" {
		return true, transact()
	}
	token := in.ClientRequestToken
	if call.Principal != nil {
		token += " " + call.Principal.ARN
	}
	known := s.tokens.get(token, s.clock.Now())
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.done {
		if known.digest != in.TransactItems.digest {
			return false, &api.Error{Code: "IdempotentParameterMismatchException", Message: "The request parameters differ from those of an earlier request with the same client token"}
		}
		return false, nil
	}
	err := transact()
	if err == nil {
		known.digest, known.done = in.TransactItems.digest, true
		s.tokens.made(known, s.clock.Now())
	}
	return true, err
}

// get returns the transaction of a token, a new one after the token's lifetime.
func (t *tokens) get(token string, now time.Time) *idempotent {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.queue) > 0 && t.queue[0].expired(now) {
		if old := t.queue[0]; t.byToken[old.token] == old {
			delete(t.byToken, old.token)
		}
		t.queue = t.queue[1:]
	}
	known := t.byToken[token]
	if known == nil || known.expired(now) {
		known = &idempotent{token: token, since: now}
		t.byToken[token] = known
		t.queue = append(t.queue, known)
	}
	return known
}

func (t *tokens) made(transaction *idempotent, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	transaction.since = now
}
