package cognito

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The states of a user
// (https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html).
const (
	unconfirmed         = "UNCONFIRMED"
	confirmed           = "CONFIRMED"
	forceChangePassword = "FORCE_CHANGE_PASSWORD"
)

type user struct {
	name, sub         string
	status            string
	password          hash
	attributes        map[string]string
	groups            []string
	created, modified time.Time
	code              *code // to confirm, or to reset the password
	failures          int   // wrong passwords in a row
	lockedUntil       time.Time
}

// code is what AWS sends by e-mail.
type code struct {
	value    string
	reset    bool
	expires  time.Time
	failures int
}

// maxFailures is how many wrong passwords or codes are taken before others wait.
const maxFailures = 5

// For how long codes are valid
// (https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html).
const (
	confirmationLifetime = 24 * time.Hour
	resetLifetime        = time.Hour
)

var (
	errIncorrect    = fail("NotAuthorizedException", "Incorrect username or password.")
	errUserNotFound = fail("UserNotFoundException", "User does not exist.")
	errLimit        = fail("LimitExceededException", "Attempt limit exceeded, please try after some time.")
	errMismatch     = fail("CodeMismatchException", "Invalid verification code provided, please try again.")
	errExpired      = fail("ExpiredCodeException", "Invalid code provided, please request a code again.")
)

// standardAttributes are those of every pool
// (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html).
var standardAttributes = []string{
	"address", "birthdate", "email", "email_verified", "family_name", "gender", "given_name", "locale", "middle_name", "name",
	"nickname", "phone_number", "phone_number_verified", "picture", "preferred_username", "profile", "updated_at", "website", "zoneinfo",
}

func (p *pool) fold(name string) string {
	if p.CaseSensitive {
		return name
	}
	return strings.ToLower(name)
}

// find returns a user by name, e-mail address where those are names, or sub.
func (p *pool) find(name string) (*user, error) {
	if u, ok := p.users[p.fold(name)]; ok {
		return u, nil
	}
	for _, u := range p.users {
		if u.name == name {
			return u, nil
		}
	}
	return nil, errUserNotFound
}

// add creates a user who may have no password yet.
func (p *pool) add(name, password, status string, attributes map[string]string, now time.Time) (*user, error) {
	attributes = maps.Clone(attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	u := &user{name: name, sub: uuid.NewString(), status: status, attributes: attributes, created: now, modified: now}
	if p.EmailUsername {
		if !isEmail(name) {
			return nil, fail("InvalidParameterException", "Username should be an email.")
		}
		u.name, attributes["email"] = u.sub, name
	}
	if email, ok := attributes["email"]; ok && !isEmail(email) {
		return nil, fail("InvalidParameterException", "Invalid email address format.")
	}
	if name == "" || len(name) > 128 {
		return nil, fail("InvalidParameterException", "username must be 1 to 128 characters")
	}
	if err := p.checkAttributes(attributes); err != nil {
		return nil, err
	}
	if password != "" {
		if err := p.Password.check(password); err != nil {
			return nil, err
		}
		u.password = newHash(password)
	}
	if _, err := p.find(name); err == nil {
		if p.EmailUsername {
			return nil, fail("UsernameExistsException", "An account with the given email already exists.")
		}
		return nil, fail("UsernameExistsException", "User already exists")
	}
	p.users[p.fold(name)] = u
	return u, nil
}

func isEmail(text string) bool {
	name, domain, ok := strings.Cut(text, "@")
	return ok && name != "" && domain != "" && !strings.ContainsAny(text, " \t\r\n<>") && !strings.Contains(domain, "@")
}

func (p *pool) checkAttributes(attributes map[string]string) error {
	for _, name := range p.Required {
		if attributes[name] == "" && name != "sub" {
			return fail("InvalidParameterException", "Attributes did not conform to the schema: %s: The attribute is required", name)
		}
	}
	for name, value := range attributes {
		if !slices.Contains(standardAttributes, name) && !slices.Contains(p.Custom, name) {
			return fail("InvalidParameterException", "Attributes did not conform to the schema: Type for attribute {%s} could not be determined", name)
		}
		if len(value) > 2048 {
			return fail("InvalidParameterException", "Attributes did not conform to the schema: %s: String must be no longer than 2048 characters", name)
		}
	}
	return nil
}

// signUp creates a user who confirms it with a code.
func (s *Service) signUp(p *pool, c *Client, name, password string, attributes map[string]string) (*user, error) {
	if p.AdminOnly {
		return nil, fail("NotAuthorizedException", "SignUp is not permitted for this user pool")
	}
	for attribute := range attributes {
		if len(c.WriteAttributes) > 0 && !slices.Contains(c.WriteAttributes, attribute) || strings.HasSuffix(attribute, "_verified") {
			return nil, fail("NotAuthorizedException", "A client attempted to write unauthorized attribute")
		}
	}
	if password == "" {
		return nil, fail("InvalidParameterException", "password must not be empty")
	}
	u, err := p.add(name, password, unconfirmed, attributes, s.now())
	if err == nil {
		s.send(p, u, false)
	}
	return u, err
}

// send makes a user's code, in place of an earlier one.
func (s *Service) send(p *pool, u *user, reset bool) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // the system's source never fails
	}
	u.code = &code{value: fmt.Sprintf("%06d", n), reset: reset, expires: s.now().Add(confirmationLifetime)}
	if reset {
		u.code.expires = s.now().Add(resetLifetime)
	}
	s.options.Report(fmt.Sprintf("cognito: %s: the code for %s, which AWS sends by e-mail, is %s", p.ID, p.signInName(u), u.code.value))
}

