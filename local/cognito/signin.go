package cognito

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"
)

// challengeLifetime is for how long a challenge can be answered
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html).
const challengeLifetime = 3 * time.Minute

// challenge waits for the new password of a user who has a temporary one
// (https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-create-user-accounts.html).
type challenge struct {
	id      string
	user    *user
	client  *Client
	expires time.Time
}

// signIn checks a password. A temporary one gets a challenge.
func (s *Service) signIn(p *pool, c *Client, name, password string) (*user, *challenge, error) {
	u, err := p.find(name)
	switch {
	case err != nil:
		return nil, nil, err
	case u.password != password:
		return nil, nil, errIncorrect
	case u.status == unconfirmed:
		return nil, nil, errUnconfirmed
	case u.status == forceChangePassword:
		asked := &challenge{rand.Text(), u, c, s.now().Add(challengeLifetime)}
		p.challenges[asked.id] = asked
		return nil, asked, nil
	}
	return u, nil, nil
}

// answer sets the new password that a challenge is for, and attributes, but no
// required one that the user has
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html).
func (s *Service) answer(p *pool, c *Client, id, password string, attributes map[string]string) (*user, error) {
	asked, ok := p.challenges[id]
	if !ok || asked.client != c {
		return nil, fail("NotAuthorizedException", "Invalid session for the user, session is expired.")
	}
	u := asked.user
	for name := range attributes {
		if u.attributes[name] != "" && (name == "email" || slices.Contains(p.Required, name)) {
			return nil, fail("NotAuthorizedException", "Cannot modify an already provided %s", name)
		}
	}
	all := maps.Clone(u.attributes)
	maps.Copy(all, attributes)
	if err := p.checkWritten(attributes, all); err != nil {
		return nil, err
	}
	if err := p.setPassword(u, password, confirmed, s.now()); err != nil {
		return nil, err
	}
	u.attributes = all
	delete(p.challenges, id)
	return u, nil
}
