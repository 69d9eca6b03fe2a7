package states

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/noidle/noidle/local/api"
)

// task runs a Task state
// (https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html).
func (v *visit) task(input payload) (payload, error) {
	timeout, err := v.number(v.state.TimeoutSeconds, v.state.TimeoutSecondsPath, 1)
	if err != nil {
		return payload{}, err
	}
	heartbeat, err := v.number(v.state.HeartbeatSeconds, v.state.HeartbeatSecondsPath, 1)
	if err != nil {
		return payload{}, err
	}
	ctx := v.service.deadline(v.ctx, time.Duration(timeout)*time.Second, &failure{name: errorTimeout})
	defer ctx.stop()
	v.recordScheduled(input, timeout, heartbeat)
	output, err := v.invoke(ctx, input, time.Duration(heartbeat)*time.Second)
	switch f, failed := errors.AsType[*failure](err); {
	case v.ctx.Err() != nil:
	case !failed:
		v.recordTask("Succeeded", details{Output: output.text})
	case f.name == errorTimeout || f.name == errorHeartbeat:
		v.recordTask("TimedOut", details{Error: f.name, Cause: f.cause})
	default:
		v.recordTask("Failed", details{Error: f.name, Cause: f.cause})
	}
	return output, err
}

func (v *visit) recordScheduled(input payload, timeout, heartbeat int) {
	if arn := v.state.Resource.function; arn != "" {
		v.record("LambdaFunctionScheduled", &details{Resource: arn, Input: input.text, TimeoutInSeconds: timeout})
		v.record("LambdaFunctionStarted", nil)
		return
	}
	v.recordTask("Scheduled", details{Region: api.Region, Parameters: input.text, TimeoutInSeconds: timeout, HeartbeatInSeconds: heartbeat})
	v.recordTask("Started", details{})
}

func (v *visit) recordTask(what string, d details) {
	if v.state.Resource.function != "" {
		v.record("LambdaFunction"+what, &d)
		return
	}
	d.ResourceType, d.Resource = v.state.Resource.resourceType, v.state.Resource.resource
	v.record("Task"+what, &d)
}

// invoke calls the task's service and, where the task waits for its token, waits
// for what is sent with it.
func (v *visit) invoke(ctx context.Context, input payload, heartbeat time.Duration) (payload, error) {
	i := v.state.Resource
	request, err := i.request(input, v.arn, v.machine.arn)
	if err != nil {
		return payload{}, err
	}
	var c *callback
	if i.token {
		c = v.service.expect(ctx, v.token, heartbeat)
		defer c.stop()
		defer v.service.forget(v.token)
	}
	output, err := v.call(ctx, request)
	if err != nil {
		return payload{}, err
	}
	result, err := i.result(output)
	if err != nil || c == nil {
		return result, err
	}
	v.recordTask("Submitted", details{Output: result.text})
	return c.await()
}

// call calls the service as the machine's role. It does not wait longer than the
// context lasts.
func (v *visit) call(ctx context.Context, request string) (string, error) {
	i := v.state.Resource
	var output []byte
	var err error
	done := make(chan struct{})
	call := &api.Call{Context: ctx, Principal: v.machine.Role, RequestID: uuid.NewString()}
	v.service.goroutines.Go(func() {
		defer close(done)
		output, err = v.service.Call(call, i.service, i.operation, []byte(request))
	})
	select {
	case <-done:
		if err != nil && ctx.Err() == nil {
			return "", i.failure(err, call.RequestID)
		}
		return string(output), context.Cause(ctx)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// failure names a service's error as Step Functions does: after the exception
// of the service's SDK client, or the client's own exception for errors that
// the service does not define.
func (i integration) failure(err error, requestID string) *failure {
	answer, ok := errors.AsType[*api.Error](err)
	if !ok {
		return &failure{name: i.prefix + ".SdkClientException", cause: err.Error()}
	}
	f := &failure{
		denied: strings.HasPrefix(answer.Code, "AccessDenied"),
		cause: fmt.Sprintf("%s (Service: %s; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)",
			answer.Message, i.client, max(answer.Status, http.StatusBadRequest), answer.Code, requestID),
	}
	exception := strings.TrimSuffix(answer.Code, "Exception") + "Exception"
	switch strings.TrimSuffix(exception, "Exception") {
	case "AccessDenied", "Serialization", "UnknownOperation", "Validation":
		exception = i.client + "Exception"
	}
	f.name = i.prefix + "." + exception
	return f
}

// callback is a task that waits for its token
// (https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token).
type callback struct {
	// deadline ends when the task times out or no heartbeat came in time.
	*deadline
	done chan sent
}

// sent is what was sent with a task's token.
type sent struct {
	output payload
	failed *failure
}

// taskToken makes a token that names the state machine.
func taskToken(machine string) string {
	return base64.StdEncoding.EncodeToString([]byte(machine + " " + uuid.NewString()))
}

// tokenMachine returns the ARN of the state machine of a token's task.
func tokenMachine(token string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(token)
	machine, id, _ := strings.Cut(string(data), " ")
	if err != nil || uuid.Validate(id) != nil {
		return "", errToken
	}
	return machine, nil
}

// expect makes a token valid.
func (s *Service) expect(ctx context.Context, token string, heartbeat time.Duration) *callback {
	c := &callback{s.deadline(ctx, heartbeat, &failure{name: errorHeartbeat}), make(chan sent, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbacks[token] = c
	return c
}

// forget makes a token invalid and returns the task that waited for it, if one did.
func (s *Service) forget(token string) *callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callbacks[token]
	delete(s.callbacks, token)
	return c
}

func (c *callback) await() (payload, error) {
	select {
	case s := <-c.done:
		if s.failed != nil {
			return payload{}, s.failed
		}
		return s.output, nil
	case <-c.Done():
		return payload{}, context.Cause(c)
	}
}

// number is a field of the state, or what its Path selects: an integer of at
// least the least.
func (v *visit) number(constant int, path place, least int) (int, error) {
	if path.path == nil {
		return constant, nil
	}
	value, err := v.choose(path.path)
	if err != nil {
		return 0, err
	}
	text, _ := value.(json.Number)
	n, err := text.Int64()
	if err != nil || n < int64(least) || n > maxSeconds {
		return 0, fail(errorRuntime, "The path '%s' must select an integer from %d to %d, but selects %v", path.path.text, least, maxSeconds, value)
	}
	return int(n), nil
}
