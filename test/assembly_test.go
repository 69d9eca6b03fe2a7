package test

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/constructs/compute"
)

// assembly is a cloud assembly on disk, and the template of one of its stacks.
type assembly struct {
	dir      string
	template template
	printed  string // by the CDK's command line
}

// The stacks of the reference app.
const (
	ordersStack     = "NoidleOrders"
	thumbnailsStack = "NoidleThumbnails"
	analyticsStack  = "NoidleAnalytics"

	webAppStack          = "NoidleWebApp"
	helloLambdaStack     = "HelloLambda"
	helloServerlessStack = "HelloServerless"
)

// synthesizeApp runs `cdk synth` in dir, as a user does, with an environment
// added to this process's, and leaves the assembly in out.
func synthesizeApp(t testing.TB, dir, out, stack, target string, environment ...string) assembly {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(root, "node_modules", ".bin", "cdk"),
		"synth", "--quiet", "--app", "go run .", "--output", out, "--context", compute.TargetContext+"="+target)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), environment...)
	printed, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("cdk synth: %v\n%s", err, printed)
	}
	return assembly{dir: out, printed: string(printed)}.stack(t, stack)
}

// stack returns the assembly with the template of another of its stacks.
func (a assembly) stack(t testing.TB, name string) assembly {
	t.Helper()
	a.template = template{}
	readJSON(t, filepath.Join(a.dir, name+".template.json"), &a.template)
	return a
}

// asset returns the directory with the code of the function whose logical ID
// starts with prefix.
func (a assembly) asset(t testing.TB, prefix string) string {
	t.Helper()
	code := a.template.find(t, "AWS::Lambda::Function", prefix).Properties["Code"].(map[string]any)
	hash := strings.TrimSuffix(code["S3Key"].(string), ".zip")
	return filepath.Join(a.dir, "asset."+hash)
}

// machine returns what machine the function's executable is for.
func machine(t testing.TB, asset string) elf.Machine {
	t.Helper()
	file, err := elf.Open(filepath.Join(asset, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	return file.Machine
}

// reference is the reference app's assembly for this machine, once it is made.
var reference *assembly

// referenceApp returns the reference app's assembly as `make synth TARGET=host`
// makes it, with the template validator on, and the template of the orders.
func referenceApp(t testing.TB) assembly {
	t.Helper()
	if reference == nil {
		a := synthesizeApp(t, "..", filepath.Join(scratch, "reference"), ordersStack, "host", "CDK_VALIDATION=true")
		reference = &a
	}
	return *reference
}

// TestReferenceApp: synthesizing ends without a warning or a notice, and every
// function's binary is in the assembly.
func TestReferenceApp(t *testing.T) {
	app := referenceApp(t)
	expected := regexp.MustCompile(`^(noidle: building|go: downloading|Successfully synthesized to|Supply a stack id) `)
	for line := range strings.Lines(app.printed) {
		if !expected.MatchString(line) {
			t.Errorf("cdk synth prints %q", line)
		}
	}
	tests := []struct {
		stack     string
		functions int // accept, read, start and five steps; resize; aggregate and trends; API and publish; render; guestbook and publish
	}{
		{ordersStack, 8},
		{thumbnailsStack, 1},
		{analyticsStack, 2},
		{webAppStack, 2},
		{helloLambdaStack, 1},
		{helloServerlessStack, 2},
	}
	for _, tt := range tests {
		stack := app.stack(t, tt.stack)
		functions := stack.template.ofType("AWS::Lambda::Function")
		if len(functions) != tt.functions {
			t.Errorf("%s has functions %v, want %d", tt.stack, functions, tt.functions)
		}
		for _, id := range functions {
			if m := machine(t, stack.asset(t, id)); m != elf.EM_X86_64 && m != elf.EM_AARCH64 {
				t.Errorf("%s is built for %v", id, m)
			}
		}
	}
}

// TestReproducible: the same source in another place makes the same templates with the
// same assets, so a deployment after which nothing changed changes nothing.
func TestReproducible(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	for _, file := range tracked(t, root) {
		content, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err := errors.Join(err, content.Close()); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(elsewhere, file.Path()), text)
	}
	again := synthesizeApp(t, elsewhere, filepath.Join(t.TempDir(), "again"), ordersStack, "host", "CDK_VALIDATION=true")
	if diff := cmp.Diff(deployed(t, referenceApp(t)), deployed(t, again)); diff != "" {
		t.Errorf("what is deployed (-want +got):\n%s", diff)
	}
}

// deployed returns what an assembly deploys: its templates, and the names of its
// assets, which are hashes of their content.
func deployed(t *testing.T, app assembly) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(app.dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case strings.HasPrefix(name, "asset."):
			files[name] = "asset"
		case strings.HasSuffix(name, ".template.json"), strings.HasSuffix(name, ".assets.json"):
			files[name] = string(readFile(t, filepath.Join(app.dir, name)))
		}
	}
	return files
}

