# Every target installs what it needs. The commands for a start:
#
#   make run     the reference app on this machine, without an AWS account
#   make test    all tests
#   make synth   the reference app's cloud assembly, with its functions built
#   make screenshots   the pictures of the docs anew
#   make chaos   the chaos campaign: nothing is lost, whatever fails
#
# Variables: TARGET=arm64|x86_64|host|none  what functions are built for
#            OUT=DIR                        where the assembly goes
#            BENCH=REGEXP                   which benchmarks run
#            ROUNDS=N                       how many rounds bench-thumbnails and how many
#                                           windows bench-stream takes
#            PHOTOS=NAME,NAME               which photos bench-thumbnails takes, all by default
#            POSTS=N                        how many posts a window of bench-stream has
#            LENGTH=3m                      for how long chaos begins new work
#            SEED=N                         what decides chaos, another each time by default

TARGET ?= arm64
OUT    ?= cdk.out
BENCH  ?= .
ROUNDS ?= 5
POSTS  ?= 60000
LENGTH ?= 3m
SEED   ?=

# Node 24 and the CDK command line, pinned in package.json, come before the
# machine's own, except to install them.
MACHINE_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The race detector needs a C compiler.
RACE = $(if $(shell command -v cc 2>/dev/null),-race)

# The packages that never link the CDK. Only their tests run with the race
# detector: a construct runs nothing at the same time.
WITHOUT_CDK := ./functions/... ./local/... ./cmd/... ./rules/... ./bench/... ./site/...

# A browser, for the tests of pages.
BROWSER := $(firstword $(foreach name,chromium chromium-browser google-chrome google-chrome-stable,$(shell command -v $(name) 2>/dev/null)))

.PHONY: help run synth test chaos update screenshots bench bench-thumbnails bench-stream lint audit deploy clean prerequisites

help:
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

# What to try once the app runs; $$Name is the output of that name. An order's ID
# follows from its key and its content. The posts are counted when their minute is
# over.
define TRY
curl -i $$OrdersUrl -H 'Content-Type: application/json' -H 'Idempotency-Key: my-first-order' -d '{"customerId":"kim","currency":"KRW","paymentToken":"tok_ok","items":[{"sku":"book-1","quantity":2,"unitPrice":15000}]}'
curl -s $$OrdersUrl/syuav7cmf5fogcv5jffdzwqrtq
curl -i $$OrdersUrl -H 'Content-Type: application/json' -H 'Idempotency-Key: my-bad-order' -d '{"customerId":"","items":[]}'
curl --aws-sigv4 aws:amz:us-east-1:s3 -u local:local -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -T docs/photo.jpg $$AWS_ENDPOINT_URL/$$UploadsBucket/photo.jpg
curl --aws-sigv4 aws:amz:us-east-1:s3 -u local:local -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -o bin/mobile.jpg $$AWS_ENDPOINT_URL/$$ThumbnailsBucket/photo.jpg/mobile.jpg
bin/noidle posts -endpoint $$AWS_ENDPOINT_URL -stream $$StreamName -rate 2000 -duration 10s -trends $$TrendsUrl
curl -s "$$TrendsUrl?minutes=5&limit=3"
endef
export TRY

run:
	@$(MAKE) --no-print-directory synth TARGET=host
	@go build -o bin/noidle ./cmd/noidle
	@bin/noidle local '$(OUT)' | { ready=false; fill=; while IFS= read -r line; do \
		printf '%s\n' "$$line"; \
		case "$$line" in \
		*\ =\ *) name=$${line%% = *}; fill="$$fill;s|\$$$${name##*.}|$${line#* = }|" ;; \
		AWS_ENDPOINT_URL=*) fill="$$fill;s|\$$AWS_ENDPOINT_URL|$${line#*=}|" ;; \
		ready) ready=true; printf '\nOpen $$SiteUrl in a browser, or try the following; Ctrl-C ends all.\n\n%s\n' "$$TRY" | sed "$${fill#;}" ;; \
		esac; \
	done; $$ready; }

