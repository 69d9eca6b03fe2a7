package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/noidle/noidle/cmd/noidle/outputs"
)

// whereAndWho is what usage texts say of where commands work, and as whom.
const whereAndWho = "AWS_REGION and AWS_PROFILE, or other settings that AWS's own command line takes, say\nwhere and as whom; the local cloud needs none of them.\n"

// attempts is how often a request is tried, in about ten seconds.
const attempts = 5

// endpointFlag adds the flag that every command has which calls AWS.
func endpointFlag(flags *flag.FlagSet, endpoint *string) {
	flags.StringVar(endpoint, "endpoint", os.Getenv("AWS_ENDPOINT_URL"), "`URL` of AWS, such as http://127.0.0.1:4566 for the local cloud; by default AWS_ENDPOINT_URL, or else AWS")
}

// configFor returns the configuration for an endpoint, by default that of AWS, as
// the environment and shared profiles give it. The local cloud takes any keys, so
// there nothing has to be set, and no profile is looked at.
func configFor(ctx context.Context, endpoint string) (aws.Config, error) {
	if isLoopback(endpoint) {
		return aws.Config{
			Region:           cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"),
			BaseEndpoint:     &endpoint,
			RetryMaxAttempts: attempts,
			Credentials: credentials.NewStaticCredentialsProvider(
				cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), "local"), cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), "local"), os.Getenv("AWS_SESSION_TOKEN")),
		}, nil
	}
	const wayOut = "set AWS_REGION and AWS_PROFILE, or for the local cloud, give its address as -endpoint or AWS_ENDPOINT_URL"
	loaded, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(attempts))
	switch {
	case err != nil:
		return loaded, fmt.Errorf("configuration of AWS: %w; %s", err, wayOut)
	case loaded.Region == "":
		return loaded, fmt.Errorf("no region is set: %s", wayOut)
	}
	if _, err := loaded.Credentials.Retrieve(ctx); err != nil {
		return loaded, fmt.Errorf("no credentials: %w; %s", err, wayOut)
	}
	if endpoint != "" {
		loaded.BaseEndpoint = &endpoint
	}
	return loaded, nil
}

func isLoopback(endpoint string) bool {
	address, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	return address.Hostname() == "localhost" || net.ParseIP(address.Hostname()).IsLoopback()
}

// stacksFor returns the stacks' outputs, from a file if one is named.
func stacksFor(ctx context.Context, account aws.Config, file string) (outputs.Stacks, error) {
	if file != "" {
		return outputs.Read(file)
	}
	return outputs.Describe(ctx, cloudformation.NewFromConfig(account))
}
