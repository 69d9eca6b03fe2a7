package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Load reads cloud assemblies, such as cdk.out, and template files, which may all
// refer to each other.
func Load(paths ...string) (*App, error) {
	app := &App{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			err = app.addAssembly(path)
		} else {
			base := filepath.Base(path)
			err = app.addTemplate(strings.TrimSuffix(base, filepath.Ext(base)), path)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(app.Stacks) == 0 {
		return nil, fmt.Errorf("no stack in %q", paths)
	}
	return app, nil
}

// manifest is what is read of a cloud assembly's manifest.json.
type manifest struct {
	Artifacts map[string]struct {
		Type       string
		Properties struct{ TemplateFile, StackName, DirectoryName string }
	}
}

func (a *App) addAssembly(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is no cloud assembly: it has no manifest.json; cdk synth writes one, into cdk.out", dir)
	}
	if err != nil {
		return err
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("%s/manifest.json: %w", dir, err)
	}
	for _, id := range slices.Sorted(maps.Keys(m.Artifacts)) {
		artifact := m.Artifacts[id]
		switch artifact.Type {
		case "aws:cloudformation:stack":
			name := artifact.Properties.StackName
			if name == "" {
				name = id
			}
			err = a.addTemplate(name, filepath.Join(dir, artifact.Properties.TemplateFile))
		case "cdk:cloud-assembly":
			err = a.addAssembly(filepath.Join(dir, artifact.Properties.DirectoryName))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *App) addTemplate(name, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	_, err = a.Add(name, file, data)
	return err
}

// Add adds a template in JSON or YAML to the app, with the nested stacks whose
// templates are beside its file.
func (a *App) Add(name, file string, data []byte) (*Stack, error) {
	document, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	resources, ok := document["Resources"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no CloudFormation template: it has no Resources", file)
	}
	stack := &Stack{Name: name, File: file, app: a, document: document, resources: map[string]*Resource{}, nested: map[string]*Stack{}, resolving: map[string]bool{}}
	a.Stacks = append(a.Stacks, stack)
	a.resources, a.referrers = nil, nil
	lines := resourceLines(data)
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		body, _ := resources[id].(map[string]any)
		kind, _ := body["Type"].(string)
		if strings.HasPrefix(id, "Fn::") {
			return nil, fmt.Errorf("%s: %s is a loop, which only AWS unrolls; check what aws cloudformation get-template --template-stage Processed returns", file, id)
		}
		if kind == "" {
			return nil, fmt.Errorf("%s: the resource %s has no Type", file, id)
		}
		if strings.HasPrefix(kind, "AWS::Serverless::") {
			return nil, fmt.Errorf("%s: %s is of the type %s, which only AWS transforms; check what aws cloudformation get-template --template-stage Processed returns", file, id, kind)
		}
		stack.resources[id] = &Resource{Stack: stack, ID: id, Type: kind, Line: max(lines[id], 1), body: body}
	}
	return stack, stack.addNested()
}

// addNested adds the nested stacks that the CDK wrote beside the template.
func (s *Stack) addNested() error {
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		r := s.resources[id]
		asset, ok := r.Attribute("Metadata").Get("aws:asset:path").Literal()
		if r.Type != "AWS::CloudFormation::Stack" || !ok {
			continue
		}
		file := filepath.Join(filepath.Dir(s.File), asset)
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("the template of the nested stack %s: %w", id, err)
		}
		nested, err := s.app.Add(s.Name+"/"+id, file, data)
		if err != nil {
			return err
		}
		nested.parent = s
		properties, _ := r.body["Properties"].(map[string]any)
		nested.parameters, _ = properties["Parameters"].(map[string]any)
		s.nested[id] = nested
	}
	return nil
}

var keyLine = regexp.MustCompile(`^(\s*)\{?\s*["']?([A-Za-z0-9]+)["']?\s*:`)

// resourceLines returns the lines of the keys one level below the outermost Resources.
func resourceLines(data []byte) map[string]int {
	var lines map[string]int
	outer, inner, number := -1, -1, 0
	for line := range strings.Lines(string(data)) {
		number++
		key := keyLine.FindStringSubmatch(line)
		if key == nil {
			continue
		}
		indent, name := len(key[1]), key[2]
		switch {
		case name == "Resources" && (outer < 0 || indent < outer):
			lines, outer, inner = map[string]int{}, indent, -1
		case indent <= outer:
			inner = 0 // Resources ends here
		case lines != nil && inner < 0:
			lines[name], inner = number, indent
		case lines != nil && indent == inner:
			lines[name] = number
		}
	}
	return lines
}
