package assembly

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/noidle/noidle/local/api"
)

// Assembly is a cloud assembly.
type Assembly struct {
	// Stacks are the stacks, each after the ones that it depends on.
	Stacks []*Stack
}

// Stack is a CloudFormation stack of an assembly.
type Stack struct {
	// Name is the stack's name.
	Name string
	// Parameters are values of the template's parameters.
	Parameters map[string]string

	template    *template
	environment string
	assets      map[string]Asset // by object key
	needs       []string         // the artifacts that the stack depends on
}

// ID is the stack's ARN, as AWS::StackId gives it.
func (s *Stack) ID() string { return api.ARN("cloudformation", "stack/"+s.Name+"/local") }

// Asset is a file or a directory that a deployment uploads.
type Asset struct {
	// Bucket is the name of the bucket that it goes to.
	Bucket string
	// Path is the file or the directory.
	Path string
	// Zip says whether it is a directory that is uploaded as a zip file.
	Zip bool
}

// Assets are what the assembly would upload, by object key.
func (s *Stack) Assets() map[string]Asset {
	assets := maps.Clone(s.assets)
	for key, asset := range assets {
		asset.Bucket = string(localize([]byte(asset.Bucket), s.environment))
		assets[key] = asset
	}
	return assets
}

type manifest struct {
	Artifacts map[string]struct {
		Type         string
		Environment  string
		Dependencies []string
		DisplayName  string
		Properties   struct {
			TemplateFile  string
			StackName     string
			Parameters    map[string]string
			File          string
			DirectoryName string
		}
	}
}

type assetManifest struct {
	Files map[string]struct {
		Source       struct{ Path, Packaging string }
		Destinations map[string]struct{ BucketName, ObjectKey string }
	}
	DockerImages map[string]struct{ DisplayName string }
}

// Read reads the cloud assembly in a directory, with the stages within it.
func Read(dir string) (*Assembly, error) {
	stacks := map[string]*Stack{}
	if err := readManifest(dir, stacks); err != nil {
		return nil, fmt.Errorf("assembly: %w", err)
	}
	if len(stacks) == 0 {
		return nil, fmt.Errorf("assembly: %s holds no stack", dir)
	}
	sorted, err := sortByNeeds(stacks)
	if err != nil {
		return nil, fmt.Errorf("assembly: %w", err)
	}
	return &Assembly{Stacks: sorted}, nil
}

func readManifest(dir string, stacks map[string]*Stack) error {
	var m manifest
	if err := readJSON(filepath.Join(dir, "manifest.json"), &m); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s is not a cloud assembly: it has no manifest.json: run cdk synth first", dir)
		}
		return err
	}
	assets := map[string]Asset{}
	for _, id := range slices.Sorted(maps.Keys(m.Artifacts)) {
		artifact := m.Artifacts[id]
		var err error
		switch artifact.Type {
		case "cdk:asset-manifest":
			err = readAssets(dir, artifact.Properties.File, assets)
		case "cdk:cloud-assembly":
			err = readManifest(filepath.Join(dir, artifact.Properties.DirectoryName), stacks)
		case "aws:cloudformation:stack":
			s := &Stack{
				Name:        artifact.Properties.StackName,
				Parameters:  artifact.Properties.Parameters,
				environment: artifact.Environment,
				assets:      assets,
				needs:       artifact.Dependencies,
			}
			if s.Name == "" {
				s.Name = id
			}
			s.template, err = readTemplate(filepath.Join(dir, artifact.Properties.TemplateFile), artifact.Environment)
			stacks[id] = s
		}
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return nil
}

func readAssets(dir, file string, assets map[string]Asset) error {
	var m assetManifest
	if err := readJSON(filepath.Join(dir, file), &m); err != nil {
		return err
	}
	for _, image := range m.DockerImages {
		return fmt.Errorf("asset %q: container images are not supported locally", image.DisplayName)
	}
	for _, asset := range m.Files {
		for _, destination := range asset.Destinations {
			path := asset.Source.Path
			if !filepath.IsAbs(path) {
				path = filepath.Join(dir, path)
			}
			assets[destination.ObjectKey] = Asset{Bucket: here.Replace(destination.BucketName), Path: path, Zip: asset.Source.Packaging == "zip"}
		}
	}
	return nil
}

// here fills in what the manifest of assets leaves to the environment.
var here = strings.NewReplacer("${AWS::AccountId}", api.Account, "${AWS::Partition}", "aws", "${AWS::Region}", api.Region)

// readTemplate reads a template. One that is made for a certain account and
// region (aws://123456789012/eu-west-1) is read as if made for the local ones.
func readTemplate(path, environment string) (*template, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t, err := parseTemplate(localize(data, environment))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return t, nil
}

// localize replaces the account and the region of an environment by the local ones.
func localize(data []byte, environment string) []byte {
	account, region, _ := strings.Cut(strings.TrimPrefix(environment, "aws://"), "/")
	for from, to := range map[string]string{account: api.Account, region: api.Region} {
		if from != "" && !strings.HasPrefix(from, "unknown-") {
			data = bytes.ReplaceAll(data, []byte(from), []byte(to))
		}
	}
	return data
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

func sortByNeeds(stacks map[string]*Stack) ([]*Stack, error) {
	ids, err := topological(slices.Sorted(maps.Keys(stacks)), func(id string) []string {
		return slices.DeleteFunc(slices.Sorted(slices.Values(stacks[id].needs)), func(n string) bool { return stacks[n] == nil })
	})
	if err != nil {
		return nil, err
	}
	sorted := make([]*Stack, len(ids))
	for i, id := range ids {
		sorted[i] = stacks[id]
	}
	return sorted, nil
}

// topological orders names so that each comes after what it needs.
func topological(names []string, needs func(string) []string) ([]string, error) {
	const visiting, done = 1, 2
	state := map[string]int{}
	var order []string
	var visit func(name string, path []string) error
	visit = func(name string, path []string) error {
		path = append(path, name)
		switch state[name] {
		case done:
			return nil
		case visiting:
			return fmt.Errorf("circular dependency: %s", strings.Join(path[slices.Index(path, name):], " needs "))
		}
		state[name] = visiting
		for _, need := range needs(name) {
			if err := visit(need, path); err != nil {
				return err
			}
		}
		state[name] = done
		order = append(order, name)
		return nil
	}
	for _, name := range names {
		if err := visit(name, nil); err != nil {
			return nil, err
		}
	}
	return order, nil
}
