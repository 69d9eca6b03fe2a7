package local

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/chaos"
	"github.com/noidle/noidle/local/cloudfront"
	"github.com/noidle/noidle/local/lambda"
	"github.com/noidle/noidle/local/s3"
)

// slowAnswer is how late a call is answered that is made slow, in real time:
// the function that waits for it runs in real time.
const slowAnswer = 200 * time.Millisecond

// The faults of calls to services, as their answers. S3 has names of its own for
// them.
var callErrors = map[chaos.Kind]*api.Error{
	chaos.ThrottledCall: {Code: "ThrottlingException", Message: "Rate exceeded", Status: http.StatusBadRequest},
	chaos.FailedCall:    {Code: "InternalServerError", Message: "Internal server error", Status: http.StatusInternalServerError},
	chaos.LostAnswer:    {Code: "InternalServerError", Message: "Internal server error", Status: http.StatusInternalServerError},
}

// nextFault spares what happens while the cloud is created, which a fault would
// end.
func (c *Cloud) nextFault(subject string, kinds ...chaos.Kind) chaos.Kind {
	if !c.created.Load() {
		return ""
	}
	return c.faults.Next(subject, kinds...)
}

func (c *Cloud) nextCallFault(call *api.Call) chaos.Kind {
	return c.nextFault("calls of "+call.Principal.ARN, chaos.ThrottledCall, chaos.FailedCall, chaos.LostAnswer, chaos.SlowCall)
}

// callFault strikes a function's call to a service.
func (c *Cloud) callFault(call *api.Call, name string, service http.Handler) http.Handler {
	kind := c.nextCallFault(call)
	failure := callErrors[kind]
	write := api.WriteJSONError
	switch name {
	case "cloudfront":
		write = cloudfront.WriteError
	case "s3":
		write = s3.WriteError
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch kind {
		case chaos.SlowCall:
			time.Sleep(slowAnswer)
			service.ServeHTTP(w, r)
		case chaos.LostAnswer:
			service.ServeHTTP(discarded{http.Header{}}, r)
			write(w, r, failure)
		case chaos.ThrottledCall, chaos.FailedCall:
			write(w, r, failure)
		default:
			service.ServeHTTP(w, r)
		}
	})
}

// callTask is call for a state machine, whose calls are struck, too. It waits
// for invocations, which are struck as such.
func (c *Cloud) callTask(call *api.Call, service, operation string, input []byte) ([]byte, error) {
	if service == "lambda" || call.Principal == nil {
		return c.call(call, service, operation, input)
	}
	kind := c.nextCallFault(call)
	if kind == chaos.ThrottledCall || kind == chaos.FailedCall {
		return nil, callErrors[kind]
	}
	output, err := c.call(call, service, operation, input)
	if kind == chaos.LostAnswer {
		return nil, callErrors[kind]
	}
	return output, err
}

// functionFault strikes an invocation.
func (c *Cloud) functionFault(function string) lambda.Fault {
	switch c.nextFault("invocations of "+function, chaos.CrashBefore, chaos.CrashAfter, chaos.Timeout) {
	case chaos.CrashBefore:
		return lambda.CrashBefore
	case chaos.CrashAfter:
		return lambda.CrashAfter
	case chaos.Timeout:
		return lambda.Timeout
	}
	return lambda.NoFault
}

// invokeBatch invokes a function with a batch. Lambda itself does, as nobody else
// has to be allowed to.
func (c *Cloud) invokeBatch(call *api.Call, function string, payload []byte) ([]byte, error) {
	response, err := c.lambda.Invoke(&api.Call{Context: call.Context, RequestID: call.RequestID}, function, payload)
	message := firstMessage(payload)
	if err != nil || message == "" || c.nextFault("batches of "+function, chaos.PartialBatch) == "" {
		return response, err
	}
	return reportFailure(response, message), nil
}

// firstMessage is the ID of the first message of a batch from a queue. A batch from
// a stream has none: what a function says of a part of it has to fit the state that
// it returns.
func firstMessage(payload []byte) string {
	var batch struct {
		Records []struct {
			MessageID string `json:"messageId"`
		}
	}
	if json.Unmarshal(payload, &batch) != nil || len(batch.Records) == 0 {
		return ""
	}
	return batch.Records[0].MessageID
}

// reportFailure adds a message to those that a function reports as failed
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting).
func reportFailure(response []byte, message string) []byte {
	type failure struct {
		ItemIdentifier string `json:"itemIdentifier"`
	}
	var report struct {
		BatchItemFailures []failure `json:"batchItemFailures"`
	}
	if json.Unmarshal(response, &report) != nil {
		return response // it fails the whole batch
	}
	report.BatchItemFailures = append(report.BatchItemFailures, failure{message})
	changed, err := json.Marshal(report)
	if err != nil {
		return response
	}
	return changed
}

// discarded takes an answer that nobody gets.
type discarded struct{ header http.Header }

func (d discarded) Header() http.Header         { return d.header }
func (d discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d discarded) WriteHeader(int)             {}
