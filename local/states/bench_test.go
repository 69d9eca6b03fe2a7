package states

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// tenStates are five Pass and five Task states in turn.
func tenStates() string {
	var states []string
	for i := range 10 {
		next := fmt.Sprintf(`"Next":"S%d"`, i+1)
		if i == 9 {
			next = `"End":true`
		}
		if i%2 == 0 {
			states = append(states, fmt.Sprintf(`"S%d":{"Type":"Pass","Parameters":{"id.$":"$.id","n":%d},"ResultPath":"$.last",%s}`, i, i, next))
		} else {
			states = append(states, fmt.Sprintf(`"S%d":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":15,"Parameters":{"FunctionName":"f","Payload.$":"$"},"ResultSelector":{"output.$":"$.Payload"},"ResultPath":"$.results.S%d",%s}`, i, i, next))
		}
	}
	return `{"StartAt":"S0","States":{` + strings.Join(states, ",") + `}}`
}

const order = `{"id":"o-1","customer":"c-1","address":{"street":"Main Street 1","city":"Springfield"},"items":[{"id":"i-1","quantity":2,"price":1999},{"id":"i-2","quantity":1,"price":4999}],"results":{}}`

func BenchmarkExecution(b *testing.B) {
	f := newFixture(b, nil)
	f.Call = answers(`{"StatusCode":200,"Payload":{"reservation":"r-1","at":"2026-03-01T12:00:00Z"}}`)
	if err := f.CreateStateMachine(StateMachine{Name: "m", Type: typeStandard, Definition: []byte(tenStates())}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Service.mu.Lock()
		input, err := decode(order)
		e, err2 := f.Service.start(f.machines[ARN("m")], "", input)
		f.Service.mu.Unlock()
		if err != nil || err2 != nil {
			b.Fatal(err, err2)
		}
		<-e.done
	}
}

// Ten thousand finished executions stay small.
func TestMemoryOfFinishedExecutions(t *testing.T) {
	const executions = 2000
	f := newFixture(t, nil)
	f.Call = answers(`{"StatusCode":200,"Payload":{"reservation":"r-1","at":"2026-03-01T12:00:00Z"}}`)
	f.create("m", typeStandard, tenStates())
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap()
	for range executions {
		f.Service.mu.Lock()
		input, _ := decode(order)
		e, err := f.Service.start(f.machines[ARN("m")], "", input)
		f.Service.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		<-e.done
		wantEqual(t, "events", e.events, int64(37))
	}
	each := (heap() - before) / executions
	t.Logf("%d bytes for each execution", each)
	if each > 6000 {
		t.Errorf("%d bytes for each execution", each)
	}
	runtime.KeepAlive(f)
}
