package cognito

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
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
	missing := ""
	switch {
	case len([]rune(password)) < p.MinimumLength:
		missing = "Password not long enough"
	case len(password) > 256:
		missing = "Password too long"
	case p.RequireLowercase && !strings.ContainsFunc(password, unicode.IsLower):
		missing = "Password must have lowercase characters"
	case p.RequireUppercase && !strings.ContainsFunc(password, unicode.IsUpper):
		missing = "Password must have uppercase characters"
	case p.RequireNumbers && !strings.ContainsFunc(password, unicode.IsDigit):
		missing = "Password must have numeric characters"
	case p.RequireSymbols && !strings.ContainsAny(strings.TrimSpace(password), symbols):
		missing = "Password must have symbol characters"
	default:
		return nil
	}
	return fail("InvalidPasswordException", "Password did not conform with policy: %s", missing)
}

// hash is a password as it is kept.
type hash struct{ salt, key []byte }

// iterations are fewer than on the Internet, as the hashes never leave this
// machine's memory.
const iterations = 50_000

func newHash(password string) hash {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	return hash{salt, derive(password, salt)}
}

func derive(password string, salt []byte) []byte {
	key, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		panic(err) // of FIPS mode with other parameters alone
	}
	return key
}

func (h hash) matches(password string) bool {
	return h.salt != nil && subtle.ConstantTimeCompare(h.key, derive(password, h.salt)) == 1
}
