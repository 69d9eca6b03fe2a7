package kinesis

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The one pass reads what it reads as package json does.
func FuzzPutRecordsInput(f *testing.F) {
	for _, seed := range []string{
		`{"StreamName":"s","Records":[{"Data":"YQ==","PartitionKey":"k"},{"Data":"","PartitionKey":"ü","ExplicitHashKey":"1"}]}`,
		" {\n\"StreamARN\" : \"a\" ,\t\"Records\" : [ { \"PartitionKey\" : \"k\" , \"Data\" : \"YWI=\" } ] } ",
		`{"Records":[{"Data":"YQ\/=","PartitionKey":"\u0041\"\\"}],"streamname":"s"}`,
		`{"Records":[]}`, `{"Records":null}`, `{}`, `null`, `[]`, `{"Records":[{}]}`, `{"Records":[{"Data":null}]}`,
		`{"Records":[{"Data":"a"}]}`, `{"Records":[{"Data":"YQ==","Data":"Yg=="}],"Records":[{"PartitionKey":"k"}]}`,
		"{\"Records\":[{\"Data\":\"YWJj\nYWJj\",\"PartitionKey\":\"a\xff\"}]}",
		`{"StreamName":"s"} x`, `{"StreamName":"s","DryRun":true}`, `{"StreamName":"s",}`, `{"StreamName" "s"}`,
		`{"Records":[{"Data":"YQ==YQ==","PartitionKey":"k"}]}`, `{"Records":[{"Data":"====","PartitionKey":"k"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := parser{rest: data}
		got, ok := p.putRecords()
		if !ok {
			return
		}
		type plain putRecordsInput
		var want plain
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("%s: one pass reads %+v, package json says %v", data, got, err)
		}
		if diff := cmp.Diff(putRecordsInput(want), got, cmp.AllowUnexported(putRecordsInput{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", data, diff)
		}
	})
}