// TestOutsideModule: a module of another team that imports a construct gets its
// functions built, whether our source lies beside it or read-only in the module
// cache, and gets the same binaries.
func TestOutsideModule(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		require func(t *testing.T, shop string) (environment []string)
	}{
		{"replace directive", func(t *testing.T, shop string) []string {
			command(t, shop, nil, "go", "mod", "edit", "-require=github.com/noidle/noidle@v0.0.0", "-replace=github.com/noidle/noidle="+root)
			return nil
		}},
		{"module cache", func(t *testing.T, shop string) []string {
			version, environment := publish(t, root)
			command(t, shop, environment, "go", "mod", "edit", "-require=github.com/noidle/noidle@"+version)
			return environment
		}},
	}
	var hashes []string // of our functions, from both
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shop := t.TempDir()
			if err := os.CopyFS(shop, os.DirFS(filepath.Join("testdata", "shop"))); err != nil {
				t.Fatal(err)
			}
			command(t, shop, nil, "go", "mod", "init", "example.com/shop")
			environment := tt.require(t, shop)
			command(t, shop, environment, "go", "mod", "tidy")
			app := synthesizeApp(t, shop, t.TempDir(), "Shop", "arm64", environment...)
			for _, function := range []string{"Charge", "OrdersAccept", "OrdersRead", "OrdersStart", "GoodsResize", "TalkAggregate", "TalkTrends"} {
				if m := machine(t, app.asset(t, function)); m != elf.EM_AARCH64 {
					t.Errorf("%s is built for %v, want arm64", function, m)
				}
			}
			hashes = append(hashes, filepath.Base(app.asset(t, "OrdersAccept"))+" "+filepath.Base(app.asset(t, "GoodsResize")))
		})
	}
	if len(slices.Compact(hashes)) != 1 {
		t.Errorf("accept and resize have assets %q, want the same from both", hashes)
	}
}

// TestTool: the command is a tool of another team's module, which runs their app as
// it is: a photo gets its thumbnail, and a stream takes posts.
func TestTool(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	shop := t.TempDir()
	if err := os.CopyFS(shop, os.DirFS(filepath.Join("testdata", "shop"))); err != nil {
		t.Fatal(err)
	}
	command(t, shop, nil, "go", "mod", "init", "example.com/shop")
	command(t, shop, nil, "go", "mod", "edit", "-require=github.com/noidle/noidle@v0.0.0", "-replace=github.com/noidle/noidle="+root,
		"-tool=github.com/noidle/noidle/cmd/noidle")
	command(t, shop, nil, "go", "mod", "tidy")
	app := synthesizeApp(t, shop, t.TempDir(), "Shop", "host")

	p := startTool(t, shop, app.dir)
	outputs := p.outputs["Shop"]
	objects := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: new(p.endpoint()), Credentials: anybody, UsePathStyle: true})
	photo := readFile(t, "../docs/photo.jpg")
	if _, err := objects.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new(outputs["Uploads"]), Key: new("a.jpg"), Body: bytes.NewReader(photo)}); err != nil {
		t.Fatal(err)
	}
	for missing := true; missing; {
		_, err := objects.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: new(outputs["Thumbnails"]), Key: new("a.jpg/web.jpg")})
		_, missing = errors.AsType[*s3types.NotFound](err)
		if err != nil && !missing {
			t.Fatal(err)
		}
	}
	got := command(t, shop, nil, "go", "tool", "noidle", "posts", "-endpoint", p.endpoint(), "-stream", outputs["StreamName"], "-rate", "500", "-duration", "1s")
	if !strings.Contains(got, "500 records") {
		t.Errorf("noidle posts prints %s", got)
	}
}

// startTool starts `go tool noidle local` in a module, and waits until it is ready.
func startTool(t *testing.T, module, assembly string) *process {
	t.Helper()
	outputs := filepath.Join(t.TempDir(), "outputs.json")
	cmd := exec.Command("go", "tool", "noidle", "local", "-addr", "127.0.0.1:0", "-outputs", outputs, assembly)
	cmd.Dir = module
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := &process{Cmd: cmd, printed: map[string]string{}}
	p.start(t, outputs)
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // go tool and what it runs
	return p
}

// command runs a command and returns what it prints.
func command(t testing.TB, dir string, environment []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), environment...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}
