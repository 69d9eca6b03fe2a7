package local

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
func TestReportFailure(t *testing.T) {
	const batch = `{"Records":[{"messageId":"a"},{"messageId":"b"}]}`
	tests := []struct{ name, payload, response, want string }{
		{"all done", batch, `{"batchItemFailures":[]}`, `{"batchItemFailures":[{"itemIdentifier":"a"}]}`},
		{"nothing reported", batch, `null`, `{"batchItemFailures":[{"itemIdentifier":"a"}]}`},
		{"another failed", batch, `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, `{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"}]}`},
		{"no report", batch, `"what"`, `"what"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(reportFailure([]byte(tt.response), firstMessage([]byte(tt.payload))))); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
		})
	}
	for _, stream := range []string{`{"Records":[{"kinesis":{"sequenceNumber":"1"}}]}`, `{"Records":[]}`, `[]`} {
		if got := firstMessage([]byte(stream)); got != "" {
			t.Errorf("%s has message %q", stream, got)
		}
	}
}
