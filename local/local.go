// Package local runs a cloud assembly, as cdk synth writes it, on this machine:
// its functions as real processes, its queues, tables, state machines, buses,
// topics and HTTP APIs in memory, its buckets in a temporary directory with its
// distributions in front, its permissions enforced. It listens on the loopback
// interface only.
//
// Everything that waits, such as a retry or a visibility timeout, waits on a
// clock that tests can advance. What is not supported is refused by name before
// anything starts.
package local

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/apigateway"
	"github.com/noidle/noidle/local/assembly"
	"github.com/noidle/noidle/local/chaos"
	"github.com/noidle/noidle/local/cloudformation"
	"github.com/noidle/noidle/local/cloudfront"
	"github.com/noidle/noidle/local/cloudwatch"
	"github.com/noidle/noidle/local/cognito"
	"github.com/noidle/noidle/local/dynamodb"
	"github.com/noidle/noidle/local/events"
	"github.com/noidle/noidle/local/eventsource"
	"github.com/noidle/noidle/local/firehose"
	"github.com/noidle/noidle/local/iam"
	"github.com/noidle/noidle/local/kinesis"
	"github.com/noidle/noidle/local/lambda"
	"github.com/noidle/noidle/local/logs"
	"github.com/noidle/noidle/local/s3"
	"github.com/noidle/noidle/local/sns"
	"github.com/noidle/noidle/local/sqs"
	"github.com/noidle/noidle/local/states"
)

// Options configure a Cloud. The zero Options suit tests.
type Options struct {
	// Addr is where the AWS endpoint listens: a loopback address and a port. HTTP
	// APIs, function URLs and CloudFront distributions listen on the ports that
	// follow. Empty means 127.0.0.1:0; port 0 picks free ports.
	Addr string
	// Clock is what waits, limits and timestamps go by. Nil means real time. The
	// functions themselves always run in real time.
	Clock clockwork.Clock
	// Chaos is the rate, 0 to 1, at which faults are injected: duplicate
	// deliveries, functions that crash or time out, calls of functions and state
	// machines that are throttled, fail, or are slow.
	Chaos float64
	// Seed decides which faults are injected, and varies waits.
	Seed uint64
	// Report is told of what no caller learns of, such as an event that is lost
	// for want of a dead-letter queue, or that an alarm fires. Nil means nobody.
	Report func(message string)
}

// Cloud is a running local cloud. It is safe for concurrent use.
type Cloud struct {
	options   Options
	clock     clockwork.Clock
	listener  net.Listener
	listeners []net.Listener // of APIs, function URLs and distributions
	outputs   assembly.Outputs
	servers   []*http.Server
	closeOnce sync.Once
	created   atomic.Bool // when faults begin

	authority  *iam.Authority
	faults     *chaos.Faults
	custom     *cloudformation.Service
	cloudfront *cloudfront.Service
	cloudwatch *cloudwatch.Service
	dynamodb   *dynamodb.Service
	events     *events.Service
	firehose   *firehose.Service
	kinesis    *kinesis.Service
	lambda     *lambda.Service
	logs       *logs.Service
	mappings   *eventsource.Service
	s3         *s3.Service
	sns        *sns.Service
	sqs        *sqs.Service
	states     *states.Service
	cognito    *cognito.Service
	// operations are those that services call of each other, by service.
	operations map[string]api.Operations

	// What planning collects for creation.
	creations  []func() error
	addresses  map[string]string // https URLs without a slash at the end, and the local ones in their place
	apis       map[string]*httpAPI
	urls       []*functionURL
	assets     map[string]map[string]assembly.Asset // by bucket and key
	buckets    map[string]bool                      // by name, whether they refuse policies that let in anybody
	controls   map[string]bool                      // origin access controls by ID, whether they sign
	edge       edge
	handlers   map[string]*apigateway.Handler // of APIs by ID
	managed    map[string]*iam.Policy
	functions  map[string]plannedFunction
	principals sync.Map // *api.Principal by access key: functions call while others are created
}

