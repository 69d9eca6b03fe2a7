package messaging

import (
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"

	"github.com/noidle/noidle/constructs/internal/expect"
)

// imported stands for a function that is not made in the app.
type imported struct{ awslambda.IFunction }

// anyDuration stands for a CDK duration that nobody looks into.
type anyDuration struct{ awscdk.Duration }

func TestQueueWorkerProps(t *testing.T) {
	valid := QueueWorkerProps{Handler: imported{}, VisibilityTimeout: time.Minute}
	tests := []struct {
		name   string
		change func(*QueueWorkerProps)
		want   string
	}{
		{"valid", func(*QueueWorkerProps) {}, ""},
		{"no handler", func(p *QueueWorkerProps) { p.Handler = nil }, "no Handler"},
		{"unknown timeout", func(p *QueueWorkerProps) { p.VisibilityTimeout = 0 }, "no VisibilityTimeout: the handler's timeout is not known here, so set at least 6 times it"},
		{"too many receives", func(p *QueueWorkerProps) { p.MaxReceives = 1001 }, "MaxReceives is 1001: must be 1 to 1000"},
		{"negative receives", func(p *QueueWorkerProps) { p.MaxReceives = -1 }, "MaxReceives is -1"},
		{"too large a batch", func(p *QueueWorkerProps) { p.BatchSize, p.BatchWindow = 10001, time.Second }, "BatchSize is 10001: must be 1 to 10000"},
		{"a large batch with a window", func(p *QueueWorkerProps) { p.BatchSize, p.BatchWindow = 10000, time.Second }, ""},
		{"a large batch without a window", func(p *QueueWorkerProps) { p.BatchSize = 11 }, "BatchSize is 11: more than 10 needs a BatchWindow of at least 1s"},
		{"too large a FIFO batch", func(p *QueueWorkerProps) { p.FIFO, p.BatchSize = true, 11 }, "BatchSize is 11: must be 1 to 10"},
		{"a FIFO window", func(p *QueueWorkerProps) { p.FIFO, p.BatchWindow = true, time.Second }, "BatchWindow is 1s: a FIFO queue has none"},
		{"too long a window", func(p *QueueWorkerProps) { p.BatchWindow = 301 * time.Second }, "BatchWindow is 5m1s: must be whole seconds up to 5m0s"},
		{"half a second of window", func(p *QueueWorkerProps) { p.BatchWindow = 500 * time.Millisecond }, "BatchWindow is 500ms"},
		{"too little concurrency", func(p *QueueWorkerProps) { p.MaxConcurrency = 1 }, "MaxConcurrency is 1: must be 2 to 1000, or 0 for no limit"},
		{"too much concurrency", func(p *QueueWorkerProps) { p.MaxConcurrency = 1001 }, "MaxConcurrency is 1001"},
		{"too long a visibility timeout", func(p *QueueWorkerProps) { p.VisibilityTimeout = 13 * time.Hour }, "VisibilityTimeout is 13h0m0s: must be whole seconds up to 12h0m0s"},
		{"negative age", func(p *QueueWorkerProps) { p.OldestMessageAge = -time.Second }, "OldestMessageAge is -1s"},
		{"FIFO in the queue's settings", func(p *QueueWorkerProps) { p.Queue = &awssqs.QueueProps{Fifo: new(true)} }, "Queue.Fifo is true: set FIFO instead"},
		{"visibility in the queue's settings", func(p *QueueWorkerProps) { p.Queue = &awssqs.QueueProps{VisibilityTimeout: anyDuration{}} }, "set VisibilityTimeout instead"},
		{"dead letters in the queue's settings", func(p *QueueWorkerProps) { p.Queue = &awssqs.QueueProps{DeadLetterQueue: &awssqs.DeadLetterQueue{}} }, "which DeadLetterQueue configures"},
		{"FIFO in the dead-letter queue's settings", func(p *QueueWorkerProps) { p.DeadLetterQueue = &awssqs.QueueProps{Fifo: new(false)} }, "DeadLetterQueue.Fifo is false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			props := valid
			tt.change(&props)
			_, err := props.complete()
			expect.Error(t, err, tt.want)
		})
	}
}

func TestCompleteVisibility(t *testing.T) {
	tests := []struct {
		name                      string
		visibility, window, known time.Duration
		want                      time.Duration
		wantErr                   string
	}{
		{name: "six times the timeout", known: 10 * time.Second, want: time.Minute},
		{name: "and the window", known: 10 * time.Second, window: 5 * time.Second, want: 65 * time.Second},
		{name: "longer by prop", known: 10 * time.Second, visibility: 2 * time.Minute, want: 2 * time.Minute},
		{name: "just enough", known: 10 * time.Second, visibility: time.Minute, want: time.Minute},
		{name: "too short", known: 10 * time.Second, visibility: 59 * time.Second, wantErr: "VisibilityTimeout is 59s: must be at least 1m0s, 6 times the handler's timeout of 10s plus BatchWindow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := QueueWorkerProps{VisibilityTimeout: tt.visibility, BatchWindow: tt.window}
			err := p.completeVisibility(tt.known, true)
			expect.Error(t, err, tt.wantErr)
			if err == nil && p.VisibilityTimeout != tt.want {
				t.Errorf("the visibility timeout is %v, want %v", p.VisibilityTimeout, tt.want)
			}
		})
	}
}

// TestCompleteLeavesThePropsAlone: what the caller holds is the caller's.
func TestCompleteLeavesThePropsAlone(t *testing.T) {
	props := &QueueWorkerProps{Handler: imported{}, VisibilityTimeout: time.Minute}
	if _, err := props.complete(); err != nil {
		t.Fatal(err)
	}
	if *props != (QueueWorkerProps{Handler: imported{}, VisibilityTimeout: time.Minute}) {
		t.Errorf("the props have become %+v", *props)
	}
}

func TestDeadLetterQueueProps(t *testing.T) {
	tests := []struct {
		name  string
		props DeadLetterQueueProps
		want  string
	}{
		{"defaults", DeadLetterQueueProps{}, ""},
		{"FIFO", DeadLetterQueueProps{FIFO: true}, ""},
		{"FIFO in the queue's settings", DeadLetterQueueProps{Queue: &awssqs.QueueProps{Fifo: new(true)}}, "Queue.Fifo is true: set FIFO instead"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expect.Error(t, tt.props.validate(), tt.want) })
	}
}