synth: node_modules/.package-lock.json
	@echo "compiling the app (its packages are listed as they are compiled)"
	@go build -v ./stacks
	@echo "synthesizing the reference app for $(TARGET) into $(OUT)"
	@cdk synth --quiet --output '$(OUT)' --context noidle:target=$(TARGET)
	@echo "$(OUT) holds the cloud assembly"

# Where no test may start the CDK, a node that refuses comes first.
test: node_modules/.package-lock.json
	@echo "testing functions and the local cloud"
	@PATH="$(CURDIR)/test/testdata/no-node:$$PATH" go test $(RACE) $(WITHOUT_CDK)
	@echo "testing what the constructs do before they start the CDK"
	@PATH="$(CURDIR)/test/testdata/no-node:$$PATH" go test . ./constructs/... ./stacks/...
	@echo "testing the constructs and the reference app (this takes some minutes)"
	@go test -timeout 30m $(if $(BROWSER),,-skip '^TestBrowser') ./test
	@$(if $(BROWSER),,echo 'make: THE TESTS OF PAGES IN A BROWSER WERE LEFT OUT: there is no Chromium; install one, such as with apt-get install chromium' >&2)

update: node_modules/.package-lock.json
	@echo "rewriting the snapshots and the list of what the local cloud supports"
	@go test ./test -run 'TestSnapshots' -update
	@go test ./local -run 'TestSupported' -update
	@go test ./rules -update
	@git --no-pager diff --stat -- test/testdata 2>/dev/null || true

screenshots:
	@$(MAKE) --no-print-directory synth TARGET=host
	@mkdir -p docs/pictures
	@go run ./test/screenshots '$(OUT)' docs/pictures

chaos:
	@$(MAKE) --no-print-directory synth TARGET=host
	@go run ./test/campaign -length '$(LENGTH)' $(if $(SEED),-seed '$(SEED)') '$(OUT)'

bench: node_modules/.package-lock.json
	@echo "measuring; this takes some minutes"
	@go test -run '^$$' -bench '$(BENCH)' -benchtime 1x -timeout 30m ./test

bench-thumbnails: node_modules/.package-lock.json bench/thumbnails/node_modules/.package-lock.json
	@echo "measuring thumbnails against sharp; this takes some minutes"
	@go run ./bench/thumbnails -rounds '$(ROUNDS)' -photos '$(PHOTOS)'

bench-stream: node_modules/.package-lock.json
	@echo "measuring the counting of posts against Node.js; this takes a minute"
	@go run ./bench/stream -windows '$(ROUNDS)' -posts '$(POSTS)'

lint: prerequisites
	@echo "checking what imports what"
	@.ci/imports
	@echo "checking go.mod and go.sum"
	@go mod tidy -diff
	@echo "linting (the first time, the linter is built)"
	@go run $(GOLANGCI_LINT) run

audit: node_modules/.package-lock.json
	@echo "auditing modules, packages, licences and secrets (the first time, the tools are built)"
	@.ci/audit all

deploy: node_modules/.package-lock.json
	cdk deploy --all

clean:
	rm -rf bin cdk.out node_modules bench/thumbnails/node_modules bench/thumbnails/photos

node_modules/.package-lock.json: package.json package-lock.json | prerequisites
	@echo "installing Node.js and the CDK command line"
	@PATH="$(MACHINE_PATH)" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

bench/thumbnails/node_modules/.package-lock.json: bench/thumbnails/package.json bench/thumbnails/package-lock.json | prerequisites
	@echo "installing sharp"
	@PATH="$(MACHINE_PATH)" npm ci --prefix bench/thumbnails --no-audit --no-fund --loglevel=error
	@touch $@

prerequisites:
	@command -v go >/dev/null || { echo 'make: no go command: install Go 1.26 or newer from https://go.dev/dl' >&2; exit 1; }
	@command -v npm >/dev/null || { echo 'make: no npm command: install Node.js from https://nodejs.org/en/download' >&2; exit 1; }