// Start runs the cloud assembly in a directory. It returns when everything is
// created. The error tells everything in the assembly that is not supported,
// found before anything started.
func Start(dir string, options Options) (*Cloud, error) {
	read, err := assembly.Read(dir)
	if err != nil {
		return nil, err
	}
	c, err := open(options)
	if err != nil {
		return nil, err
	}
	if err := c.run(read); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func open(options Options) (*Cloud, error) {
	if options.Addr == "" {
		options.Addr = "127.0.0.1:0"
	}
	if options.Clock == nil {
		options.Clock = clockwork.NewRealClock()
	}
	if options.Report == nil {
		options.Report = func(string) {}
	}
	if options.Chaos < 0 || options.Chaos > 1 {
		return nil, fmt.Errorf("local: chaos %v: want a rate from 0 to 1", options.Chaos)
	}
	listener, err := listen(options.Addr)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	c := &Cloud{
		options:   options,
		clock:     options.Clock,
		listener:  listener,
		faults:    chaos.New(options.Chaos, options.Seed),
		addresses: map[string]string{},
		apis:      map[string]*httpAPI{},
		assets:    map[string]map[string]assembly.Asset{},
		edge:      edge{functions: map[string]*cloudfront.Function{}, headers: map[string][]cloudfront.Header{}},
		handlers:  map[string]*apigateway.Handler{},
		buckets:   map[string]bool{},
		controls:  map[string]bool{},
		managed:   map[string]*iam.Policy{},
		functions: map[string]plannedFunction{},
	}
	c.openServices()
	return c, nil
}

// listen refuses addresses that other machines could reach.
func listen(addr string) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", addr, err)
	}
	if !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("address %q: want a loopback address such as 127.0.0.1:4566", addr)
	}
	listener, err := net.Listen("tcp", tcp.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("address %q is in use, perhaps by another local cloud: end that, or choose another port; 0 picks a free one", addr)
	}
	return listener, err
}

// random returns a source of its own for each service, as they are not safe for
// concurrent use.
func (c *Cloud) random() *rand.Rand { return rand.New(rand.NewPCG(c.options.Seed, 1)) }

// run plans, and if all of it is supported, creates and serves.
func (c *Cloud) run(read *assembly.Assembly) error {
	outputs, err := read.Plan(c.plan)
	if err != nil {
		return err // Without the resources in error, APIs are not whole.
	}
	var problems []error
	for _, id := range slices.Sorted(maps.Keys(c.apis)) {
		handler, err := c.handler(c.apis[id])
		c.handlers[id], problems = handler, append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	c.serve(c.listener, c.endpoint())
	if err := c.putAssets(); err != nil {
		return err
	}
	for _, create := range c.creations {
		if err := create(); err != nil {
			return err
		}
	}
	for id, handler := range c.handlers {
		cors := c.apis[id].CORS
		c.serve(apigateway.Listener(c.apis[id].listener), guard(handler, true, func(origin string, _ *http.Request) bool { return cors.Allows(origin) }))
	}
	for _, u := range c.urls {
		c.serve(apigateway.Listener(u.listener), guard(u, true, func(origin string, _ *http.Request) bool { return u.CORS.Allows(origin) }))
	}
	for _, values := range outputs {
		for name, value := range values {
			values[name] = c.reachable(value)
		}
	}
	c.outputs, c.creations = outputs, nil
	c.custom.SetOutputs(outputs)
	c.cloudwatch.Start()
	c.created.Store(true)
	return nil
}

func (c *Cloud) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	c.servers = append(c.servers, server)
	go func() { _ = server.Serve(listener) }()
}

// URL is the address of the AWS endpoint, for AWS_ENDPOINT_URL.
func (c *Cloud) URL() string { return "http://" + c.listener.Addr().String() }

// Outputs are the stacks' outputs by stack and name.
func (c *Cloud) Outputs() assembly.Outputs { return c.outputs }

// Running is how many invocations of functions are under way.
func (c *Cloud) Running() int { return c.lambda.Running() }

// Processes are the process IDs of the functions that are warm or running.
func (c *Cloud) Processes() []int { return c.lambda.Processes() }

// Close ends everything and waits until every process of a function is gone.
func (c *Cloud) Close() {
	c.closeOnce.Do(func() {
		for _, server := range c.servers {
			_ = server.Close()
		}
		_ = c.listener.Close()
		for _, listener := range c.listeners {
			_ = listener.Close()
		}
		c.closeServices()
	})
}

// closeServices ends what sends work to others before the others.
func (c *Cloud) closeServices() {
	c.cloudwatch.Close()
	c.lambda.Close()
	c.states.Close()
	c.mappings.Close()
	c.firehose.Close()
	c.s3.Close()
	c.events.Close()
	c.sns.Close()
	c.sqs.Close()
	c.dynamodb.Close()
}

// Report is what a cloud has seen so far.
type Report struct {
	// Roles tells what each role was granted, what it used, what it was denied,
	// and what it never used.
	Roles []iam.RoleReport `json:"roles"`
	// Faults are the injected faults by kind.
	Faults map[chaos.Kind]int `json:"faults"`
}

// Report returns what happened so far.
func (c *Cloud) Report() Report {
	return Report{Roles: c.authority.Report(), Faults: c.faults.Counts()}
}
