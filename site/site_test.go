package site_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noidle/noidle/site"
)

// maxBytes is what the whole page may weigh as CloudFront sends it, compressed.
const maxBytes = 30_000

// contents returns the text of each file by its name.
func contents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(site.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(site.Files, name)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// all returns the first group of each match of pattern in text, sorted, once each.
func all(pattern, text string) []string {
	var found []string
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestFilesHaveWhatTheyReferTo(t *testing.T) {
	texts := contents(t)
	for name, text := range texts {
		references := all(`(?:src|href)="(/[^"]+)"`, text)
		references = append(references, all(`from "(\./[^"]+)"`, text)...)
		for _, reference := range references {
			if _, ok := texts[strings.TrimPrefix(path.Clean(reference), "/")]; !ok {
				t.Errorf("%s refers to %s, which is not embedded", name, reference)
			}
		}
	}
	if len(all(`from "(\./[^"]+)"`, texts["app.js"])) == 0 || len(all(`src="(/app.js)"`, texts["index.html"])) == 0 {
		t.Error("no references found: the patterns do not fit the files")
	}
}

func TestModulesAreAllPreloaded(t *testing.T) {
	texts := contents(t)
	var modules []string
	for name := range texts {
		if strings.HasSuffix(name, ".js") && name != "app.js" {
			modules = append(modules, "/"+name)
		}
	}
	slices.Sort(modules)
	if diff := cmp.Diff(modules, all(`rel="modulepreload" href="([^"]+)"`, texts["index.html"])); diff != "" {
		t.Errorf("modules, and what index.html preloads:\n%s", diff)
	}
}

func TestLanguagesHaveTheSameKeys(t *testing.T) {
	english, korean, found := strings.Cut(contents(t)["i18n.js"], "\n  ko: {\n")
	if !found {
		t.Fatal("i18n.js has no Korean texts")
	}
	const key = `(?m)^    (\w+): "`
	if diff := cmp.Diff(all(key, english), all(key, korean)); diff != "" {
		t.Errorf("keys of the English and the Korean texts:\n%s", diff)
	}
}

func TestPlaceholdersAreTheSame(t *testing.T) {
	english, korean, _ := strings.Cut(contents(t)["i18n.js"], "\n  ko: {\n")
	for _, key := range all(`(?m)^    (\w+): "`, english) {
		line := `(?m)^    ` + key + `: "(.*)",$`
		en, ko := strings.Join(all(line, english), ""), strings.Join(all(line, korean), "")
		if diff := cmp.Diff(all(`(\{\w+\})`, en), all(`(\{\w+\})`, ko)); diff != "" {
			t.Errorf("placeholders of %s:\n%s", key, diff)
		}
	}
}

func TestTextsThatAreUsedExist(t *testing.T) {
	texts := contents(t)
	keys := all(`(?m)^    (\w+): "`, texts["i18n.js"])
	for name, text := range texts {
		used := append(all(`data-(?:i18n(?:-label|-hint)?|gate)="(\w+)"`, text), all(`\bt\("(\w+)"`, text)...)
		for _, key := range used {
			if !slices.Contains(keys, key) {
				t.Errorf("%s uses the text %s, which i18n.js does not have", name, key)
			}
		}
	}
}

// Inline scripts and styles do not run under the page's content security policy.
func TestNothingIsInline(t *testing.T) {
	for name, text := range contents(t) {
		if strings.HasSuffix(name, ".html") && regexp.MustCompile(`<style|\sstyle=|\son\w+=|<script(?:\s+[^s>][^>]*)?>`).MatchString(strings.ReplaceAll(text, `<script type="module" src=`, "")) {
			t.Errorf("%s has an inline script or style", name)
		}
	}
}

func TestThePageIsSmall(t *testing.T) {
	total := 0
	for _, text := range contents(t) {
		var compressed bytes.Buffer
		writer := gzip.NewWriter(&compressed)
		if _, err := writer.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		total += compressed.Len()
	}
	if total >= maxBytes {
		t.Errorf("got %d compressed bytes, want less than %d", total, maxBytes)
	}
}
