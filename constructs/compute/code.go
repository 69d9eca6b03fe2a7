package compute

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/noidle/noidle/constructs/internal/gobuild"
)

// TargetContext is the context key that chooses what functions are built for:
// "arm64" (the default) and "x86_64" for Lambda, "host" for a local run on the
// machine that synthesizes, "none" for snapshot tests, which builds nothing and
// puts a placeholder into the assembly. Give it as `cdk synth -c
// noidle:target=host`, in cdk.json, or to the app in code.
const TargetContext = "noidle:target"

// builder is shared by all functions of the process, so that the packages of
// one module are compiled together.
var builder = sync.OnceValues(func() (*gobuild.Builder, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return gobuild.New(cache, dir, os.Stderr), nil
})

// cacheDir is where built functions outlive the process.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("nowhere to keep built functions: %w: set XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "noidle"), nil
}

// code is a built function and what it is built for.
type code struct {
	asset        awslambda.Code
	architecture awslambda.Architecture
	// local says that the architecture is this machine's, and not Lambda's cheaper
	// one.
	local bool
}

// buildCode builds a main package for the target that scope's context chooses.
func buildCode(scope constructs.Construct, pkg string) (code, error) {
	chosen := scope.Node().TryGetContext(new(TargetContext))
	target, build, err := chooseTarget(chosen)
	if err != nil {
		return code{}, err
	}
	c := code{architecture: awslambda.Architecture_ARM_64()}
	if target.Arch == "amd64" {
		c.architecture, c.local = awslambda.Architecture_X86_64(), chosen == "host"
	}
	// The CDK asks for no bundling when it only lists or destroys stacks.
	if !build || !*awscdk.Stack_Of(scope).BundlingRequired() {
		c.asset, err = placeholder()
		return c, err
	}
	b, err := builder()
	if err != nil {
		return code{}, err
	}
	artifact, err := b.Build(pkg, target)
	if err != nil {
		return code{}, err
	}
	c.asset = assetCode(artifact.Dir, artifact.Hash)
	return c, nil
}

// chooseTarget reads the value of [TargetContext]. build is false if nothing is
// to be built.
func chooseTarget(value any) (target gobuild.Target, build bool, err error) {
	switch value {
	case nil, "arm64":
		return gobuild.Target{OS: "linux", Arch: "arm64"}, true, nil
	case "x86_64":
		return gobuild.Target{OS: "linux", Arch: "amd64"}, true, nil
	case "host":
		if runtime.GOARCH != "arm64" && runtime.GOARCH != "amd64" {
			return gobuild.Target{}, false, fmt.Errorf("context %s is host: Lambda has no architecture like this machine's %s", TargetContext, runtime.GOARCH)
		}
		return gobuild.Host(), true, nil
	case "none":
		return gobuild.Target{OS: "linux", Arch: "arm64"}, false, nil
	}
	return gobuild.Target{}, false, fmt.Errorf("context %s is %v: must be arm64, x86_64, host or none", TargetContext, value)
}

// assetCode is the directory as a function's code, known by its hash.
func assetCode(dir, hash string) awslambda.Code {
	return awslambda.Code_FromAsset(&dir, &awss3assets.AssetOptions{
		AssetHash:     &hash,
		AssetHashType: awscdk.AssetHashType_CUSTOM,
	})
}

// placeholderScript is what stands for a function that was not built. It fails
// and says why, should it be deployed all the same.
const placeholderScript = "#!/bin/sh\necho 'this function was synthesized with " + TargetContext + "=none, so it has no code' >&2\nexit 1\n"

// placeholder is the code of functions that are not built.
func placeholder() (awslambda.Code, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "placeholder")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "bootstrap"), []byte(placeholderScript), 0o755); err != nil {
		return nil, err
	}
	return assetCode(dir, "placeholder"), nil
}
