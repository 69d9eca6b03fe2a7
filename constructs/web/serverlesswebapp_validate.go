package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

func (p *ServerlessWebAppProps) validate() error {
	if p == nil || p.Site == "" {
		return errors.New(`no Site: set the directory of the site's files, such as "./site"`)
	}
	for _, name := range []string{"region", "apiUrl", "signIn"} {
		if _, ok := p.Config[name]; ok {
			return fmt.Errorf("Config has %q: the construct sets it, choose another name", name)
		}
	}
	seen := map[string]bool{}
	for _, m := range p.Mounts {
		if seen[m.Path] {
			return fmt.Errorf("mount %q is there twice: leave one out", m.Path)
		}
		seen[m.Path] = true
		if err := m.validate(); err != nil {
			return err
		}
	}
	return cmp.Or(validateConfig("Config", p.Config), p.validateSignIn(), p.validateStaticSite())
}

// encodedToken is how the CDK writes tokens of lists and numbers: what is in
// place of them is not known in a text.
var encodedToken = regexp.MustCompile(`^\[?"#\{Token\[|^-1\.888154589\d*e\+289$`)

// validateConfig refuses what would not be in the pages' configuration as it is here.
func validateConfig(name string, value any) error {
	if _, ok := value.(awscdk.IResolvable); ok {
		return fmt.Errorf("%s is a CDK token that is no text: set awscdk.Token_AsString of it", name)
	}
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if err := validateConfig(name+"."+key, v[key]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		for i, element := range v {
			if err := validateConfig(fmt.Sprintf("%s.%d", name, i), element); err != nil {
				return err
			}
		}
		return nil
	}
	text, err := json.Marshal(value)
	switch {
	case err != nil:
		return fmt.Errorf("%s is no JSON: %w", name, err)
	case encodedToken.Match(text):
		return fmt.Errorf("%s is a CDK token of a list or number: set a text, such as awscdk.Fn_Join of the list or awscdk.Token_AsString of the number", name)
	}
	return nil
}

func (p *ServerlessWebAppProps) validateSignIn() error {
	if p.API != nil && p.SignIn != nil && (p.API.SignIn != nil || p.API.JWT != nil) {
		return errors.New("API has a SignIn or JWT beside that of the app: leave one out")
	}
	return nil
}

func (p *ServerlessWebAppProps) validateStaticSite() error {
	if p.StaticSite == nil {
		return nil
	}
	_, written := p.StaticSite.Files["config.json"]
	switch {
	case p.StaticSite.Site != "":
		return errors.New("StaticSite.Site is set: set Site instead")
	case written:
		return errors.New("StaticSite.Files has config.json: set Config instead")
	}
	return nil
}

// mountPath is what may be the path of a mount, of the characters of a path pattern
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern).
var mountPath = regexp.MustCompile(`^(/[A-Za-z0-9_.$~@:+-]+)+$`)

// maxPatternChars is how long a path pattern may be.
const maxPatternChars = 255

func (m Mount) validate() error {
	switch {
	case !mountPath.MatchString(m.Path) || len("/api"+m.Path+"/*") > maxPatternChars:
		return fmt.Errorf("mount %q: Path must start with a slash and not end in one, such as /orders, and have only letters, digits and _.$~@:+-", m.Path)
	case m.API == nil:
		return fmt.Errorf("mount %q: no API: set the one that answers", m.Path)
	}
	return nil
}
