package cognito

import (
	"fmt"
	"maps"
	"math/rand/v2"
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
	password          string
	attributes        map[string]string
	groups            []string
	created, modified time.Time
	code              *code // to confirm, or to reset the password
}

// code is what AWS sends by e-mail.
type code struct {
	value   string
	reset   bool
	expires time.Time
}

// For how long codes are valid
// (https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html).
const (
	confirmationLifetime = 24 * time.Hour
	resetLifetime        = time.Hour
)

var (
	errIncorrect    = fail("NotAuthorizedException", "Incorrect username or password.")
	errUserNotFound = fail("UserNotFoundException", "User does not exist.")
	errUnconfirmed  = fail("UserNotConfirmedException", "User is not confirmed.")
	errMismatch     = fail("CodeMismatchException", "Invalid verification code provided, please try again.")
	errExpired      = fail("ExpiredCodeException", "Invalid code provided, please request a code again.")
)

// standardAttributes are those of every pool
// (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html).
var standardAttributes = []string{
	"address", "birthdate", "email", "email_verified", "family_name", "gender", "given_name", "locale", "middle_name", "name",
	"nickname", "phone_number", "phone_number_verified", "picture", "preferred_username", "profile", "updated_at", "website", "zoneinfo",
}

// add creates a user.
func (p *pool) add(name, password, status string, attributes map[string]string, now time.Time) (*user, error) {
	u := &user{name: name, sub: uuid.NewString(), attributes: attributes, created: now}
	if name == "" || len(name) > 128 {
		return nil, fail("InvalidParameterException", "username must be 1 to 128 characters")
	}
	if p.EmailUsername {
		if !isEmail(name) {
			return nil, fail("InvalidParameterException", "Username should be an email.")
		}
		u.name, attributes["email"] = u.sub, name
	}
	if err := p.checkAttributes(attributes); err != nil {
		return nil, err
	}
	if err := p.setPassword(u, password, status, now); err != nil {
		return nil, err
	}
	if _, err := p.find(name); err == nil {
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
	for name, value := range attributes {
		switch {
		case !slices.Contains(standardAttributes, name) && !slices.Contains(p.Custom, name):
			return fail("InvalidParameterException", "Attributes did not conform to the schema: Type for attribute {%s} could not be determined", name)
		case name == "email" && !isEmail(value):
			return fail("InvalidParameterException", "Invalid email address format.")
		}
	}
	return nil
}

// checkWritten checks the attributes that users give, who may not say that an
// address is verified, together with those that they have
// (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html).
func (p *pool) checkWritten(written, all map[string]string) error {
	for name := range written {
		if strings.HasSuffix(name, "_verified") {
			return fail("NotAuthorizedException", "A client attempted to write unauthorized attribute")
		}
	}
	if missing := p.missing(all); len(missing) > 0 {
		return fail("InvalidParameterException", "Attributes did not conform to the schema: %s: The attribute is required", missing[0])
	}
	return p.checkAttributes(written)
}

// signUp creates a user who confirms it with a code.
func (s *Service) signUp(p *pool, name, password string, attributes map[string]string) (*user, error) {
	if p.AdminOnly {
		return nil, fail("NotAuthorizedException", "SignUp is not permitted for this user pool")
	}
	all := maps.Clone(attributes)
	if p.EmailUsername {
		all["email"] = name
	}
	if err := p.checkWritten(attributes, all); err != nil {
		return nil, err
	}
	u, err := p.add(name, password, unconfirmed, attributes, s.now())
	if err == nil {
		s.sendCode(p, u, false)
	}
	return u, err
}

// sendCode makes a user's code, in place of an earlier one.
func (s *Service) sendCode(p *pool, u *user, reset bool) {
	u.code = &code{value: fmt.Sprintf("%06d", rand.IntN(1_000_000)), reset: reset, expires: s.now().Add(confirmationLifetime)}
	if reset {
		u.code.expires = s.now().Add(resetLifetime)
	}
	s.sent(p, u, "code", u.code.value)
}

// sent reports what AWS sends by e-mail.
func (s *Service) sent(p *pool, u *user, what, value string) {
	name := u.name
	if p.EmailUsername {
		name = u.attributes["email"]
	}
	s.options.Report(fmt.Sprintf("cognito: %s: the %s for %s, which AWS sends by e-mail, is %s", p.ID, what, name, value))
}

// check compares a code with what a user entered.
func (c *code) check(value string, reset bool, now time.Time) error {
	switch {
	case c == nil || c.reset != reset || !now.Before(c.expires):
		return errExpired
	case c.value != value:
		return errMismatch
	}
	return nil
}

func (u *user) mustBeUnconfirmed() error {
	if u.status == unconfirmed {
		return nil
	}
	return fail("NotAuthorizedException", "User cannot be confirmed. Current status is %s", u.status)
}

func (s *Service) confirm(p *pool, u *user, value string) error {
	if err := u.mustBeUnconfirmed(); err != nil {
		return err
	}
	if err := u.code.check(value, false, s.now()); err != nil {
		return err
	}
	u.status, u.modified = confirmed, s.now()
	p.reached(u)
	return nil
}

// reached says that a user got the code.
func (p *pool) reached(u *user) {
	u.code = nil
	if p.VerifyEmail && u.attributes["email"] != "" {
		u.attributes["email_verified"] = "true"
	}
}

// forgot sends a code to choose a new password with
// (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgotPassword.html).
func (s *Service) forgot(p *pool, u *user) error {
	switch {
	case u.status == forceChangePassword:
		return fail("NotAuthorizedException", "User password cannot be reset in the current state.")
	case u.attributes["email_verified"] != "true":
		return fail("InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or phone_number")
	}
	s.sendCode(p, u, true)
	return nil
}

func (s *Service) resetPassword(p *pool, u *user, value, password string) error {
	if err := u.code.check(value, true, s.now()); err != nil {
		return err
	}
	if err := p.setPassword(u, password, confirmed, s.now()); err != nil {
		return err
	}
	p.reached(u)
	return nil
}
