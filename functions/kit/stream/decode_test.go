package stream_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noidle/noidle/functions/kit/stream"
)

// The files have the shape of
// https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html and
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html.
func TestDecodeFiles(t *testing.T) {
	const first, second = "49590338271490256608559692538361571095921575989136588898", "49590338271490256608559692540925702759324208523137515618"
	hello := stream.Record{
		SequenceNumber: first,
		PartitionKey:   "1",
		Arrival:        time.Date(2018, 12, 17, 22, 10, 50, 987e6, time.UTC),
		Data:           []byte("Hello, this is a test."),
	}
	windowed := hello
	windowed.Arrival = time.Date(2020, 12, 9, 7, 4, 35, 0, time.UTC)
	for file, want := range map[string]stream.Event{
		"batch.json": {
			Records: []stream.Record{hello, {
				SequenceNumber: second,
				PartitionKey:   "1",
				Arrival:        time.Date(2018, 12, 17, 22, 11, 51, 166e6, time.UTC),
				Data:           []byte("This is only a test."),
			}},
			ShardID:        "shardId-000000000006",
			EventSourceARN: "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream",
		},
		"window.json": {
			Records:        []stream.Record{windowed},
			ShardID:        "shardId-000000000006",
			EventSourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/lambda-stream",
			Window: &stream.Window{
				Start: time.Date(2020, 12, 9, 7, 4, 0, 0, time.UTC),
				End:   time.Date(2020, 12, 9, 7, 6, 0, 0, time.UTC),
				State: json.RawMessage("{\n        \"1\": \"282\",\n        \"2\": \"715\"\n    }"),
			},
		},
	} {
		t.Run(file, func(t *testing.T) {
			payload, err := os.ReadFile("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			var got stream.Event
			if err := stream.Decode(payload, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// records returns an event of one record with members of its kinesis object.
func records(members string) string {
	return `{"Records":[{"kinesis":{"sequenceNumber":"7",` + members + `}}]}`
}

func TestDecodeRecord(t *testing.T) {
	at := time.Date(2020, 12, 9, 7, 4, 35, 0, time.UTC)
	zeros := strings.Repeat("A", 4000)
	for name, test := range map[string]struct {
		members string
		want    stream.Record
	}{
		"whole seconds":            {`"approximateArrivalTimestamp":1607497475`, stream.Record{Arrival: at}},
		"exponent":                 {`"approximateArrivalTimestamp":1.607497475E9`, stream.Record{Arrival: at}},
		"negative exponent":        {`"approximateArrivalTimestamp":16074974750e-1`, stream.Record{Arrival: at}},
		"milliseconds":             {`"approximateArrivalTimestamp":1607497475.123`, stream.Record{Arrival: at.Add(123 * time.Millisecond)}},
		"microseconds":             {`"approximateArrivalTimestamp":1607497475.000600`, stream.Record{Arrival: at.Add(time.Millisecond)}},
		"escaped name":             {`"d\u0061ta":"QQ=="`, stream.Record{Data: []byte("A")}},
		"escaped slash in base64":  {`"data":"\/\/\/\/"`, stream.Record{Data: []byte{0xff, 0xff, 0xff}}},
		"escaped letter in base64": {`"data":"\u0051Q=="`, stream.Record{Data: []byte("A")}},
		"long escaped base64":      {`"data":"\u0041` + zeros[1:] + `"`, stream.Record{Data: make([]byte, 3000)}},
		"long base64":              {`"data":"` + zeros + `"`, stream.Record{Data: make([]byte, 3000)}},
		"empty data":               {`"data":""`, stream.Record{Data: []byte{}}},
		"null":                     {`"data":null,"partitionKey":null,"approximateArrivalTimestamp":null`, stream.Record{}},
		"last of two members":      {`"data":"QQ==","data":"Qg=="`, stream.Record{Data: []byte("B")}},
		"escapes":                  {`"partitionKey":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00\ud83d"`, stream.Record{PartitionKey: "\"\\/\b\f\n\r\tä😀\ufffd"}},
		"no escapes":               {`"partitionKey":"ä😀 of more than 8 bytes"`, stream.Record{PartitionKey: "ä😀 of more than 8 bytes"}},
		"unknown members":          {`"a":[],"b":{},"c":[{"d":[-0,1.5e+3,true,false,null,"\"}]"]}]`, stream.Record{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got stream.Event
			if err := stream.Decode([]byte(records(test.members)), &got); err != nil {
				t.Fatal(err)
			}
			test.want.SequenceNumber = "7"
			if diff := cmp.Diff([]stream.Record{test.want}, got.Records); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeEvent(t *testing.T) {
	const record = `{"kinesis":{"sequenceNumber":"7"},"eventID":"shard-1:7","eventSourceARN":"arn:1"}`
	one := []stream.Record{{SequenceNumber: "7"}}
	for name, test := range map[string]struct {
		payload string
		want    stream.Event
	}{
		"nothing":               {`{}`, stream.Event{}},
		"null members":          {`{"Records":null,"window":null,"state":null,"shardId":null}`, stream.Event{}},
		"shard of the record":   {`{"Records":[` + record + `]}`, stream.Event{Records: one, ShardID: "shard-1", EventSourceARN: "arn:1"}},
		"shard of the event":    {`{"shardId":"shard-2","eventSourceARN":"arn:2","Records":[` + record + `]}`, stream.Event{Records: one, ShardID: "shard-2", EventSourceARN: "arn:2"}},
		"shard after the event": {`{"Records":[` + record + `],"shardId":"shard-2"}`, stream.Event{Records: one, ShardID: "shard-2", EventSourceARN: "arn:1"}},
		"end of a window": {
			`{"Records":[],"isFinalInvokeForWindow":true,"state":{"a":"\u00e4"},"window":{"start":"2020-12-09T07:04:00Z"}}`,
			stream.Event{Window: &stream.Window{Start: time.Date(2020, 12, 9, 7, 4, 0, 0, time.UTC), State: json.RawMessage(`{"a":"\u00e4"}`), Final: true}},
		},
		"window without state": {`{"window":{},"state":null}`, stream.Event{Window: &stream.Window{}}},
		"early end of a window": {
			`{"window":{},"isWindowTerminatedEarly":true}`, stream.Event{Window: &stream.Window{TerminatedEarly: true}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			// What an event had before is gone.
			got := stream.Event{Records: []stream.Record{{PartitionKey: "old"}}, ShardID: "old", EventSourceARN: "old", Window: &stream.Window{}}
			if err := stream.Decode([]byte(test.payload), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(make([]byte, 3000))
	for name, test := range map[string]struct{ payload, want string }{
		"empty":                     {``, `byte 0 of the payload: want {, have ""`},
		"not an object":             {`[]`, `byte 0 of the payload: want {, have "[]"`},
		"ends":                      {`{"Records":[`, `byte 12 of the payload: want {, have ""`},
		"more":                      {`{} {}`, `byte 3 of the payload: want the end, have "{}"`},
		"comma at the end":          {`{"a":1,}`, `byte 7 of the payload: want ", have "}"`},
		"comma at an array's end":   {`{"a":[1,]}`, `byte 8 of the payload: want a JSON value`},
		"no comma":                  {`{"a":1 "b":2}`, `byte 7 of the payload: want }, have`},
		"no colon":                  {`{"a" 1}`, `byte 5 of the payload: want :, have "1}"`},
		"wrong bracket":             {`{"a":[1}`, `byte 7 of the payload: want ], have "}"`},
		"zero before a number":      {`{"a":01}`, `byte 6 of the payload: want }, have "1}"`},
		"no digit after a point":    {`{"a":1.}`, `byte 7 of the payload: want a JSON value`},
		"no exponent":               {`{"a":1e+}`, `byte 8 of the payload: want a JSON value`},
		"word":                      {`{"a":nil}`, `byte 5 of the payload: want true, false or null, have "nil}"`},
		"string without end":        {`{"a":"b`, `byte 6 of the payload: unexpected end of JSON input`},
		"escape without end":        {`{"a":"b\`, `byte 6 of the payload: `},
		"unknown escape":            {`{"a":"\a"}`, `byte 6 of the payload: invalid character 'a' in string escape code`},
		"line break in a string":    {"{\"a\":\"x\n\"}", `byte 6 of the payload: invalid character '\n' in string literal`},
		"records are no array":      {`{"Records":{}}`, `byte 11 of the payload: want [, have "{}}"`},
		"shard is a number":         {`{"shardId":6}`, `byte 11 of the payload: json: cannot unmarshal number`},
		"window without times":      {`{"window":{"start":"noon"}}`, `byte 10 of the payload: `},
		"too deep":                  {`{"a":` + strings.Repeat("[", 10000), `want at most 10000 levels`},
		"no sequence number":        {`{"Records":[` + `{"kinesis":{"sequenceNumber":"7"}},{"dynamodb":{}}]}`, `record 1: byte 47 of the payload: there is no sequence number`},
		"sequence number: a number": {`{"Records":[{"kinesis":{"sequenceNumber":7}}]}`, `record 0: byte 41 of the payload: want ", have "7}}]}"`},
		"time is text":              {records(`"approximateArrivalTimestamp":"1"`), `record 0: byte 75 of the payload: want seconds since 1970, have "\"1\""`},
		"time is too large":         {records(`"approximateArrivalTimestamp":1e999`), `have "1e999"`},
		"time is too far away":      {records(`"approximateArrivalTimestamp":253402300800`), `have "253402300800"`},
		"time before 1970":          {records(`"approximateArrivalTimestamp":-1`), `have "-1"`},
		"base64 without padding":    {records(`"data":"QQ"`), `record 0: byte 52 of the payload: want base64`},
		"character not of base64":   {records(`"data":"QQ-="`), `record 0: byte 52 of the payload: want base64`},
		"late in base64":            {records(`"data":"` + long[:3999] + `!"`), `record 0: byte 52 of the payload: want base64`},
		"line break in base64":      {records("\"data\":\"QUJD\nQUJD\""), `want base64`},
		"line breaks in base64":     {records("\"data\":\"QUJD\n\r\n\n\""), `want base64`},
		"line breaks in long":       {records("\"data\":\"" + long + "\n\n\n\n\""), `want base64`},
	} {
		t.Run(name, func(t *testing.T) {
			got := stream.Event{ShardID: "old"}
			err := stream.Decode([]byte(test.payload), &got)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "event of a Kinesis stream: ") {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if diff := cmp.Diff(stream.Event{}, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// As deep as it may be, next to other values.
func TestDecodeDepth(t *testing.T) {
	deep := strings.Repeat("[", 9999) + strings.Repeat("]", 9999)
	if err := stream.Decode([]byte(`{"a":`+deep+`,"b":`+deep+`}`), new(stream.Event)); err != nil {
		t.Error(err)
	}
}

func TestDecodeReusesMemory(t *testing.T) {
	allocations := func(records int) float64 {
		original := []byte(`{"Records":[` + strings.Repeat(`{"kinesis":{"sequenceNumber":"7","data":"QUJD"}},`, records-1) +
			`{"kinesis":{"sequenceNumber":"7","approximateArrivalTimestamp":1.5}}]}`)
		work := make([]byte, len(original))
		var event stream.Event
		return testing.AllocsPerRun(10, func() {
			copy(work, original)
			if err := stream.Decode(work, &event); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(1), allocations(1000); few != many {
		t.Errorf("%v allocations for a record, %v for 1000", few, many)
	}
}

// What is appended to a part of an event must not overwrite the next.
func TestDecodeLeavesNoRoom(t *testing.T) {
	var event stream.Event
	if err := stream.Decode([]byte(`{"window":{},"state":[],"Records":[{"kinesis":{"sequenceNumber":"7","data":"QUJD"}}]}`), &event); err != nil {
		t.Fatal(err)
	}
	if data := event.Records[0].Data; cap(data) != len(data) {
		t.Errorf("data of %d bytes has room for %d", len(data), cap(data))
	}
	if state := event.Window.State; cap(state) != len(state) {
		t.Errorf("state of %d bytes has room for %d", len(state), cap(state))
	}
}

func TestDecodeTimesInUTC(t *testing.T) {
	var event stream.Event
	if err := stream.Decode([]byte(records(`"approximateArrivalTimestamp":1`)), &event); err != nil {
		t.Fatal(err)
	}
	if location := event.Records[0].Arrival.Location(); location != time.UTC {
		t.Errorf("got %v", location)
	}
}
