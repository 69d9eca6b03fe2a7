package awsconfig_test

import (
	"fmt"
	"os"

	"github.com/noidle/noidle/functions/kit/awsconfig"
)

func Example() {
	// Lambda sets these, and the function's configuration sets TABLE.
	for name, value := range map[string]string{
		"AWS_REGION":            "eu-west-1",
		"AWS_ACCESS_KEY_ID":     "AKIAIOSFODNN7EXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"TABLE":                 "orders",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}

	cfg, err := awsconfig.FromEnvironment()
	if err != nil {
		panic(err)
	}
	env, err := awsconfig.Require("TABLE")
	if err != nil {
		panic(err)
	}
	fmt.Println(cfg.Region, env["TABLE"])
	// Output: eu-west-1 orders
}
