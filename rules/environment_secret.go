package rules

import (
	"regexp"

	"github.com/noidle/noidle/rules/template"
)

func init() {
	register(Rule{
		ID:       "environment-secret",
		Title:    "Environment variables hold no secrets.",
		Page:     "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html",
		Severity: Error,
		Fix:      "Keep the secret in Secrets Manager or Parameter Store, give the function its name, and let it read the secret.",
		Types:    []string{"AWS::Lambda::Function"},
		check:    checkEnvironmentSecret,
	})
}

var (
	secretName = regexp.MustCompile(`(?i)(password|passwd|secret|api_?key|private_?key|access_?key|credential|auth_?token|access_?token)|(?i)(_|^)token$`)
	// placeName and placeValue match what says where a secret is, or is a switch.
	placeName  = regexp.MustCompile(`(?i)_?(arn|name|id|path|url|uri|table|bucket|parameter|ttl|seconds|enabled|header|length|version|prefix|region|endpoint|provider|source|policy|level|type|mode|algorithm|file|dir|store|backend|format)$`)
	placeValue = regexp.MustCompile(`^$|^arn:|^\.{0,2}/|^https?://|^\{\{resolve:|(?i)^(true|false|none|[0-9]{1,6})$`)
	// secretValue matches keys of AWS, GitHub, Stripe and Slack, private keys, tokens
	// and URLs with a password.
	secretValue = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bsk_live_[A-Za-z0-9]{16}|\bxox[abpr]-[A-Za-z0-9-]{10}|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|^[a-z]+://[^/:@ ]+:[^/@ ]+@`)
)

// checkEnvironmentSecret looks at plain text only: a parameter, an ARN, a name or a
// dynamic reference is no secret.
func checkEnvironmentSecret(r *template.Resource, report reporter) {
	variables := r.Get("Environment", "Variables")
	for _, name := range variables.Keys() {
		value, plain := variables.Get(name).Literal()
		named := secretName.MatchString(name) && !placeName.MatchString(name) && !placeValue.MatchString(value)
		if plain && (named || secretValue.MatchString(value)) {
			report("Environment.Variables."+name, "whoever may read the template or the function reads the secret")
		}
	}
}
