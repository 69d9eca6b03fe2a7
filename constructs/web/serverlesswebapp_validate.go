package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
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
	if _, err := json.Marshal(p.Config); err != nil {
		return fmt.Errorf("Config is no JSON: %w", err)
	}
	return cmp.Or(p.validateSignIn(), p.validateStaticSite())
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
