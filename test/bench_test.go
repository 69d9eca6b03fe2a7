package test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/local/lambda"
)

// The benchmarks time whole runs themselves and report the median of several,
// beside what it is to be compared with, measured in the same run.
const rounds = 5

// median returns the median of how long f takes.
func median(b *testing.B, f func()) time.Duration {
	b.Helper()
	var times []time.Duration
	for range rounds {
		begin := time.Now()
		f()
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// report replaces the time of the whole benchmark, which says nothing.
func report(b *testing.B, values map[string]float64) {
	b.ReportMetric(0, "ns/op")
	for unit, value := range values {
		b.ReportMetric(value, unit)
	}
}

// BenchmarkSynth measures what building adds to the synthesis of an app with ten
// functions: when nothing has changed since the last time, and when one function
// has.
func BenchmarkSynth(b *testing.B) {
	app := newTenFunctions(b)
	app.synth(b, "host") // Compiles what does not change.
	none := median(b, func() { app.synth(b, "none") })
	unchanged := median(b, func() { app.synth(b, "host") })
	change := 0
	changed := median(b, func() {
		change++
		app.writeFunction(b, 0, fmt.Sprintf("changed %d times", change))
		app.synth(b, "host")
	})
	report(b, map[string]float64{
		"none-s":              none.Seconds(),
		"unchanged-s":         unchanged.Seconds(),
		"unchanged-x-none":    unchanged.Seconds() / none.Seconds(),
		"unchanged-added-s":   (unchanged - none).Seconds(),
		"one-changed-s":       changed.Seconds(),
		"one-changed-x-none":  changed.Seconds() / none.Seconds(),
		"one-changed-added-s": (changed - none).Seconds(),
	})
}

// tenFunctions is a module with an app of ten functions that each use DynamoDB.
type tenFunctions struct{ dir string }

const tenFunctionsApp = `package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/noidle/noidle/constructs/compute"
)

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Ten"), nil)
	for i := range 10 {
		compute.NewGoFunction(stack, fmt.Sprintf("Function%d", i), &compute.GoFunctionProps{
			Package: fmt.Sprintf("./functions/f%d", i),
		})
	}
	app.Synth(nil)
}
`

const tenFunctionsFunction = `package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/noidle/noidle/functions/kit/awsconfig"
)

func main() {
	config, err := awsconfig.FromEnvironment()
	if err != nil {
		panic(err)
	}
	client := dynamodb.NewFromConfig(config)
	lambda.Start(func(ctx context.Context) (string, error) {
		_, err := client.ListTables(ctx, &dynamodb.ListTablesInput{})
		return %q, err
	})
}
`

func newTenFunctions(b *testing.B) tenFunctions {
	b.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		b.Fatal(err)
	}
	app := tenFunctions{dir: b.TempDir()}
	app.write(b, "main.go", tenFunctionsApp)
	for i := range 10 {
		app.writeFunction(b, i, "unchanged")
	}
	command(b, app.dir, nil, "go", "mod", "init", "example.com/ten")
	command(b, app.dir, nil, "go", "mod", "edit", "-require=github.com/noidle/noidle@v0.0.0", "-replace=github.com/noidle/noidle="+root)
	command(b, app.dir, nil, "go", "mod", "tidy")
	command(b, app.dir, nil, "go", "build", "-o", "app", ".")
	return app
}

func (a tenFunctions) writeFunction(b *testing.B, i int, text string) {
	b.Helper()
	a.write(b, fmt.Sprintf("functions/f%d/main.go", i), fmt.Sprintf(tenFunctionsFunction, text))
}

func (a tenFunctions) write(b *testing.B, name, content string) {
	b.Helper()
	file := filepath.Join(a.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		b.Fatal(err)
	}
}

// synth runs the app as the CDK's command line does, which has its own start-up
// time, into the same directory as the last time.
func (a tenFunctions) synth(b *testing.B, target string) {
	b.Helper()
	cmd := exec.Command("./app")
	cmd.Dir = a.dir
	cmd.Env = append(os.Environ(), "CDK_OUTDIR=cdk.out", fmt.Sprintf(`CDK_CONTEXT_JSON={"noidle:target":%q}`, target))
	if printed, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, printed)
	}
}

// BenchmarkFunctions measures each function of the reference app: the size of
// its binary for Lambda, its cold start (from the start of the process to the
// answer of the first invocation) and its warm invocations a second, beside a
// function that does nothing. AWS is an endpoint in the same process that
// answers at once, so what remains is the function.
func BenchmarkFunctions(b *testing.B) {
	local := referenceApp(b)
	deployed := synthesizeApp(b, "..", b.TempDir(), "NoidleOrders", "arm64")
	coldNothing, warmNothing := measureNothing(b)
	aws := newEndpoint(b)
	for prefix, events := range functionCases(b) {
		b.Run(prefix, func(b *testing.B) {
			good := events[0]
			aws.reset(good.answers)
			cold, warm := measure(b, local.function(b, aws, prefix), []byte(good.event))
			info, err := os.Stat(filepath.Join(deployed.asset(b, prefix), "bootstrap"))
			if err != nil {
				b.Fatal(err)
			}
			report(b, map[string]float64{
				"arm64-MB":       float64(info.Size()) / 1e6,
				"cold-ms":        cold.Seconds() * 1000,
				"cold-x-nothing": cold.Seconds() / coldNothing.Seconds(),
				"warm/s":         warm,
				"warm-x-nothing": warm / warmNothing,
			})
		})
	}
}

// measure returns a function's median cold start, and how often it answers in a
// second.
func measure(b *testing.B, f lambda.Function, event []byte) (cold time.Duration, perSecond float64) {
	b.Helper()
	run := func() *lambda.Sandbox {
		s, err := lambda.Start(f, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Invoke(context.Background(), "1", event); err != nil {
			b.Fatalf("%s: %v", f.Name, err)
		}
		return s
	}
	var last *lambda.Sandbox
	cold = median(b, func() {
		if last != nil {
			last.Close()
		}
		last = run()
	})
	defer last.Close()
	count := 0
	begin := time.Now()
	for time.Since(begin) < time.Second {
		if _, err := last.Invoke(context.Background(), "2", event); err != nil {
			b.Fatal(err)
		}
		count++
	}
	return cold, float64(count) / time.Since(begin).Seconds()
}

// measureNothing measures a function that does nothing.
func measureNothing(b *testing.B) (cold time.Duration, perSecond float64) {
	b.Helper()
	return measure(b, lambda.Function{Name: "nothing", Dir: buildNothing(b), Memory: 256, Timeout: 10 * time.Second}, []byte("{}"))
}

// buildNothing builds a function that does nothing, and returns its directory.
func buildNothing(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "bootstrap"), "./testdata/functions/nothing")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var printed bytes.Buffer
	cmd.Stderr = &printed
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v\n%s", err, strings.TrimSpace(printed.String()))
	}
	return dir
}
