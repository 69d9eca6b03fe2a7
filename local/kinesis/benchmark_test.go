package kinesis_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/noidle/noidle/local/api"
	"github.com/noidle/noidle/local/kinesis"
)

// putRecords returns a request for 500 records of 1 KiB, each with a partition
// key of its own.
func putRecords(tb testing.TB) []byte {
	type entry struct {
		Data         []byte
		PartitionKey string
	}
	records := make([]entry, 500)
	for i := range records {
		records[i] = entry{bytes.Repeat([]byte{byte(i)}, 1024), fmt.Sprint("key-", i)}
	}
	return must(json.Marshal(map[string]any{"StreamName": "clicks", "Records": records}))(tb)
}

func benchmarkService(b *testing.B, retention time.Duration) (*kinesis.Service, *clockwork.FakeClock) {
	clock := clockwork.NewFakeClockAt(start)
	service := kinesis.New(kinesis.Options{Clock: clock})
	if err := service.CreateStream(kinesis.Stream{Name: "clicks", Shards: 20, Retention: retention}); err != nil {
		b.Fatal(err)
	}
	return service, clock
}

// BenchmarkPutRecords puts 500 records of 1 KiB over HTTP.
func BenchmarkPutRecords(b *testing.B) {
	service, clock := benchmarkService(b, 24*time.Hour)
	server := httptest.NewServer(service.Operations().JSON())
	defer server.Close()
	body := putRecords(b)
	b.ReportAllocs()
	for b.Loop() {
		clock.Advance(time.Hour)
		request := must(http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL, bytes.NewReader(body)))(b)
		request.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecords")
		response := must(http.DefaultClient.Do(request))(b)
		answer := must(io.ReadAll(response.Body))(b)
		_ = response.Body.Close()
		if !bytes.Contains(answer, []byte(`"FailedRecordCount":0`)) {
			b.Fatalf("%.200s", answer)
		}
	}
	b.ReportMetric(500*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkGetRecords gets 1,000 records of 1 KiB without HTTP.
func BenchmarkGetRecords(b *testing.B) {
	service, clock := benchmarkService(b, 365*24*time.Hour)
	operations := service.Operations()
	call := func(operation, input string) []byte {
		return must(operations.Call(&api.Call{Context: b.Context()}, operation, []byte(input)))(b)
	}
	var records [1000]struct {
		Data                          []byte
		PartitionKey, ExplicitHashKey string
	}
	for i := range records {
		records[i].Data, records[i].PartitionKey, records[i].ExplicitHashKey = bytes.Repeat([]byte{1}, 1024), "key", "0"
	}
	for _, half := range [][]byte{must(json.Marshal(records[:500]))(b), must(json.Marshal(records[500:]))(b)} {
		call("PutRecords", `{"StreamName":"clicks","Records":`+string(half)+`}`)
		clock.Advance(time.Second)
	}
	b.ReportAllocs()
	for b.Loop() {
		clock.Advance(time.Second)
		iterator := call("GetShardIterator", `{"StreamName":"clicks","ShardId":"shardId-000000000000","ShardIteratorType":"TRIM_HORIZON"}`)
		call("GetRecords", string(iterator))
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkMemory reports how much memory a stored record of 1 KiB takes.
func BenchmarkMemory(b *testing.B) {
	service, clock := benchmarkService(b, 365*24*time.Hour)
	operations, body := service.Operations(), putRecords(b)
	used := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := used()
	for b.Loop() {
		clock.Advance(time.Second)
		must(operations.Call(&api.Call{Context: b.Context()}, "PutRecords", body))(b)
	}
	b.ReportMetric(float64(used()-before)/float64(500*b.N), "bytes/record")
	runtime.KeepAlive(service)
}
