package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/noidle/noidle/local"
)

// localFlags are the flags of noidle local.
type localFlags struct {
	addr, outputs, report string
	chaos                 float64
	seed                  uint64
}

func runLocal(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	var f localFlags
	flags := flag.NewFlagSet("noidle local", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, "usage: noidle local [flags] CDK_OUT\n\nRuns the cloud assembly that cdk synth wrote into the directory CDK_OUT.\n\nFlags:\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&f.addr, "addr", "127.0.0.1:4566", "loopback `address` of the AWS endpoint; HTTP APIs, function URLs and distributions follow; port 0 picks free ports")
	flags.StringVar(&f.outputs, "outputs", "", "write the stacks' outputs to this `file`, as cdk deploy --outputs-file does")
	flags.Float64Var(&f.chaos, "chaos", 0, "inject faults at this `rate`, 0 to 1")
	flags.Uint64Var(&f.seed, "seed", 0, "`number` that decides which faults are injected; 0 picks one")
	flags.StringVar(&f.report, "report", "", "at the end, write to this `file` what each role was granted and used")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return fmt.Errorf("local: want one directory with a cloud assembly, such as cdk.out, not %q", flags.Args())
	}
	return f.serve(ctx, flags.Arg(0), stdout, stderr)
}

// memoryGoal is how much memory the local cloud tries to stay below, beside its
// functions: near it, garbage is collected more often.
const memoryGoal = 150 << 20

// serve runs the assembly in a directory until ctx is done.
func (f localFlags) serve(ctx context.Context, dir string, stdout, stderr io.Writer) (err error) {
	debug.SetMemoryLimit(memoryGoal)
	if f.chaos > 0 && f.seed == 0 {
		f.seed = rand.Uint64()
	}
	cloud, err := local.Start(dir, local.Options{
		Addr:   f.addr,
		Chaos:  f.chaos,
		Seed:   f.seed,
		Report: func(message string) { _, _ = fmt.Fprintln(stderr, message) },
	})
	if err != nil {
		return err
	}
	defer func() {
		cloud.Close()
		err = errors.Join(err, f.conclude(cloud, stderr))
	}()
	if f.outputs != "" {
		if err := writeJSON(f.outputs, cloud.Outputs()); err != nil {
			return err
		}
	}
	printOutputs(stdout, cloud.Outputs())
	_, _ = fmt.Fprintf(stdout, "AWS_ENDPOINT_URL=%s\n", cloud.URL())
	if f.chaos > 0 {
		_, _ = fmt.Fprintf(stdout, "injecting faults at the rate %v with the seed %d\n", f.chaos, f.seed)
	}
	_, _ = fmt.Fprintln(stdout, "ready")
	<-ctx.Done()
	return nil
}

// printOutputs prints the stacks' outputs: first the addresses of sites, then the
// others by name, without those that the CDK adds for other stacks to refer to.
func printOutputs(stdout io.Writer, outputs map[string]map[string]string) {
	var sites, others []string
	for _, stack := range slices.Sorted(maps.Keys(outputs)) {
		for _, name := range slices.Sorted(maps.Keys(outputs[stack])) {
			line := fmt.Sprintf("%s.%s = %s\n", stack, name, outputs[stack][name])
			switch {
			case name == "SiteUrl":
				sites = append(sites, line)
			case !forOtherStacks.MatchString(name):
				others = append(others, line)
			}
		}
	}
	_, _ = io.WriteString(stdout, strings.Join(slices.Concat(sites, others), ""))
}

// forOtherStacks matches the names that the CDK gives outputs for references.
var forOtherStacks = regexp.MustCompile(`^(Publish|Exports)Output(Ref|FnGetAtt)`)

// conclude tells what happened, once everything has ended.
func (f localFlags) conclude(cloud *local.Cloud, stderr io.Writer) error {
	report := cloud.Report()
	for _, kind := range slices.Sorted(maps.Keys(report.Faults)) {
		_, _ = fmt.Fprintf(stderr, "%s: %d injected\n", kind, report.Faults[kind])
	}
	if f.report == "" {
		return nil
	}
	return writeJSON(f.report, report)
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
