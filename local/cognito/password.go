package cognito

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// PasswordPolicy is what a pool's passwords need
// (https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html).
type PasswordPolicy struct {
	// MinimumLength is in characters.
	MinimumLength int
	// Each needs at least one character of its kind.
	RequireLowercase, RequireNumbers, RequireSymbols, RequireUppercase bool
}

// symbols are the special characters that count.
const symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "

func (p PasswordPolicy) check(password string) error {
	for _, rule := range []struct {
		broken  bool
		message string
	}{
		{len([]rune(password)) < max(p.MinimumLength, 1), "Password not long enough"},
		{len(password) > 256, "Password too long"},
		{p.RequireLowercase && !strings.ContainsFunc(password, unicode.IsLower), "Password must have lowercase characters"},
		{p.RequireUppercase && !strings.ContainsFunc(password, unicode.IsUpper), "Password must have uppercase characters"},
		{p.RequireNumbers && !strings.ContainsFunc(password, unicode.IsDigit), "Password must have numeric characters"},
		{p.RequireSymbols && !strings.ContainsAny(strings.TrimSpace(password), symbols), "Password must have symbol characters"},
	} {
		if rule.broken {
			return fail("InvalidPasswordException", "Password did not conform with policy: %s", rule.message)
		}
	}
	return nil
}

// String tells users what a password needs.
func (p PasswordPolicy) String() string {
	needs := []string{fmt.Sprintf("%d characters", max(p.MinimumLength, 1))}
	for _, rule := range []struct {
		holds bool
		need  string
	}{
		{p.RequireLowercase, "a lower-case letter"},
		{p.RequireUppercase, "an upper-case letter"},
		{p.RequireNumbers, "a digit"},
		{p.RequireSymbols, "a symbol"},
	} {
		if rule.holds {
			needs = append(needs, rule.need)
		}
	}
	return "At least " + strings.Join(needs, ", ") + "."
}

// setPassword sets a password that conforms to the policy, and the status.
func (p *pool) setPassword(u *user, password, status string, now time.Time) error {
	err := p.Password.check(password)
	if err == nil {
		u.password, u.status, u.modified = password, status, now
	}
	return err
}
