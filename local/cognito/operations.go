package cognito

import (
	"maps"
	"slices"

	"github.com/noidle/noidle/local/api"
)

// input has the supported members of all operations' inputs: clients send those
// of the operation that they call.
type input struct {
	AccessToken, AuthFlow, ChallengeName, ConfirmationCode, Filter, GroupName, MessageAction, Password, PreviousPassword,
	ProposedPassword, Session, TemporaryPassword, Token, Username string
	AuthParameters, ChallengeResponses map[string]string
	ClientID                           string   `json:"ClientId"`
	DesiredDeliveryMediums             []string // everything is reported
	Permanent                          bool
	UserAttributes                     []attribute
	UserPoolID                         string `json:"UserPoolId"`
}

// subject is what an operation is about. What the input does not name is nil.
type subject struct {
	pool   *pool
	client *Client
	user   *user
	grant  *grant
}

// operation does something for a subject. A nil output is an empty one.
type operation func(on subject, in *input) (any, error)

// Operations are the API's operations
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html).
func (s *Service) Operations() api.Operations {
	all := api.Operations{}
	for name, do := range s.adminOperations() {
		all[name] = s.serve(do, func(call *api.Call, in *input) (subject, error) {
			if err := call.Authorize("cognito-idp:"+name, PoolARN(in.UserPoolID), nil); err != nil {
				return subject{}, err
			}
			p, err := s.pool(in.UserPoolID)
			return subject{pool: p}, err
		})
	}
	for name, do := range s.clientOperations() {
		all[name] = s.serve(do, func(_ *api.Call, in *input) (subject, error) {
			p, c, err := s.client(in.ClientID)
			return subject{pool: p, client: c}, err
		})
	}
	for name, do := range s.userOperations() {
		all[name] = s.serve(do, func(_ *api.Call, in *input) (subject, error) {
			p, g, err := s.access(in.AccessToken, adminScope)
			if err != nil {
				return subject{}, err
			}
			return subject{p, g.client, g.user, g}, nil
		})
	}
	return all
}

// serve gives an operation its subject, and the service for itself.
func (s *Service) serve(do operation, find func(*api.Call, *input) (subject, error)) api.Operation {
	return api.Op(func(call *api.Call, in *input) (any, error) {
		s.lock()
		defer s.mu.Unlock()
		on, err := find(call, in)
		if err != nil {
			return nil, err
		}
		out, err := do(on, in)
		if out == nil {
			out = struct{}{}
		}
		return out, err
	})
}

type attribute struct{ Name, Value string }

func attributeMap(list []attribute) map[string]string {
	values := map[string]string{}
	for _, a := range list {
		values[a.Name] = a.Value
	}
	return values
}

// attributeList has the sub first, as AWS does.
func (u *user) attributeList(values map[string]string) []attribute {
	list := []attribute{{"sub", u.sub}}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, attribute{name, values[name]})
	}
	return list
}
