package test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// audit runs a check of .ci/audit on a directory, and returns what it prints and
// whether it finds no fault.
func audit(t *testing.T, check, dir string, environment ...string) (printed string, passes bool) {
	t.Helper()
	cmd := exec.Command("../.ci/audit", check, dir)
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// plant writes files into a new directory.
func plant(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// expect fails unless a check passes or finds what it should.
func expect(t *testing.T, printed string, passes, want bool, says string) {
	t.Helper()
	if passes != want || !strings.Contains(printed, says) {
		t.Errorf("passes is %t, want %t, and %q in:\n%s", passes, want, says, printed)
	}
}

func TestAuditSecrets(t *testing.T) {
	// In parts, so that they are none here.
	for name, tt := range map[string]struct {
		text   string
		passes bool
		says   string
	}{
		"AWS key":     {"key = AKIA" + "Q3EGUWKZ7TNXBVH2\n", false, "aws-access-token"},
		"private key": {"-----BEGIN RSA " + "PRIVATE KEY-----\n" + strings.Repeat("MIIEowIBAAKCAQEA7x", 10) + "\n-----END RSA " + "PRIVATE KEY-----\n", false, "private-key"},
		"token":       {"token = ghp" + "_x7Kq2VbT9mRw4LzYc8NdHs5JfPg3UaEo1Ti6\n", false, "github-pat"},
		"none":        {"AWS_ACCESS_KEY_ID=local\n", true, "no leaks found"},
	} {
		t.Run(name, func(t *testing.T) {
			printed, passes := audit(t, "secrets", plant(t, map[string]string{"config.ini": tt.text}))
			expect(t, printed, passes, tt.passes, tt.says)
		})
	}
}

// moduleWith is a program that needs another module, which has a licence.
func moduleWith(licence string) map[string]string {
	return map[string]string{
		"go.mod":      "module example.com/main\n\ngo 1.26\n\nrequire example.com/part v0.0.0\n\nreplace example.com/part => ./part\n",
		"main.go":     "package main\n\nfunc main() {}\n",
		"a_test.go":   "package main\n\nimport _ \"example.com/part\"\n",
		"part/go.mod": "module example.com/part\n\ngo 1.26\n", "part/a.go": "package part\n", "part/LICENSE": licence,
	}
}

func TestAuditLicences(t *testing.T) {
	const gpl = `This program is free software: you can redistribute it and/or modify
it under the terms of the GNU General Public License as published by
the Free Software Foundation, either version 3 of the License, or
(at your option) any later version.

This program is distributed in the hope that it will be useful,
but WITHOUT ANY WARRANTY; without even the implied warranty of
MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
GNU General Public License for more details.

You should have received a copy of the GNU General Public License
along with this program.  If not, see <http://www.gnu.org/licenses/>.
`
	for name, tt := range map[string]struct {
		licence string
		passes  bool
		says    string
	}{
		"permissive": {string(readFile(t, "../LICENSE")), true, ""},
		"GPL":        {gpl, false, "GPL-3.0 found for library example.com/part"},
		"unknown":    {"All rights reserved.\n", false, "example.com/part"},
	} {
		t.Run(name, func(t *testing.T) {
			printed, passes := audit(t, "licences", plant(t, moduleWith(tt.licence)))
			expect(t, printed, passes, tt.passes, tt.says)
		})
	}
}

func TestAuditNPMLicences(t *testing.T) {
	const lock = `{"packages": {"": {"license": "UNLICENSED"}, "node_modules/%s": {"version": "1.0.0", "license": "%s", "dev": %t}}}`
	for name, tt := range map[string]struct {
		lock   string
		passes bool
	}{
		"permissive":          {fmt.Sprintf(lock, "a", "MIT", false), true},
		"copyleft":            {fmt.Sprintf(lock, "a", "GPL-3.0-only", true), false},
		"MPL":                 {fmt.Sprintf(lock, "a", "MPL-2.0", true), false},
		"MPL of axe-core":     {fmt.Sprintf(lock, "axe-core", "MPL-2.0", true), true},
		"axe-core not a test": {fmt.Sprintf(lock, "axe-core", "MPL-2.0", false), false},
	} {
		t.Run(name, func(t *testing.T) {
			printed, passes := audit(t, "npm-licences", plant(t, map[string]string{"package-lock.json": tt.lock}))
			expect(t, printed, passes, tt.passes, "")
		})
	}
}

// A module whose source was changed after it was downloaded is found.
func TestAuditModules(t *testing.T) {
	cache := t.TempDir()
	environment := []string{"GOMODCACHE=" + cache, "GOFLAGS=-modcacherw", "GOPROXY=file://" + strings.TrimSpace(command(t, ".", nil, "go", "env", "GOMODCACHE")) + "/cache/download", "GONOSUMDB=*"}
	dir := plant(t, map[string]string{"go.mod": "module example.com/main\n\ngo 1.26\n\nrequire github.com/google/uuid v1.6.0\n", "main.go": "package main\n\nimport _ \"github.com/google/uuid\"\n\nfunc main() {}\n"})
	command(t, dir, environment, "go", "mod", "tidy")
	printed, passes := audit(t, "modules", dir, environment...)
	expect(t, printed, passes, true, "all modules verified")
	if err := os.WriteFile(filepath.Join(cache, "github.com/google/uuid@v1.6.0/planted.go"), []byte("package uuid\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	printed, passes = audit(t, "modules", dir, environment...)
	expect(t, printed, passes, false, "dir has been modified")
}

// A vulnerability that the code calls is found in a database of our own, and a
// database that cannot be reached is said to be left out.
func TestAuditVulnerabilities(t *testing.T) {
	const id, modified = "GO-2099-0001", "2026-01-01T00:00:00Z"
	database := plant(t, map[string]string{
		"index/db.json":      `{"modified": "` + modified + `"}`,
		"index/modules.json": `[{"path": "github.com/google/uuid", "vulns": [{"id": "` + id + `", "modified": "` + modified + `"}]}]`,
		"index/vulns.json":   `[{"id": "` + id + `", "modified": "` + modified + `"}]`,
		"ID/" + id + ".json": `{"schema_version": "1.3.1", "id": "` + id + `", "modified": "` + modified + `", "published": "` + modified + `", "details": "planted", "database_specific": {"url": "https://example.com"},
			"affected": [{"package": {"name": "github.com/google/uuid", "ecosystem": "Go"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
			"ecosystem_specific": {"imports": [{"path": "github.com/google/uuid", "symbols": ["NewString"]}]}}]}`,
	})
	var dir string
	for symbol, passes := range map[string]bool{"NewString()": false, "New().String()": true} {
		dir = plant(t, map[string]string{
			"go.mod":  "module example.com/main\n\ngo 1.26\n\nrequire github.com/google/uuid v1.6.0\n",
			"main.go": "package main\n\nimport \"github.com/google/uuid\"\n\nfunc main() { println(uuid." + symbol + ") }\n",
		})
		command(t, dir, nil, "go", "mod", "tidy")
		printed, got := audit(t, "vulnerabilities", dir, "GOVULNDB=file://"+database)
		says := ""
		if !passes {
			says = id
		}
		expect(t, printed, got, passes, says)
	}
	printed, passes := audit(t, "vulnerabilities", dir, "HTTPS_PROXY=http://127.0.0.1:1", "GOSUMDB=off", "GOPROXY=file://"+strings.TrimSpace(command(t, ".", nil, "go", "env", "GOMODCACHE"))+"/cache/download")
	expect(t, printed, passes, true, "LEFT OUT")
}

// A vulnerability that the registry tells is found, and a registry that tells none is
// said to be left out.
func TestAuditNPM(t *testing.T) {
	answers := true
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !answers:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case r.Method == http.MethodPost:
			_, _ = w.Write([]byte(`{"planted": [{"id": 1, "url": "https://example.com/1", "title": "planted fault", "severity": "high", "vulnerable_versions": "<2.0.0", "cwe": [], "cvss": {"score": 8, "vectorString": null}}]}`))
		default:
			_, _ = w.Write([]byte(`{"name": "planted", "versions": {"1.0.0": {"name": "planted", "version": "1.0.0"}}}`))
		}
	}))
	defer registry.Close()
	dir := plant(t, map[string]string{
		"package.json": `{"name": "a", "version": "1.0.0", "dependencies": {"planted": "1.0.0"}}`,
		"package-lock.json": `{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0", "dependencies": {"planted": "1.0.0"}},
			"node_modules/planted": {"version": "1.0.0"}}}`,
	})
	environment := []string{"npm_config_registry=" + registry.URL, "npm_config_cache=" + t.TempDir()}
	printed, passes := audit(t, "npm", dir, environment...)
	expect(t, printed, passes, false, "planted fault")
	answers = false
	printed, passes = audit(t, "npm", dir, environment...)
	expect(t, printed, passes, true, "LEFT OUT")
}
