// Package awsconfig configures the AWS SDK from what Lambda puts into a
// function's environment, and nothing else.
//
// Inside Lambda, config.LoadDefaultConfig of the SDK comes to the same region and
// credentials, but links the clients of SSO, STS and the instance metadata
// service to look for them elsewhere, about a fifth of a small function's binary.
// What LoadDefaultConfig also reads (shared configuration files, retry mode,
// endpoints of single services) is not read here.
package awsconfig

import (
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// FromEnvironment returns the configuration that these variables describe:
//
//   - AWS_REGION: the region. Required.
//   - AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: the keys of the function's role.
//     Required.
//   - AWS_SESSION_TOKEN: the session of those keys. Lambda always sets it; keys
//     that have no session do without.
//   - AWS_ENDPOINT_URL: where to send all requests. Unset or empty means to AWS.
//
// Lambda sets all but the last, see
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. The keys
// are fixed: they live as long as the execution environment.
//
// It returns an error that names every required variable that is missing or empty.
func FromEnvironment() (aws.Config, error) {
	env, err := Require("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	if err != nil {
		return aws.Config{}, err
	}
	cfg := aws.Config{
		Region: env["AWS_REGION"],
		Credentials: credentials.NewStaticCredentialsProvider(
			env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], os.Getenv("AWS_SESSION_TOKEN")),
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		cfg.BaseEndpoint = aws.String(endpoint)
	}
	return cfg, nil
}

// Require returns the values of the named environment variables by name. It
// returns an error that names every one that is missing or empty.
func Require(names ...string) (map[string]string, error) {
	values := make(map[string]string, len(names))
	var missing []string
	for _, name := range names {
		if values[name] = os.Getenv(name); values[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("environment: missing %s", strings.Join(missing, ", "))
	}
	return values, nil
}

// Connect calls connect with the configuration of [FromEnvironment] and the values
// of the named environment variables, and returns what it returns. If a variable is
// missing, it returns an error that names it, and does not call connect.
func Connect[H any](connect func(cfg aws.Config, env map[string]string) (H, error), variables ...string) (handler H, err error) {
	env, err := Require(variables...)
	if err != nil {
		return handler, err
	}
	cfg, err := FromEnvironment()
	if err != nil {
		return handler, err
	}
	return connect(cfg, env)
}