// signInName is what a user signs in with.
func (p *pool) signInName(u *user) string {
	if p.EmailUsername {
		return u.attributes["email"]
	}
	return u.name
}

// take checks a code and uses it up.
func (u *user) take(value string, reset bool, now time.Time) error {
	switch c := u.code; {
	case c == nil || c.reset != reset || !now.Before(c.expires):
		return errExpired
	case c.failures >= maxFailures:
		return errLimit
	case subtle.ConstantTimeCompare([]byte(c.value), []byte(value)) != 1:
		c.failures++
		return errMismatch
	}
	u.code = nil
	return nil
}

func (s *Service) confirm(p *pool, u *user, value string) error {
	if u.status != unconfirmed {
		return fail("NotAuthorizedException", "User cannot be confirmed. Current status is %s", u.status)
	}
	if err := u.take(value, false, s.now()); err != nil {
		return err
	}
	p.confirmed(u, s.now())
	return nil
}

// confirmed says that a user is who the code was sent to.
func (p *pool) confirmed(u *user, now time.Time) {
	u.status, u.modified = confirmed, now
	if p.VerifyEmail && u.attributes["email"] != "" {
		u.attributes["email_verified"] = "true"
	}
}

func (s *Service) resetPassword(p *pool, u *user, value, password string) error {
	if err := p.Password.check(password); err != nil {
		return err
	}
	if err := u.take(value, true, s.now()); err != nil {
		return err
	}
	u.password, u.failures, u.lockedUntil = newHash(password), 0, time.Time{}
	p.confirmed(u, s.now())
	return nil
}

// signIn checks a password. After five wrong ones a user waits a second, then
// twice as long each time, a quarter of an hour at most
// (https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html).
func (s *Service) signIn(p *pool, name, password string) (*user, error) {
	u, err := p.find(name)
	if err != nil {
		derive(password, []byte("nobody")) // takes as long as for somebody
		return nil, err
	}
	switch {
	case s.now().Before(u.lockedUntil):
		return nil, fail("NotAuthorizedException", "Password attempts exceeded")
	case !u.password.matches(password):
		if u.failures++; u.failures >= maxFailures {
			u.lockedUntil = s.now().Add(min(time.Second<<min(u.failures-maxFailures, 10), 15*time.Minute))
		}
		return nil, errIncorrect
	case u.status == unconfirmed:
		return u, fail("UserNotConfirmedException", "User is not confirmed.")
	case u.status == forceChangePassword:
		return u, fail("NotAuthorizedException", "the challenge NEW_PASSWORD_REQUIRED is not supported locally: set a permanent password with AdminSetUserPassword")
	}
	u.failures = 0
	return u, nil
}

func (s *Service) now() time.Time { return s.options.Clock.Now() }
