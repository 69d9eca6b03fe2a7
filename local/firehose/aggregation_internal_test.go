package firehose

import (
	"crypto/md5"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

// aggregated is a record of a message.
func aggregated(message []byte) []byte {
	sum := md5.Sum(message)
	return append(append([]byte("\xf3\x89\x9a\xc2"), message...), sum[:]...)
}

// Whatever looks aggregated, no data is lost.
func TestSplit(t *testing.T) {
	var message []byte
	for _, data := range []string{"one", "two"} {
		record := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 0)
		record = protowire.AppendString(protowire.AppendTag(record, 3, protowire.BytesType), data)
		message = protowire.AppendBytes(protowire.AppendTag(message, 3, protowire.BytesType), record)
	}
	noRecords := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "key")
	wrong := aggregated(message)
	wrong[len(wrong)-1]++
	tests := []struct {
		name string
		data []byte
		want []string
	}{
		{"one record", []byte("text"), []string{"text"}},
		{"several", aggregated(message), []string{"one", "two"}},
		{"another sum", wrong, []string{string(wrong)}},
		{"no records", aggregated(noRecords), []string{string(aggregated(noRecords))}},
		{"no message", aggregated([]byte("\xff\xff")), []string{string(aggregated([]byte("\xff\xff")))}},
		{"the start alone", []byte("\xf3\x89\x9a\xc2"), []string{"\xf3\x89\x9a\xc2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, data := range split(tt.data) {
				got = append(got, string(data))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}
