package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noidle/noidle/cmd/noidle/posts"
	"github.com/noidle/noidle/local"
)

// forget makes the environment one in which nothing of AWS is set.
func forget(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
}

// streamCloud runs a cloud with the stream posts.
func streamCloud(t *testing.T) *local.Cloud {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manifest.json":      `{"artifacts": {"Main": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Main.template.json"}}}}`,
		"Main.template.json": `{"Resources": {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "posts", "ShardCount": 1}}}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cloud, err := local.Start(dir, local.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	return cloud
}

// TestPosts puts posts into a stream of a local cloud, for which nothing else is
// set, and compares what is counted.
func TestPosts(t *testing.T) {
	forget(t)
	cloud, file := streamCloud(t), filepath.Join(t.TempDir(), "truth.json")
	trends := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := os.ReadFile(file)
		var truth posts.Truth
		if err = errors.Join(err, json.Unmarshal(text, &truth)); err != nil {
			t.Error(err)
		}
		for _, window := range truth.Windows {
			if window.Start.Format(time.RFC3339) == r.URL.Query().Get("at") {
				_ = json.NewEncoder(w).Encode(map[string]any{"complete": true, "trends": window.Top("", 1000)})
			}
		}
	}))
	defer trends.Close()
	var stdout strings.Builder
	err := run(t.Context(), []string{"posts", "-stream", "posts", "-endpoint", cloud.URL(), "-rate", "5000", "-duration", "200ms",
		"-window", "1s", "-truth", file, "-trends", trends.URL}, &stdout, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1000 records in ", "#music\n", " hashtags equal\n"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in what is printed:\n%s", want, stdout.String())
		}
	}
}

func TestPostsInterrupted(t *testing.T) {
	forget(t)
	t.Setenv("AWS_ENDPOINT_URL", streamCloud(t).URL())
	ctx, cancel := context.WithCancel(t.Context())
	var stdout strings.Builder
	done := make(chan error)
	go func() { done <- run(ctx, []string{"posts", "-stream", "posts"}, &stdout, io.Discard) }()
	cancel()
	if err := <-done; err != nil || !strings.Contains(stdout.String(), " records in ") {
		t.Errorf("got error %v and %q", err, stdout.String())
	}
}

func TestPostsRefused(t *testing.T) {
	forget(t)
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"no stream":      {[]string{"-rate", "5"}, "want -stream"},
		"an argument":    {[]string{"-stream", "posts", "more"}, `not ["more"]`},
		"size":           {[]string{"-stream", "posts", "-size", "5"}, "size 5"},
		"no credentials": {[]string{"-stream", "posts", "-endpoint", "https://kinesis.example.com"}, "no region is set: set AWS_REGION and AWS_PROFILE, or for the local cloud"},
		"rate":           {[]string{"-stream", "posts", "-endpoint", "http://localhost:1", "-rate", "-1"}, "rate -1"},
		"no such stream": {[]string{"-stream", "pasts", "-endpoint", streamCloud(t).URL()}, "stream pasts: "},
		"help":           {[]string{"-help"}, flag.ErrHelp.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), append([]string{"posts"}, test.arguments...), io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}
