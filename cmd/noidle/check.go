package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/noidle/noidle/rules"
	"github.com/noidle/noidle/rules/template"
)

// checkFormats are the formats of noidle check.
var checkFormats = map[string]func(io.Writer, []rules.Finding) error{
	"text":  rules.WriteText,
	"json":  rules.WriteJSON,
	"sarif": rules.WriteSARIF,
}

// severities are those that -fail takes, the gravest first.
var severities = []rules.Severity{rules.Error, rules.Warning, rules.Info}

func runCheck(arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("noidle check", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, "usage: noidle check [flags] DIR|TEMPLATE...\n\nChecks cloud assemblies, such as cdk.out, and CloudFormation templates in JSON or YAML\nagainst the rules in docs/rules.md. The exit status is 1 if a finding fails.\n\nFlags:\n")
		flags.PrintDefaults()
	}
	format := flags.String("format", "text", "write findings as text, json or sarif (2.1.0)")
	fail := flags.String("fail", "warning", "the least `severity` that fails: error, warning or info")
	list := flags.Bool("rules", false, "list the rules, and check nothing")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	least := slices.Index(severities, rules.Severity(*fail))
	write := checkFormats[*format]
	switch {
	case *list:
		return listRules(stdout)
	case write == nil:
		return fmt.Errorf("check: unknown format %q; want text, json or sarif", *format)
	case least < 0:
		return fmt.Errorf("check: unknown severity %q; want error, warning or info", *fail)
	case flags.NArg() == 0:
		flags.Usage()
		return errors.New("check: want a directory with a cloud assembly, such as cdk.out, or templates")
	}
	app, err := template.Load(flags.Args()...)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	findings := rules.Check(app)
	if err := write(stdout, findings); err != nil {
		return err
	}
	return failing(findings, severities[:least+1])
}

// failing returns an error if a finding of one of the severities is not suppressed.
func failing(findings []rules.Finding, severities []rules.Severity) error {
	count := 0
	for _, finding := range findings {
		if finding.Suppressed == "" && slices.Contains(severities, finding.Severity) {
			count++
		}
	}
	if count > 0 {
		return fmt.Errorf("check: %d findings", count)
	}
	return nil
}

func listRules(w io.Writer) error {
	var b strings.Builder
	for _, rule := range rules.All() {
		fmt.Fprintf(&b, "%-32s %-8s %s\n", rule.ID, rule.Severity, rule.Title)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
